//! The chores of this repository: generated files, tidiness, new cases, measurements.
//!
//! Each verb of `cargo xtask` is a module; [`tidy`] is also run by a test.

pub mod bench;
pub mod case;
pub mod generate;
mod measure;
pub mod simulate;
pub mod tidy;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The root of the repository, as it was when this was built.
#[must_use]
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent()
        .expect("xtask is a folder of the repository")
        .to_owned()
}

/// What a chore ends with if it can't do its work: a sentence for the person who asked.
#[derive(Debug)]
pub struct Problem(String);

impl Problem {
    /// A problem in words.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    fn at(path: &Path, error: &io::Error) -> Self {
        Self(format!("{}: {error}", path.display()))
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

/// Folders that hold nothing of ours.
const FOREIGN: [&str; 5] = ["target", ".git", "__pycache__", ".venv", "node_modules"];

/// Every file below a folder, sorted; what is built or fetched is left out. A folder that does not
/// exist has none.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return found;
    };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && !path.is_symlink() {
            if !FOREIGN.contains(&name.as_ref()) {
                found.extend(files(&path));
            }
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The folders directly below a folder, sorted.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    found
}

/// A path below the root, with `/` on every system.
fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root)
        .unwrap_or(path)
        .display()
        .to_string()
        .replace('\\', "/")
}
