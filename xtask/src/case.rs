//! `case`: a new case folder with the inputs of the nearest one.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Problem, folders, shown};

/// The first line of a case that nobody has described yet; tidy refuses it.
pub(crate) const UNDESCRIBED: &str = "# Say in one sentence what is shown.";

/// What a case is given; everything else in its folder is written by the run that accepts it.
fn is_input(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.extension()
        .is_some_and(|extension| extension == "toml")
        || matches!(
            name.as_ref(),
            "outside.json" | "meanwhile.json" | "variables.txt" | "offline"
        )
}

/// Makes `tests/cases/FAMILY/NAME`; a name without a family is one of `check`.
///
/// # Errors
///
/// The folder exists, the family has no case to start from, or a file can't be written.
pub fn make(root: &Path, name: &str) -> Result<String, Problem> {
    let (family, name) = name
        .trim_matches('/')
        .rsplit_once('/')
        .unwrap_or(("check", name));
    let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.chars().all(sound) {
        return Err(Problem::new(format!(
            "`{name}`: lowercase letters, digits and hyphens"
        )));
    }
    let family = root.join("tests/cases").join(family);
    let folder = family.join(name);
    if folder.exists() {
        return Err(Problem::new(format!(
            "{} is there already",
            shown(root, &folder)
        )));
    }
    let nearest = nearest(&family, name).ok_or_else(|| {
        Problem::new(format!(
            "{} has no case to start from",
            shown(root, &family)
        ))
    })?;
    fs::create_dir_all(&folder).map_err(|error| Problem::at(&folder, &error))?;
    for file in crate::files(&nearest).iter().filter(|file| is_input(file)) {
        let mut text = fs::read_to_string(file).map_err(|error| Problem::at(file, &error))?;
        let copy = folder.join(file.strip_prefix(&nearest).expect("it is in the folder"));
        if copy.ends_with("spec.toml") {
            let rest = text.trim_start_matches(|c| c != '\n');
            text = format!("{UNDESCRIBED}{rest}");
        }
        let parent = copy.parent().expect("it is in the folder");
        fs::create_dir_all(parent).map_err(|error| Problem::at(parent, &error))?;
        fs::write(&copy, text).map_err(|error| Problem::at(&copy, &error))?;
    }
    Ok(format!(
        "made {} from {}\nnext  1. say in the first line of its spec.toml what is shown, and change it to that\n      \
         2. SNAPSHOTS=overwrite cargo test --workspace\n      3. read `git diff` line by line",
        shown(root, &folder),
        shown(root, &nearest),
    ))
}

/// The case whose name begins most like this one; the first of those.
fn nearest(family: &Path, name: &str) -> Option<PathBuf> {
    let alike = |folder: &PathBuf| {
        let other = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        other
            .chars()
            .zip(name.chars())
            .take_while(|(a, b)| a == b)
            .count()
    };
    let cases = folders(family)
        .into_iter()
        .filter(|folder| folder.join("spec.toml").is_file());
    cases.rev().max_by_key(alike)
}
