//! Which files make up an environment: its own, its base, and what they include.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use pgward_model::{Diagnostic, Diagnostics, Origin, SourceFile};
use sha2::{Digest, Sha256};

use crate::merge::{self, Spec};
use crate::parse::{self, Node, Parsed, Tree};
use crate::reader::{Loaded, Options, Reader, Sources};

/// Reads the file of an environment with its base and its includes, and merges them.
///
/// The path is shown in messages as it is given, so it should be relative to the working
/// directory. Variables that the files name are read here, too.
#[must_use]
pub fn load(path: &str, reader: &dyn Reader, _options: &Options) -> Loaded {
    let mut loading = Loading {
        reader,
        root: directory_of(path),
        sources: BTreeMap::new(),
        files: Vec::new(),
        found: Vec::new(),
    };
    let (mut own, base) = match loading.read(path) {
        Ok(own) => {
            let mut own = loading.with_includes(own, path);
            let base = loading.base(&mut own, path);
            (own, base)
        }
        Err(why) => {
            loading.found.push(
                Diagnostic::error("P116", format!("cannot read {path}: {why}"))
                    .help(way_to_read(path, &why, reader)),
            );
            (broken(path), None)
        }
    };
    own.top.keys.remove("extends");
    own.top.keys.remove("include");
    let mut broken = own.broken;
    let (parts, dropped) = match base {
        Some(base) => {
            broken |= base.broken;
            for (key, entry) in base.top.keys {
                own.top.keys.entry(key).or_insert(entry);
            }
            merge::overlay(base.parts, own.parts)
        }
        None => (own.parts, BTreeMap::new()),
    };
    let variables = parts
        .values()
        .chain([&own.top])
        .flat_map(merge::variable_names)
        .map(|name| {
            (
                name.to_owned(),
                reader.variable(name).filter(|value| !value.is_empty()),
            )
        })
        .collect();
    let mut diagnostics = Diagnostics::new();
    diagnostics.extend(loading.found);
    Loaded {
        spec: Spec {
            path: path.to_owned(),
            files: loading.files,
            top: own.top,
            parts,
            variables,
            dropped,
            broken,
        },
        sources: Sources(loading.sources),
        diagnostics: diagnostics.sorted(),
    }
}

/// A file of which nothing could be read.
fn broken(path: &str) -> Parsed {
    Parsed {
        broken: true,
        ..parse::parse(path, "")
    }
}

struct Loading<'a> {
    reader: &'a dyn Reader,
    /// The directory of the environment's file; nothing outside its parent is read.
    root: String,
    sources: BTreeMap<String, String>,
    files: Vec<SourceFile>,
    found: Vec<Diagnostic>,
}

impl Loading<'_> {
    fn read(&mut self, path: &str) -> Result<Parsed, String> {
        let text = self.reader.read(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
            std::io::ErrorKind::InvalidData => NOT_TEXT.to_owned(),
            std::io::ErrorKind::PermissionDenied => FORBIDDEN.to_owned(),
            std::io::ErrorKind::IsADirectory => FOLDER.to_owned(),
            _ => error.to_string(),
        })?;
        let mut sha256 = String::new();
        for byte in Sha256::digest(text.as_bytes()) {
            let written = write!(sha256, "{byte:02x}");
            written.expect("writing to a text does not fail");
        }
        self.files.push(SourceFile {
            path: path.to_owned(),
            sha256,
        });
        let mut parsed = parse::parse(path, &text);
        self.sources.insert(path.to_owned(), text);
        self.found.append(&mut parsed.diagnostics);
        Ok(parsed)
    }

    /// Adds what `include` names.
    fn with_includes(&mut self, mut parsed: Parsed, path: &str) -> Parsed {
        let Some(entry) = parsed.top.keys.get("include").cloned() else {
            return parsed;
        };
        let Tree::List(items) = &entry.node.tree else {
            self.found.push(
                Diagnostic::error(
                    "P103",
                    format!("`include` is a list of texts, not {}", entry.node.noun()),
                )
                .at(&entry.node.origin, entry.node.noun())
                .help("include = [\"prod-alarms.toml\"]"),
            );
            return parsed;
        };
        for item in items {
            let Some(target) = self.target(item, "include", path) else {
                parsed.broken = true;
                continue;
            };
            match self.read(&target) {
                Ok(included) => {
                    parsed.broken |= included.broken;
                    for (key, entry) in &included.top.keys {
                        self.found.push(
                            Diagnostic::error(
                                "P101",
                                format!("an included file holds sections only, not `{key}`"),
                            )
                            .at(&entry.key, "a key above the first section")
                            .also(&item.origin, "included here")
                            .help(format!("move `{key}` to {path}, or into its section")),
                        );
                    }
                    merge::include(&mut parsed.parts, included.parts, &mut self.found);
                }
                Err(why) => {
                    parsed.broken = true;
                    self.found.push(unreadable(&target, &why, &item.origin));
                }
            }
        }
        parsed
    }

    /// Reads the base, if one is named.
    fn base(&mut self, own: &mut Parsed, path: &str) -> Option<Parsed> {
        let entry = own.top.keys.get("extends")?.clone();
        if entry.node.text().is_none() {
            self.found.push(
                Diagnostic::error(
                    "P103",
                    format!("`extends` is text, not {}", entry.node.noun()),
                )
                .at(&entry.node.origin, entry.node.noun())
                .help("extends = \"base.toml\""),
            );
            own.broken = true;
            return None;
        }
        let Some(target) = self.target(&entry.node, "extends", path) else {
            own.broken = true;
            return None;
        };
        let base = match self.read(&target) {
            Ok(base) => base,
            Err(why) => {
                own.broken = true;
                self.found
                    .push(unreadable(&target, &why, &entry.node.origin));
                return None;
            }
        };
        if let Some(again) = base.top.keys.get("extends") {
            own.broken = true;
            self.found.push(
                Diagnostic::error("P116", "a base may not extend another base")
                    .at(&again.node.origin, "one level is all there is")
                    .also(&entry.node.origin, "this file is extended here")
                    .help("move what both need into one base, or use `include` for parts of it"),
            );
        }
        if let Some(environment) = base.top.keys.get("environment") {
            self.found.push(
                Diagnostic::error(
                    "P116",
                    format!("{target} is an environment; only a base can be extended"),
                )
                .at(&entry.node.origin, "extended here")
                .also(&environment.key, "this makes it an environment")
                .help("move what both share into base.toml and extend that"),
            );
        }
        let mut base = self.with_includes(base, &target);
        for key in ["extends", "include", "environment"] {
            base.top.keys.remove(key);
        }
        Some(base)
    }

    /// The path of a file that another one names, if it may be read.
    fn target(&mut self, node: &Node, key: &str, from: &str) -> Option<String> {
        let Some(name) = node.text() else {
            self.found.push(
                Diagnostic::error("P103", format!("`{key}` is a list of texts"))
                    .at(&node.origin, node.noun()),
            );
            return None;
        };
        let Some(target) = join(&self.root, &directory_of(from), name) else {
            self.found.push(
                Diagnostic::error("P116", format!("`{key}` leaves the project directory"))
                    .at(&node.origin, "outside of it")
                    .help("keep the files of a project together, beside this one or below it")
                    .note("a spec is read with the rights of whoever plans it"),
            );
            return None;
        };
        if self.sources.contains_key(&target) {
            let message = if target == from {
                format!("{target} reads itself")
            } else {
                format!("{target} is read twice")
            };
            self.found.push(
                Diagnostic::error("P116", message)
                    .at(&node.origin, "read already")
                    .help("remove it from this line"),
            );
            return None;
        }
        Some(target)
    }
}

