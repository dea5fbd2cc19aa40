//! Merged sections to typed values: unknown keys and sections, types, units, values from outside.

use std::collections::{BTreeMap, BTreeSet};

use pgward_model::{Catalog, Diagnostic, Form, Input, Section, Value};

use crate::check::missing;
use crate::hints;
use crate::language::{self, Key};
use crate::merge::{self, Spec};
use crate::parse::{Entry, Header, Node, Part, Tree};
use crate::reader::Options;
use crate::sections::{Field, Group, Sections};
use crate::{scalar, suggest, values};

/// Reads every section, and says all that is wrong with their form.
pub(crate) fn read(
    spec: &Spec,
    catalog: &Catalog,
    options: &Options,
) -> (Sections, Vec<Diagnostic>) {
    let mut reading = Reading {
        spec,
        catalog,
        options,
        found: Vec::new(),
        inputs: Vec::new(),
        meant: BTreeSet::new(),
    };
    let top_section = catalog.section("").expect("the catalog has the top level");
    let top = reading.group(top_section, None, &spec.top);
    let mut groups = Vec::new();
    for section in catalog
        .sections
        .iter()
        .filter(|section| !section.name.is_empty())
    {
        let parts = spec
            .parts
            .iter()
            .filter(|(header, _)| header.0 == section.name);
        let parts: Vec<(&Header, &Part)> = parts.collect();
        if !section.later.is_empty() {
            reading.later(section, &parts);
            continue;
        }
        for (header, part) in parts {
            groups.extend(reading.part(section, header, part));
        }
    }
    reading.unknown_sections();
    if !spec.broken {
        missing::sections(spec, catalog, &top, &reading.meant, &mut reading.found);
    }
    let Reading { found, inputs, .. } = reading;
    (
        Sections {
            top,
            groups,
            inputs,
        },
        found,
    )
}

/// What is read so far, and what is wrong.
pub(crate) struct Reading<'a> {
    pub(crate) spec: &'a Spec,
    catalog: &'a Catalog,
    pub(crate) options: &'a Options,
    pub(crate) found: Vec<Diagnostic>,
    pub(crate) inputs: Vec<Input>,
    /// Sections that an unknown one probably means, so that they aren't said to be missing.
    meant: BTreeSet<&'static str>,
}

