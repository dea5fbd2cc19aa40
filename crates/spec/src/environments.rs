//! The environments of a directory: files with `environment`, and the bases apart.

use std::io;

use crate::parse;
use crate::reader::Reader;

/// The file of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundEnvironment {
    /// Path of the file: the directory and its name.
    pub path: String,
    /// The bare name that stands for it on the command line: `prod` of `prod.toml`.
    pub bare: String,
    /// `environment` as written.
    pub name: String,
}

/// What a directory holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Files with `environment`, sorted by path.
    pub environments: Vec<FoundEnvironment>,
    /// Files without, sorted: bases, and parts that are included.
    pub bases: Vec<String>,
}

/// Finds the environments of a directory; a file with a syntax error counts if `environment`
/// stands in one of its lines, so that it is not passed over.
///
/// # Errors
///
/// If the directory or one of its files can't be read.
pub fn environments(directory: &str, reader: &dyn Reader) -> io::Result<Found> {
    let mut names = reader.files(directory)?;
    names.retain(|name| name.ends_with(".toml") && !name.starts_with('.'));
    names.sort();
    let mut found = Found::default();
    for name in names {
        let path = if directory.is_empty() || directory == "." {
            name.clone()
        } else {
            format!("{}/{name}", directory.trim_end_matches('/'))
        };
        // What can't be read may be an environment: reading it later says why it can't be.
        let environment = match reader.read(&path) {
            Ok(text) => environment_of(&path, &text),
            Err(_) => Some(String::new()),
        };
        match environment {
            Some(environment) => found.environments.push(FoundEnvironment {
                bare: name.trim_end_matches(".toml").to_owned(),
                path,
                name: environment,
            }),
            None => found.bases.push(path),
        }
    }
    Ok(found)
}

fn environment_of(path: &str, text: &str) -> Option<String> {
    let parsed = parse::parse(path, text);
    if let Some(entry) = parsed.top.keys.get("environment") {
        return Some(entry.node.text().unwrap_or_default().to_owned());
    }
    if !parsed.broken {
        return None;
    }
    let line = text
        .lines()
        .map(str::trim)
        .find_map(|line| line.strip_prefix("environment"))?;
    let value = line.trim_start().strip_prefix('=')?;
    Some(value.trim().trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryReader;

    #[test]
    fn bases_are_told_apart_and_broken_files_are_not_passed_over() {
        let files = [
            ("specs/base.toml", "language = 1\n"),
            (
                "specs/prod.toml",
                "extends = \"base.toml\"\nenvironment = \"prod\"\n",
            ),
            ("specs/dev.toml", "environment = \"dev\"\nx = y\n"),
            ("specs/notes.txt", ""),
        ];
        let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
        let reader = MemoryReader {
            files: files.into(),
            ..MemoryReader::default()
        };
        let found = environments("specs", &reader).unwrap();
        let names: Vec<&str> = found.environments.iter().map(|e| e.name.as_str()).collect();
        assert_eq!(
            (names, found.bases),
            (vec!["dev", "prod"], vec!["specs/base.toml".to_owned()])
        );
    }
}
