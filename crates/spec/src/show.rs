//! The resolved file with the place of every value, as `show` prints it.

use pgward_model::{Address, Catalog, Desired, Value};

use crate::hints;
use crate::language;
use crate::merge::{self, Spec};
use crate::parse::{Entry, Header, Part};
use crate::values;

/// A section of the resolved file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownSection {
    /// The header without brackets; empty for the keys above the first section.
    pub name: String,
    /// Its keys in the order of the language.
    pub entries: Vec<ShownEntry>,
}

/// A key, its value as TOML, and where the value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownEntry {
    /// The key, with quotes if it needs them.
    pub key: String,
    /// The value as it could be written: `"100 GiB"`.
    pub value: String,
    /// `specs/prod.toml:30`, `default: PROJECT-ENVIRONMENT-db`, `fixed by gp3 below 400 GiB`.
    pub origin: String,
}

/// The resolved file: every section that is in force, in canonical order, with what follows from
/// it where a name or a default is not written.
#[must_use]
pub fn show(spec: &Spec, desired: Option<&Desired>, catalog: &Catalog) -> Vec<ShownSection> {
    let mut shown = Vec::new();
    for section in catalog.sections {
        let parts: Vec<(Header, &Part)> = if section.name.is_empty() {
            vec![((String::new(), None), &spec.top)]
        } else {
            let parts = spec
                .parts
                .iter()
                .filter(|(header, _)| header.0 == section.name);
            parts.map(|(header, part)| (header.clone(), part)).collect()
        };
        for (header, part) in parts {
            if part.keys.get("enabled").is_some_and(merge::is_off) {
                continue;
            }
            let keys = language::keys(catalog, section);
            let rank = |entry: &(&String, &Entry)| {
                let position = keys.iter().position(|key| key.name == entry.0);
                (position.unwrap_or(usize::MAX), entry.1.key.clone())
            };
            let mut written: Vec<(&String, &Entry)> = part
                .keys
                .iter()
                .filter(|(key, _)| section.free_keys || keys.iter().any(|known| known.name == *key))
                .filter(|(_, entry)| !(section.free_keys && entry.node.text() == Some("default")))
                .collect();
            written.sort_by_key(rank);
            let mut entries: Vec<ShownEntry> = written
                .into_iter()
                .map(|(key, entry)| written_entry(section.name, &header, key, entry, desired))
                .collect();
            entries.extend(inferred(section.name, &header, part, desired, catalog));
            let name = merge::title(&header);
            let name = name.trim_matches(['[', ']']).to_owned();
            if !entries.is_empty() {
                shown.push(ShownSection { name, entries });
            }
        }
    }
    shown
}

/// A written key: what came from outside is shown as found, placeholders are filled, and what
/// looks like a password is hidden.
fn written_entry(
    section: &str,
    header: &Header,
    key: &str,
    entry: &Entry,
    desired: Option<&Desired>,
) -> ShownEntry {
    let mut shown = ShownEntry {
        key: quoted_key(key),
        value: one_line(&entry.node.raw),
        origin: entry.node.origin.short(),
    };
    if (section != "parameters" && hints::is_password_key(key))
        || hints::holds_password(&entry.node.raw)
    {
        "\"********\"".clone_into(&mut shown.value);
        return shown;
    }
    let Some(desired) = desired else { return shown };
    let title = merge::title(header);
    let path = if section.is_empty() {
        key.to_owned()
    } else {
        format!("{}.{key}", title.trim_matches(['[', ']']))
    };
    if let Some(input) = desired
        .inputs
        .iter()
        .find(|input| input.path.as_str() == path)
    {
        shown.origin = format!("{}, {}", shown.origin, input.source);
        if let Some(value) = &input.value {
            shown.value = format!("\"{value}\"");
        }
    } else if section != "parameters" && entry.node.text().is_some() {
        let filled = values::fill(&shown.value, &desired.environment);
        shown.value = filled.unwrap_or(shown.value);
    }
    shown
}

/// Bare, if TOML allows that.
fn quoted_key(key: &str) -> String {
    let bare = !key.is_empty()
        && key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if bare {
        key.to_owned()
    } else {
        format!("\"{key}\"")
    }
}

/// A value over several lines as one line.
fn one_line(raw: &str) -> String {
    if !raw.contains('\n') {
        return raw.to_owned();
    }
    let lines = raw
        .lines()
        .map(|line| line.split(" #").next().unwrap_or_default().trim());
    let joined = lines
        .filter(|line| !line.starts_with('#'))
        .collect::<Vec<_>>()
        .join(" ");
    joined
        .replace("[ ", "[")
        .replace(", ]", "]")
        .replace(" ]", "]")
}