impl Reading<'_> {
    /// Refuses a section of a later version, once for all of its headers.
    fn later(&mut self, section: &'static Section, parts: &[(&Header, &Part)]) {
        let mut parts = parts.to_vec();
        parts.sort_by_key(|(_, part)| part.header.clone());
        let Some((header, part)) = parts.first() else {
            return;
        };
        let title = merge::title(header);
        let mut found = Diagnostic::error(
            "P102",
            format!("{title} can't be used yet: {}", section.later),
        )
        .at(&part.header, "")
        .help("remove the section; pgward leaves alone what it doesn't know")
        .about(title.trim_matches(['[', ']']));
        for (_, part) in &parts[1..] {
            found = found.also(&part.header, "this one, too");
        }
        self.found.push(found);
    }

    /// One written part of a known section; a group if it is in force.
    fn part(&mut self, section: &'static Section, header: &Header, part: &Part) -> Option<Group> {
        let is_off = part.keys.get("enabled").is_some_and(merge::is_off);
        match (&header.1, section.many) {
            (None, true) => {
                self.switch(section, part);
                None
            }
            (Some(_), false) => {
                self.below_a_single_section(section, header, part);
                None
            }
            (name, _) => {
                let can_be_off = section.keys.iter().any(|key| key.name == "enabled");
                if is_off && can_be_off {
                    return None;
                }
                if let Some(name) = name {
                    self.section_name(section, header, name, part);
                }
                let group = self.group(section, name.clone(), part);
                Some(group)
            }
        }
    }

    /// `[alarm]` itself, where only `enabled` may stand.
    fn switch(&mut self, section: &'static Section, part: &Part) {
        for (key, entry) in &part.keys {
            if key == "enabled" && section.can_be_dropped {
                let form = scalar::read(&boolean("enabled"), &entry.node);
                self.found.extend(form.err().map(|found| *found));
                continue;
            }
            let name = section.name;
            let found = if matches!(entry.node.tree, Tree::Table(_)) {
                Diagnostic::error(
                    "P102",
                    format!("[{name}.{key}] is written as a section of its own"),
                )
                .at(&entry.key, "")
                .help(format!("[{name}.{key}], with one key per line below it"))
            } else if section.can_be_dropped {
                Diagnostic::error("P101", format!("unknown key `{key}` in [{name}]"))
                    .at(&entry.key, format!("[{name}] takes `enabled` only"))
                    .help(format!("write it in a section with a name: [{name}.NAME]"))
            } else {
                Diagnostic::error("P101", format!("unknown key `{key}` in [{name}]"))
                    .at(&entry.key, "")
                    .help(format!("write it in a section with a name: [{name}.NAME]"))
            };
            self.found.push(found);
        }
    }

    /// `[network.subnets]`, or `rds.force_ssl = true` without quotes in `[parameters]`.
    fn below_a_single_section(&mut self, section: &'static Section, header: &Header, part: &Part) {
        let name = header.1.as_deref().unwrap_or_default();
        if section.free_keys {
            for (key, entry) in &part.keys {
                let whole = format!("{name}.{key}");
                let mut place = entry.key.clone();
                if part.header.line == place.line && part.header.column < place.column {
                    place.column = part.header.column;
                }
                self.found.push(
                    Diagnostic::error(
                        "P101",
                        format!("`{whole}` needs quotes in [{}]", section.name),
                    )
                    .at(&place, "a dot without quotes makes a table")
                    .help(format!("\"{whole}\" = {}", entry.node.raw))
                    .fixed_by(&place, format!("\"{whole}\"")),
                );
            }
            return;
        }
        let help = if language::keys(self.catalog, section)
            .iter()
            .any(|key| key.name == name)
        {
            format!("write {name} = {{ ... }} in [{}]", section.name)
        } else {
            format!("write its keys in [{}]", section.name)
        };
        self.found.push(
            Diagnostic::error("P102", format!("unknown section [{}.{name}]", section.name))
                .at(
                    &part.header,
                    format!("[{}] has no sections below it", section.name),
                )
                .help(help),
        );
    }

    fn unknown_sections(&mut self) {
        let known = |name: &str| {
            self.catalog
                .sections
                .iter()
                .any(|section| section.name == name)
        };
        let unknown: Vec<(&Header, &Part)> = self
            .spec
            .parts
            .iter()
            .filter(|(header, _)| !known(&header.0))
            .collect();
        for (header, part) in unknown {
            let mut place = part.header.clone();
            let length = crate::parse::count(header.0.chars().count());
            if place.end_column - place.column > length {
                place.column += 1;
            }
            place.end_column = place.column + length;
            let word = &header.0;
            let found =
                Diagnostic::error("P102", format!("unknown section {}", merge::title(header)))
                    .at(&place, format!("there is no section `{word}`"));
            let Some(meant) = suggest::section(self.catalog, word) else {
                let names: Vec<&str> = self
                    .catalog
                    .sections
                    .iter()
                    .filter(|section| section.later.is_empty() && !section.name.is_empty())
                    .map(|section| section.name)
                    .collect();
                self.found
                    .push(found.help(format!("the sections are {}", names.join(", "))));
                continue;
            };
            self.meant.insert(meant.name);
            let is_switch = meant.can_be_dropped
                && header.1.is_none()
                && part.keys.keys().all(|key| key == "enabled");
            let name = match (&header.1, meant.many) {
                (Some(name), true) => format!("[{}.{name}]", meant.name),
                (None, true) if is_switch => format!("[{}]", meant.name),
                (None, true) => format!("[{}.NAME]", meant.name),
                (_, false) => format!("[{}]", meant.name),
            };
            let plural = meant.many && !is_switch && word.trim_end_matches('s') == meant.name;
            let more = if plural {
                format!("  One section per {}, singular", meant.name)
            } else {
                String::new()
            };
            let found = found.help(format!("did you mean {name}?{more}"));
            // A name too many or too few is not mended by another word.
            let fits = header.1.is_some() == meant.many || is_switch;
            self.found
                .push(if fits && suggest::is_only(self.catalog, word) {
                    found.fixed_by(&place, meant.name)
                } else {
                    found
                });
        }
    }

    /// P114: letters that a section's name may not have.
    fn section_name(
        &mut self,
        section: &'static Section,
        header: &Header,
        name: &str,
        part: &Part,
    ) {
        let free = section.name == "accept";
        let fits = |c: char| {
            c.is_ascii_lowercase()
                || c.is_ascii_digit()
                || c == '-'
                || (free && (c.is_ascii_uppercase() || c == '_'))
        };
        if !name.is_empty() && name.chars().all(fits) {
            return;
        }
        let better: String = name
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() {
                    c.to_ascii_lowercase()
                } else {
                    '-'
                }
            })
            .collect();
        self.found.push(
            Diagnostic::error(
                "P114",
                format!("`{name}` is not a name for {}", merge::title(header)),
            )
            .at(&part.header, "lowercase letters, digits and hyphens")
            .help(format!("[{}.{better}]", section.name)),
        );
    }

    fn group(&mut self, section: &'static Section, name: Option<String>, part: &Part) -> Group {
        let mut group = Group {
            section,
            name,
            header: part.header.clone(),
            fields: BTreeMap::new(),
            meant: Vec::new(),
        };
        let title = group.title();
        let keys = language::keys(self.catalog, section);
        for (key, entry) in &part.keys {
            if section.free_keys {
                if let Some(field) = self.free_field(section, key, entry) {
                    group.fields.insert(key.clone(), field);
                }
            } else if let Some(known) = keys.iter().find(|known| known.name == key) {
                let path = group.path(key);
                let field = self.field(&group, known, entry, &path);
                group.fields.insert(key.clone(), field);
            } else if hints::is_password_key(key) {
                self.password(&entry.node);
            } else if let Some((_, _, why)) = language::LATER_KEYS
                .iter()
                .find(|(place, name, _)| *place == section.name && name == key)
            {
                self.found.push(
                    Diagnostic::error(
                        "P102",
                        format!("`{key}` in {title} can't be used yet: {why}"),
                    )
                    .at(&entry.key, "")
                    .help("remove the line")
                    .about(group.path(key)),
                );
            } else {
                let (found, instead) =
                    suggest::unknown_key(self.catalog, section, &title, &keys, key, entry);
                self.found.push(found);
                group.meant.extend(instead);
            }
        }
        if !self.spec.broken && self.spec.environment().is_some() {
            missing::keys(self.spec, &group, &keys, &mut self.found);
        }
        group
    }

    fn password(&mut self, node: &Node) {
        let master = values::generated_master_name(self.spec);
        self.found
            .push(hints::password(&node.origin, master.as_deref()));
    }

    /// A tag or a parameter.
    fn free_field(&mut self, section: &Section, key: &str, entry: &Entry) -> Option<Field> {
        let node = &entry.node;
        let parameters = section.name == "parameters";
        if hints::is_password_key(key) && !(parameters && key.contains("password_")) {
            self.password(node);
            return None;
        }
        let value = match &node.tree {
            Tree::Text(text) if hints::holds_password(text) => {
                self.password(node);
                return None;
            }
            Tree::Text(text) => Some(Value::text(text)),
            Tree::Bool(value) if parameters => Some(Value::Bool(*value)),
            Tree::Int(number) if parameters => Some(Value::Int(*number)),
            Tree::Float(number) if parameters => Some(Value::Float(*number)),
            Tree::List(items) if parameters && items.iter().all(|item| item.text().is_some()) => {
                Some(Value::texts(items.iter().filter_map(Node::text)))
            }
            _ => None,
        };
        if value.is_none() {
            let what = if parameters {
                "a parameter is a number, a text or true or false"
            } else {
                "a tag is text"
            };
            let found = Diagnostic::error("P103", format!("`{key}` is {}: {what}", node.noun()))
                .at(&node.origin, node.noun());
            let scalar = matches!(
                node.tree,
                Tree::Bool(_) | Tree::Int(_) | Tree::Float(_) | Tree::Date(_)
            );
            self.found.push(if scalar {
                found
                    .help(format!("add quotes: {key} = \"{}\"", node.raw))
                    .fixed_by(&node.origin, format!("\"{}\"", node.raw))
            } else {
                found.help(if parameters {
                    "write one value"
                } else {
                    "write one text per tag"
                })
            });
        }
        Some(Field {
            value,
            node: node.clone(),
            key: entry.key.clone(),
        })
    }

    /// A key of the language.
    fn field(&mut self, group: &Group, key: &Key, entry: &Entry, path: &str) -> Field {
        let mut field = Field {
            value: None,
            node: entry.node.clone(),
            key: entry.key.clone(),
        };
        if let Tree::Table(table) = &entry.node.tree {
            if table.contains_key("tags") && key.form == Form::Set && key.outside {
                return field;
            }
            match self.outside(group, key, table, &entry.node, path) {
                Some(node) => field.node = node,
                None => return field,
            }
        }
        if group.section.name.is_empty() && key.name == "account" {
            field.value = self.account(&field.node);
            return field;
        }
        match scalar::read(key, &field.node) {
            Ok(value) => {
                field.value = Some(value);
                self.texts(key, &mut field);
            }
            Err(found) => {
                let text = field.node.text().unwrap_or_default();
                if hints::holds_password(text) {
                    self.password(&field.node.clone());
                    return field;
                }
                self.found.push(if hints::is_placeholder(text) {
                    hints::placeholder(&field.node.origin, text)
                } else {
                    found.about(path)
                });
            }
        }
        field
    }

    /// Refuses passwords and stand-ins within the texts of a field.
    fn texts(&mut self, key: &Key, field: &mut Field) {
        let nodes: Vec<Node> = match &field.node.tree {
            Tree::Text(_) => vec![field.node.clone()],
            Tree::List(items) => items.clone(),
            _ => Vec::new(),
        };
        let is_prose = matches!(key.name, "description" | "reason");
        for node in nodes {
            let Some(text) = node.text() else { continue };
            if hints::holds_password(text) {
                self.password(&node);
                field.value = None;
            } else if !is_prose && hints::is_placeholder(text) {
                self.found.push(hints::placeholder(&node.origin, text));
                field.value = None;
            }
        }
    }
}

/// A key that is true or false.
fn boolean(name: &'static str) -> Key {
    Key {
        name,
        form: Form::Bool,
        doc: "",
        required: false,
        one_of: &[],
        outside: false,
        other_names: Vec::new(),
        range: None,
        default: "",
        attribute: None,
    }
}
