//! The only door to files and variables, and what comes back through it.

use std::collections::BTreeMap;
use std::io;

use pgward_model::{Diagnostics, Origin};

use crate::merge::Spec;

/// Reads files and environment variables for this crate, which touches neither itself.
pub trait Reader {
    /// The text of a file.
    ///
    /// # Errors
    ///
    /// If the file can't be read or is not UTF-8.
    fn read(&self, path: &str) -> io::Result<String>;

    /// The value of an environment variable; nothing if it is not set.
    fn variable(&self, name: &str) -> Option<String>;

    /// The names of the files in a directory, without the directory.
    ///
    /// # Errors
    ///
    /// If the directory can't be listed.
    fn files(&self, directory: &str) -> io::Result<Vec<String>>;
}

/// Files and variables that are held in memory, for tests and for text from stdin.
#[derive(Debug, Clone, Default)]
pub struct MemoryReader {
    /// Texts by path.
    pub files: BTreeMap<String, String>,
    /// Values by the name of the variable.
    pub variables: BTreeMap<String, String>,
}

impl Reader for MemoryReader {
    fn read(&self, path: &str) -> io::Result<String> {
        self.files
            .get(path)
            .cloned()
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn files(&self, directory: &str) -> io::Result<Vec<String>> {
        let prefix = if directory.is_empty() || directory == "." {
            String::new()
        } else {
            format!("{}/", directory.trim_end_matches('/'))
        };
        let names = self
            .files
            .keys()
            .filter_map(|path| path.strip_prefix(&prefix));
        Ok(names
            .filter(|name| !name.contains('/'))
            .map(ToOwned::to_owned)
            .collect())
    }
}

/// The texts that were read, by the path as shown, so that diagnostics can show their lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources(pub BTreeMap<String, String>);

impl Sources {
    /// The text of a file that was read.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// The line a place is in, without its end.
    #[must_use]
    pub fn line(&self, origin: &Origin) -> Option<&str> {
        let index = usize::try_from(origin.line).ok()?.checked_sub(1)?;
        self.text(&origin.file)?.lines().nth(index)
    }
}

/// What was read of one environment: its merged sections, the texts, and what is wrong so far.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The merged sections; hand them to [`resolve`](crate::resolve), also after errors.
    pub spec: Spec,
    /// The texts that were read.
    pub sources: Sources,
    /// What is wrong with the files as such: syntax, duplicates, files that can't be read.
    pub diagnostics: Diagnostics,
}

/// What a run knows beside the files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Unset environment variables are accepted.
    pub offline: bool,
    /// The day of the run as `2026-01-05`, for waivers.
    pub today: String,
    /// Values of SSM parameters by their path, as far as they were fetched
    /// (see [`Spec::ssm_paths`]); a missing one stays `ssm:PATH`.
    pub ssm: BTreeMap<String, String>,
}

impl Options {
    /// The usual options on a day such as `2026-01-05`.
    #[must_use]
    pub fn on(today: impl Into<String>) -> Self {
        Self {
            today: today.into(),
            ..Self::default()
        }
    }
}