/// Names and defaults that follow from what is written.
fn inferred(
    section: &str,
    header: &Header,
    part: &Part,
    desired: Option<&Desired>,
    catalog: &Catalog,
) -> Vec<ShownEntry> {
    let Some(desired) = desired else {
        return Vec::new();
    };
    let own = match &header.1 {
        Some(name) => format!("{}.{name}", header.0),
        None => header.0.clone(),
    };
    let mut found = names(section, &own, desired);
    let text = |address: &str, path: &str| {
        let resource = desired.resources.get(&Address::new(address));
        resource
            .and_then(|resource| resource.attributes.text(path))
            .map(ToOwned::to_owned)
    };
    if section == "postgres" {
        found.push(entry("port", "5432".to_owned(), "default"));
        if let Some(family) = text("parameters", "postgres.parameter_family") {
            found.push(entry(
                "parameter_family",
                format!("\"{family}\""),
                "from `version`",
            ));
        }
    }
    let instance = desired.resources.get(&Address::new("instance"));
    let size = instance.and_then(|instance| instance.attributes.int("storage.size"));
    let is_gp3 = text("instance", "storage.type").as_deref() == Some("gp3");
    if section == "storage" && is_gp3 && size.is_some_and(|size| size < 400) {
        let why = "fixed by gp3 below 400 GiB";
        found.push(entry("iops", "3000".to_owned(), why));
        found.push(entry("throughput", "\"125 MiB/s\"".to_owned(), why));
    }
    found.retain(|shown| !part.keys.contains_key(&shown.key));
    if matches!(section, "proxy" | "alarm") {
        found.extend(defaults_of(section, &own, part, desired, catalog));
    }
    found
}

fn entry(key: &str, value: String, origin: &str) -> ShownEntry {
    ShownEntry {
        key: key.to_owned(),
        value,
        origin: origin.to_owned(),
    }
}

/// The names of the resources that a section makes.
fn names(section: &str, own: &str, desired: &Desired) -> Vec<ShownEntry> {
    const NAMES: [(&str, &str, &str, &str); 7] = [
        (
            "network",
            "subnet_group",
            "network",
            "PROJECT-ENVIRONMENT-db",
        ),
        (
            "network",
            "security_group",
            "access",
            "PROJECT-ENVIRONMENT-db",
        ),
        (
            "postgres",
            "parameter_group",
            "parameters",
            "PROJECT-ENVIRONMENT-pgMAJOR",
        ),
        ("instance", "name", "instance", "PROJECT-ENVIRONMENT"),
        ("proxy", "name", "proxy", "PROJECT-ENVIRONMENT-proxy"),
        ("replica", "name", "", "PROJECT-ENVIRONMENT-NAME"),
        ("alarm", "name", "", "PROJECT-ENVIRONMENT-NAME"),
    ];
    let here = NAMES.iter().filter(|(place, ..)| *place == section);
    here.filter_map(|(_, key, address, rule)| {
        let address = if address.is_empty() { own } else { address };
        let resource = desired.resources.get(&Address::new(address))?;
        Some(entry(
            key,
            format!("\"{}\"", resource.name),
            &format!("default: {rule}"),
        ))
    })
    .collect()
}

/// Values that the resource has although they are not written.
fn defaults_of(
    section: &str,
    address: &str,
    part: &Part,
    desired: &Desired,
    catalog: &Catalog,
) -> Vec<ShownEntry> {
    let Some(resource) = desired.resources.get(&Address::new(address)) else {
        return Vec::new();
    };
    let Some(kind) = catalog.find_kind(section) else {
        return Vec::new();
    };
    let own = kind.attributes.iter().filter(|attribute| attribute.written);
    let missing = own.filter(|attribute| {
        let (_, key) = attribute.section_and_key();
        !part.keys.contains_key(key)
            && !attribute.default.is_empty()
            && !matches!(key, "on" | "notify" | "name")
    });
    missing
        .filter_map(|attribute| {
            let value = resource.attributes.get(attribute.path)?;
            let printed = attribute.print(None, value);
            let bare = matches!(value, Value::Bool(_));
            Some(ShownEntry {
                key: attribute.section_and_key().1.to_owned(),
                value: if bare {
                    printed
                } else {
                    format!("\"{printed}\"")
                },
                origin: "default".to_owned(),
            })
        })
        .collect()
}