fn unreadable(path: &str, why: &str, origin: &Origin) -> Diagnostic {
    Diagnostic::error("P116", format!("cannot read {path}: {why}"))
        .at(origin, "named here")
        .help("paths are relative to the file that names them")
}

const NOT_TEXT: &str = "it is not UTF-8 text";
const FORBIDDEN: &str = "this user may not read it";
const FOLDER: &str = "it is a folder";

/// What to do about an environment's file that can't be read.
fn way_to_read(path: &str, why: &str, reader: &dyn Reader) -> String {
    let beside = format!("specs/{path}");
    match why {
        NOT_TEXT => "save it as UTF-8".to_owned(),
        FORBIDDEN => format!("chmod +r {path}"),
        FOLDER => "give it a name that does not end in .toml".to_owned(),
        _ if !path.contains('/') && reader.read(&beside).is_ok() => {
            format!("did you mean {beside}?")
        }
        _ => "pgward check without a name lists the environments of the directory".to_owned(),
    }
}

fn directory_of(path: &str) -> String {
    path.rsplit_once('/')
        .map_or_else(String::new, |(directory, _)| directory.to_owned())
}

/// The path of `name` as written in a file of `directory`, if it stays within the parent of
/// `root`, the directory of the environment's file.
fn join(root: &str, directory: &str, name: &str) -> Option<String> {
    if name.is_empty() || name.starts_with(['/', '\\']) || name.contains(['\\', '\0', ':']) {
        return None;
    }
    // The way from the root, of which at most one step may lead upward.
    let parent = directory_of(root);
    let (mut up, inner) = match below(directory, root) {
        Some(inner) => (0, inner),
        None => (1, below(directory, &parent)?),
    };
    let mut way: Vec<&str> = inner.split('/').filter(|part| !part.is_empty()).collect();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." if way.pop().is_none() => up += 1,
            ".." => {}
            part => way.push(part),
        }
    }
    let start = match up {
        0 => root.to_owned(),
        1 if root.is_empty() || root == "." => "..".to_owned(),
        1 => parent,
        _ => return None,
    };
    let way = way.join("/");
    Some(if start.is_empty() {
        way
    } else {
        format!("{start}/{way}")
    })
}

/// What is left of a directory below another one.
fn below<'a>(directory: &'a str, root: &str) -> Option<&'a str> {
    let rest = directory.strip_prefix(root)?;
    (root.is_empty() || rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_within_the_project() {
        assert_eq!(
            join("specs", "specs", "base.toml").as_deref(),
            Some("specs/base.toml")
        );
        assert_eq!(
            join("specs", "specs", "./parts/a.toml").as_deref(),
            Some("specs/parts/a.toml")
        );
        assert_eq!(
            join("specs", "specs", "../shared/a.toml").as_deref(),
            Some("shared/a.toml")
        );
        assert_eq!(
            join("specs", "specs/parts", "../base.toml").as_deref(),
            Some("specs/base.toml")
        );
        assert_eq!(join("", "", "base.toml").as_deref(), Some("base.toml"));
        assert_eq!(join("", "", "../a.toml").as_deref(), Some("../a.toml"));
        assert_eq!(
            join("/w/specs", "/w/specs", "../a.toml").as_deref(),
            Some("/w/a.toml")
        );
        assert_eq!(join("specs", "specs", "../../etc/passwd"), None);
        assert_eq!(join("specs", "specs", "/etc/passwd"), None);
        assert_eq!(join("specs", "shared", "../../a.toml"), None);
        assert_eq!(
            join("specs", "specs2", "a.toml").as_deref(),
            Some("specs2/a.toml")
        );
    }
}
