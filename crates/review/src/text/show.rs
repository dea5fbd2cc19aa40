//! `show` as text: the resolved spec in TOML, with the place of every value.

use std::collections::BTreeMap;

use pgward_model::{Catalog, Desired, Form, Kind, Origin, Resource, Value};

use super::layout::{Ink, Page, Style, columns};

/// A section of the resolved spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownSection {
    /// Its header: `storage`, `replica.reporting`; empty for the top level.
    pub header: String,
    /// Its keys.
    pub entries: Vec<ShownEntry>,
}

/// A value of the resolved spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownEntry {
    /// The key, quoted if TOML asks for that.
    pub key: String,
    /// The value as TOML.
    pub value: String,
    /// Where it is written, or why it holds.
    pub origin: String,
}

/// The sections of a resolved spec, in the order of the catalog.
#[must_use]
pub fn shown(desired: &Desired, catalog: &Catalog) -> Vec<ShownSection> {
    let mut found: BTreeMap<String, Vec<ShownEntry>> = BTreeMap::new();
    for resource in desired.resources.values() {
        let Some(kind) = catalog.find_kind(&resource.kind) else {
            continue;
        };
        entries(kind, resource, &mut found);
    }
    let mut sections = vec![top(desired)];
    for section in catalog.sections {
        let prefix = format!("{}.", section.name);
        let headers: Vec<String> = found
            .keys()
            .filter(|header| *header == section.name || header.starts_with(&prefix))
            .cloned()
            .collect();
        for header in headers {
            let entries = found.remove(&header).unwrap_or_default();
            sections.push(ShownSection { header, entries });
        }
    }
    sections.extend(
        found
            .into_iter()
            .map(|(header, entries)| ShownSection { header, entries }),
    );
    sections.retain(|section| !section.entries.is_empty());
    sections
}

/// The sections as text.
#[must_use]
pub fn show(sections: &[ShownSection], style: Style) -> String {
    let mut page = Page::new(style);
    for section in sections {
        page.blank();
        if !section.header.is_empty() {
            let line = page.start().ink(Ink::Bold, format!("[{}]", section.header));
            page.push(line);
        }
        let width = |text: &dyn Fn(&ShownEntry) -> &str| {
            section
                .entries
                .iter()
                .map(|entry| columns(text(entry)))
                .max()
                .unwrap_or(0)
        };
        let key = width(&|entry| &entry.key);
        let value = key + 3 + width(&|entry| &entry.value).min(40) + 2;
        for entry in &section.entries {
            let line = page
                .start()
                .text(&entry.key)
                .to(key, 0)
                .text(" = ")
                .text(&entry.value);
            let note = format!("# {}", entry.origin);
            page.push(if entry.origin.is_empty() {
                line
            } else {
                line.to(value, 2).ink(Ink::Dim, note)
            });
        }
    }
    page.finish()
}

fn top(desired: &Desired) -> ShownSection {
    let entry = |key: &str, value: &str| ShownEntry {
        key: key.to_owned(),
        value: quoted(value),
        origin: desired
            .origins
            .get(key)
            .map(Origin::short)
            .unwrap_or_default(),
    };
    let environment = &desired.environment;
    ShownSection {
        header: String::new(),
        entries: vec![
            entry("environment", &environment.name),
            entry("account", &environment.account),
        ],
    }
}

fn entries(kind: &Kind, resource: &Resource, found: &mut BTreeMap<String, Vec<ShownEntry>>) {
    for attribute in kind.attributes {
        let Some(value) = resource.attributes.get(attribute.path) else {
            continue;
        };
        match value.as_map().filter(|_| attribute.is_keyed()) {
            Some(map) => {
                for (key, value) in map {
                    let path = resource.path_of(attribute.path, Some(key));
                    // The section is cut off and not the last word, as `rds.force_ssl` is a key.
                    let header = attribute.path.trim_end_matches(".*");
                    let name = path.as_str().strip_prefix(header).unwrap_or(path.as_str());
                    let name = name.trim_start_matches('.');
                    let shown = attribute.show.map(|show| printed(&show(key, value)));
                    let toml = shown.unwrap_or_else(|| toml(attribute.form, value));
                    let origin = resource.origins.get(&format!("{}/{key}", attribute.path));
                    add(found, header, name, toml, origin);
                }
            }
            None if attribute.written => {
                let path = resource.path_of(attribute.path, None);
                let (section, _) = attribute.section_and_key();
                let header = if section == "*" {
                    resource.address.as_str()
                } else {
                    section
                };
                let name = path
                    .as_str()
                    .strip_prefix(header)
                    .map_or(path.as_str(), |rest| rest.trim_start_matches('.'));
                let shown = attribute.show.map(|show| printed(&show("", value)));
                let toml = shown.unwrap_or_else(|| toml(attribute.form, value));
                add(
                    found,
                    header,
                    name,
                    toml,
                    resource.origins.get(attribute.path),
                );
            }
            None => {}
        }
    }
}

/// Adds an entry unless another resource has added the same key, as all have the same tags.
fn add(
    found: &mut BTreeMap<String, Vec<ShownEntry>>,
    header: &str,
    name: &str,
    value: String,
    origin: Option<&Origin>,
) {
    let entries = found.entry(header.to_owned()).or_default();
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let key = if name.chars().all(bare) {
        name.to_owned()
    } else {
        quoted(name)
    };
    if entries.iter().all(|entry| entry.key != key) {
        let origin = origin.map_or_else(|| "default".to_owned(), Origin::short);
        entries.push(ShownEntry { key, value, origin });
    }
}

/// A value as TOML: quantities and texts in quotes, numbers and truth values bare.
fn toml(form: Form, value: &Value) -> String {
    match (form, value) {
        (_, Value::Bool(truth)) => truth.to_string(),
        (Form::Int | Form::Number | Form::Text, Value::Int(number)) => number.to_string(),
        (_, Value::Float(number)) => number.to_string(),
        (_, Value::List(list)) => {
            let items: Vec<String> = list.iter().map(|item| toml(Form::Text, item)).collect();
            format!("[{}]", items.join(", "))
        }
        (_, Value::Map(map)) => {
            let items: Vec<String> = map
                .iter()
                .map(|(key, item)| format!("{key} = {}", toml(Form::Text, item)))
                .collect();
            format!("{{ {} }}", items.join(", "))
        }
        (form, value) => quoted(&form.print(value)),
    }
}

/// What a table's own printer gives as TOML: texts in quotes unless they have them, numbers bare.
fn printed(text: &str) -> String {
    let has_quotes = text.len() > 1 && text.starts_with('"') && text.ends_with('"');
    if has_quotes || text.parse::<f64>().is_ok() {
        text.to_owned()
    } else {
        quoted(text)
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
