//! Which files: the spec directory, the environment's file, and the door through which `spec`
//! reads.

use std::io;
use std::path::{Path, PathBuf};

use pgward_spec::{MemoryReader, Reader};

use crate::failure::Failure;

/// Reads from the file system and the process's environment.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Disk;

impl Reader for Disk {
    fn read(&self, path: &str) -> io::Result<String> {
        std::fs::read_to_string(path)
    }

    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn files(&self, directory: &str) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(directory)? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }
}

/// Texts that are about to be written, or came through stdin, over what is on the disk.
#[derive(Debug, Default)]
pub(crate) struct Ahead(pub(crate) MemoryReader);

impl Reader for Ahead {
    fn read(&self, path: &str) -> io::Result<String> {
        self.0.read(path).or_else(|_| Disk.read(path))
    }

    fn variable(&self, name: &str) -> Option<String> {
        Disk.variable(name)
    }

    fn files(&self, directory: &str) -> io::Result<Vec<String>> {
        Disk.files(directory)
    }
}

/// The spec directory: the given one, else `specs/` here or in a parent, up to the directory
/// that holds `.git`.
pub(crate) fn spec_directory(given: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(given) = given {
        return if given.is_dir() {
            Ok(given.to_owned())
        } else {
            Err(
                Failure::refused(format!("there is no directory {}", given.display()))
                    .next("pass --dir DIR, or leave it out to use specs/ here"),
            )
        };
    }
    let here = std::env::current_dir()
        .map_err(|error| Failure::failed(format!("the working directory is gone: {error}")))?;
    let mut up = PathBuf::new();
    for folder in here.ancestors() {
        let candidate = folder.join("specs");
        if candidate.is_dir() {
            return Ok(if up.as_os_str().is_empty() {
                PathBuf::from("specs")
            } else {
                up.join("specs")
            });
        }
        if folder.join(".git").exists() {
            break;
        }
        up.push("..");
    }
    Err(
        Failure::refused("there is no specs/ directory here or in a parent".to_owned())
            .next(
                "pgward init    begins a project here; elsewhere start in your project, or pass --dir DIR \
                 or the path of a spec file",
            ),
    )
}

/// The TOML files directly in a folder, sorted.
pub(crate) fn toml_files(folder: &Path) -> Result<Vec<String>, Failure> {
    let shown = folder.display();
    let entries = std::fs::read_dir(folder)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| Failure::refused(format!("cannot list {shown}/: {error}")))?;
    let mut paths: Vec<String> = entries
        .into_iter()
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
        .map(|entry| entry.path())
        .filter(|path| path.is_file() && path.extension().is_some_and(|end| end == "toml"))
        .map(|path| path.display().to_string())
        .collect();
    paths.sort();
    Ok(paths)
}

/// The file of an environment: a path as it is, a name as `NAME.toml` in the spec directory;
/// without either the only environment there is.
pub(crate) fn spec_file(given: Option<&str>, directory: Option<&Path>) -> Result<String, Failure> {
    if let Some(given) = given
        && (given.ends_with(".toml") || given.contains('/') || given.contains('\\'))
    {
        return Ok(given.to_owned());
    }
    // A plan that is not there must not be answered with the environment that it is of.
    if let Some(plan) = given.filter(|given| given.ends_with(".plan")) {
        let of = plan.trim_end_matches(".plan");
        return Err(Failure::refused(format!("there is no file {plan}"))
            .next(format!("pgward plan {of} --out {plan}")));
    }
    let directory = spec_directory(directory)?;
    let shown = directory.display().to_string();
    let names = environment_names(&directory)?;
    match given {
        Some(name) => {
            let path = directory.join(format!("{name}.toml"));
            if path.is_file() {
                return Ok(path.display().to_string());
            }
            let near = nearest(name, &names);
            Err(
                Failure::refused(format!("there is no environment `{name}` in {shown}/")).next(
                    match near {
                        Some(near) => {
                            format!("did you mean `{near}`? There are: {}", names.join(", "))
                        }
                        None => format!("there are: {}", names.join(", ")),
                    },
                ),
            )
        }
        None => match names.as_slice() {
            [] => Err(Failure::refused(format!("{shown}/ holds no environment"))
                .next("an environment is a file with `environment = \"…\"` at its top")),
            [only] => Ok(directory.join(format!("{only}.toml")).display().to_string()),
            several => Err(Failure::refused(format!(
                "{shown}/ holds {} environments: {}",
                several.len(),
                several.join(", ")
            ))
            .next("name one of them; pgward never guesses an environment")),
        },
    }
}

/// The files of all environments of the spec directory.
pub(crate) fn all_files(directory: Option<&Path>) -> Result<Vec<String>, Failure> {
    let directory = spec_directory(directory)?;
    let names = environment_names(&directory)?;
    if names.is_empty() {
        return Err(
            Failure::refused(format!("{}/ holds no environment", directory.display()))
                .next("an environment is a file with `environment = \"…\"` at its top"),
        );
    }
    Ok(names
        .iter()
        .map(|name| directory.join(format!("{name}.toml")).display().to_string())
        .collect())
}

/// The names of the environment files of a directory, in order.
fn environment_names(directory: &Path) -> Result<Vec<String>, Failure> {
    let shown = directory.display().to_string();
    let found = pgward_spec::environments(&shown, &Disk)
        .map_err(|error| Failure::refused(format!("cannot list {shown}/: {error}")))?;
    Ok(found
        .environments
        .iter()
        .map(|one| stem(&one.path))
        .collect())
}

fn stem(path: &str) -> String {
    Path::new(path)
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// The name that shares most with what was typed.
fn nearest<'a>(name: &str, names: &'a [String]) -> Option<&'a str> {
    names
        .iter()
        .filter(|candidate| {
            candidate.starts_with(name)
                || name.starts_with(candidate.as_str())
                || name
                    .chars()
                    .zip(candidate.chars())
                    .filter(|(a, b)| a == b)
                    .count()
                    * 2
                    > name.len()
        })
        .map(String::as_str)
        .next()
}

/// The store's folder: `[state] store`, beside the spec directory if it is relative.
pub(crate) fn store_folder(spec_file: &str, store: &str) -> PathBuf {
    let store = Path::new(store);
    if store.is_absolute() {
        return store.to_owned();
    }
    let specs = Path::new(spec_file).parent().unwrap_or(Path::new("."));
    match specs.parent() {
        Some(project) if specs.file_name().is_some_and(|name| name != "..") => project.join(store),
        _ => specs.join("..").join(store),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_lies_beside_the_spec_directory() {
        assert_eq!(store_folder("specs/dev.toml", "state"), Path::new("state"));
        assert_eq!(
            store_folder("a/specs/dev.toml", "state"),
            Path::new("a/state")
        );
        assert_eq!(
            store_folder("../specs/dev.toml", "state"),
            Path::new("../state")
        );
    }
}
