//! Sections laid over sections, key by key; every value keeps its place.

use std::collections::{BTreeMap, BTreeSet};

use pgward_model::{Diagnostic, Origin, SourceFile};

use crate::parse::{Entry, Header, Part, Tree};

/// What is written for one environment: the merged sections of its files.
#[derive(Debug, Clone)]
pub struct Spec {
    pub(crate) path: String,
    pub(crate) files: Vec<SourceFile>,
    pub(crate) top: Part,
    pub(crate) parts: BTreeMap<Header, Part>,
    /// The values of the environment variables that the files name.
    pub(crate) variables: BTreeMap<String, Option<String>>,
    /// The sections that `[alarm] enabled = false` and its like dropped, with the place of that.
    pub(crate) dropped: BTreeMap<Header, Origin>,
    /// Whether a file could not be read to its end, so that what is missing may be there.
    pub(crate) broken: bool,
}

impl Spec {
    /// The path of the environment's own file.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The files that were read, the environment's own first.
    #[must_use]
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// The name of the environment; nothing for a base.
    #[must_use]
    pub fn environment(&self) -> Option<&str> {
        self.top
            .keys
            .get("environment")
            .and_then(|entry| entry.node.text())
    }

    /// The folder or bucket of `[state] store`, as far as it is written.
    #[must_use]
    pub fn store(&self) -> Option<&str> {
        let part = self.parts.get(&("state".to_owned(), None))?;
        part.keys.get("store").and_then(|entry| entry.node.text())
    }

    /// The paths of the SSM parameters that the files name, sorted; their values go into
    /// [`Options::ssm`](crate::Options::ssm) before the spec is resolved.
    #[must_use]
    pub fn ssm_paths(&self) -> Vec<String> {
        let keys = self
            .parts
            .values()
            .chain([&self.top])
            .flat_map(|part| part.keys.values());
        let paths = keys.filter_map(|entry| match &entry.node.tree {
            Tree::Table(table) => table.get("ssm").and_then(|path| path.node.text()),
            _ => None,
        });
        let unique: BTreeSet<String> = paths.map(ToOwned::to_owned).collect();
        unique.into_iter().collect()
    }
}

/// The names in `{ env = "NAME" }` of a part.
pub(crate) fn variable_names(part: &Part) -> impl Iterator<Item = &str> {
    part.keys
        .values()
        .filter_map(|entry| match &entry.node.tree {
            Tree::Table(table) => table.get("env").and_then(|name| name.node.text()),
            _ => None,
        })
}

/// Adds an included file's sections; a key that is there already is written twice.
pub(crate) fn include(
    parts: &mut BTreeMap<Header, Part>,
    included: BTreeMap<Header, Part>,
    found: &mut Vec<Diagnostic>,
) {
    for (header, part) in included {
        let Some(known) = parts.get_mut(&header) else {
            parts.insert(header, part);
            continue;
        };
        for (key, entry) in part.keys {
            if let Some(first) = known.keys.get(&key) {
                let title = title(&header);
                found.push(
                    Diagnostic::error("P108", format!("`{key}` is written twice in {title}"))
                        .at(&entry.key, "again here")
                        .also(&first.key, "first here")
                        .help("keep one of them; an included file adds and never overrides")
                        .about(format!("{}.{key}", title.trim_matches(['[', ']']))),
                );
            } else {
                known.keys.insert(key, entry);
            }
        }
    }
}

/// Lays an environment's sections over those of its base.
///
/// A section that is in both keeps the header of the environment. Returns the result, and the
/// sections that a switch such as `[alarm] enabled = false` dropped.
pub(crate) fn overlay(
    base: BTreeMap<Header, Part>,
    over: BTreeMap<Header, Part>,
) -> (BTreeMap<Header, Part>, BTreeMap<Header, Origin>) {
    let mut dropped = BTreeMap::new();
    let mut merged = BTreeMap::new();
    for (header, part) in base {
        match off_switch(&header, &over) {
            Some(origin) => {
                dropped.insert(header, origin.clone());
            }
            None => {
                merged.insert(header, part);
            }
        }
    }
    for (header, mut part) in over {
        if let Some(inherited) = merged.remove(&header) {
            for (key, entry) in inherited.keys {
                part.keys.entry(key).or_insert(entry);
            }
        }
        merged.insert(header, part);
    }
    (merged, dropped)
}

/// The place of `enabled = false` in `[alarm]`, for a section `[alarm.x]`.
fn off_switch<'a>(header: &Header, over: &'a BTreeMap<Header, Part>) -> Option<&'a Origin> {
    header.1.as_ref()?;
    let part = over.get(&(header.0.clone(), None))?;
    let entry = part.keys.get("enabled")?;
    is_off(entry).then_some(&entry.node.origin)
}

/// Whether the value is `false`.
pub(crate) fn is_off(entry: &Entry) -> bool {
    entry.node.tree == Tree::Bool(false)
}

/// `[alarm.cpu-high]`.
pub(crate) fn title(header: &Header) -> String {
    match &header.1 {
        Some(name) => format!("[{}.{name}]", header.0),
        None => format!("[{}]", header.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse;

    fn check(base: &str, over: &str, expected: &[&str]) {
        let (merged, _) = overlay(
            parse("base.toml", base).parts,
            parse("prod.toml", over).parts,
        );
        let found: Vec<String> = merged
            .iter()
            .flat_map(|(header, part)| {
                part.keys.iter().map(move |(key, entry)| {
                    let at = entry.node.origin.short();
                    format!("{} {key} = {} {at}", title(header), entry.node.raw)
                })
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn keys_merge_and_lists_replace() {
        check(
            "[monitoring]\nlogs = [\"postgresql\", \"upgrade\"]\nenhanced = \"30 s\"\n",
            "[monitoring]\nlogs = [\"upgrade\"]\n",
            &[
                "[monitoring] enhanced = \"30 s\" base.toml:3",
                "[monitoring] logs = [\"upgrade\"] prod.toml:2",
            ],
        );
    }

    #[test]
    fn a_switch_drops_what_is_inherited_and_keeps_what_is_written_beside_it() {
        check(
            "[alarm.cpu]\nabove = 1\n[access.app]\nfrom = \"sg\"\n",
            "[alarm]\nenabled = false\n[alarm.disk]\nbelow = 2\n",
            &[
                "[access.app] from = \"sg\" base.toml:4",
                "[alarm] enabled = false prod.toml:2",
                "[alarm.disk] below = 2 prod.toml:4",
            ],
        );
    }
}
