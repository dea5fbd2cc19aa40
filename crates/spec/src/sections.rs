//! Sections that are in force, with typed fields that keep their places.

use std::collections::BTreeMap;

use pgward_model::{Input, Origin, Section, Value};

use crate::parse::{Node, Tree};

/// A key that is written; the value is absent if it is wrong, which has been said then.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) value: Option<Value>,
    pub(crate) node: Node,
    pub(crate) key: Origin,
}

impl Field {
    /// The texts of a list with the place of each.
    pub(crate) fn items(&self) -> Vec<(String, Node)> {
        match &self.node.tree {
            Tree::List(items) => items
                .iter()
                .filter_map(|item| item.text().map(|text| (text.to_owned(), item.clone())))
                .collect(),
            _ => {
                let texts = self.value.as_ref().map(Value::as_texts).unwrap_or_default();
                texts
                    .into_iter()
                    .map(|text| (text.to_owned(), self.node.clone()))
                    .collect()
            }
        }
    }
}

/// One section that is in force, with its fields.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) section: &'static Section,
    pub(crate) name: Option<String>,
    pub(crate) header: Origin,
    pub(crate) fields: BTreeMap<String, Field>,
    /// Keys that an unknown one probably means, so that they aren't said to be missing.
    pub(crate) meant: Vec<&'static str>,
}

impl Group {
    /// `instance`, `alarm.cpu-high`.
    pub(crate) fn address(&self) -> String {
        match &self.name {
            Some(name) => format!("{}.{name}", self.section.name),
            None => self.section.name.to_owned(),
        }
    }

    /// `[alarm.cpu-high]`; empty for the top level.
    pub(crate) fn title(&self) -> String {
        let address = self.address();
        if address.is_empty() {
            address
        } else {
            format!("[{address}]")
        }
    }

    /// The name of a named section.
    pub(crate) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    /// The path of a key: `alarm.cpu-high.above`.
    pub(crate) fn path(&self, key: &str) -> String {
        let address = self.address();
        if address.is_empty() {
            key.to_owned()
        } else {
            format!("{address}.{key}")
        }
    }

    pub(crate) fn field(&self, key: &str) -> Option<&Field> {
        self.fields.get(key)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.fields.contains_key(key)
    }

    pub(crate) fn value(&self, key: &str) -> Option<&Value> {
        self.field(key).and_then(|field| field.value.as_ref())
    }

    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.value(key).and_then(Value::as_text)
    }

    pub(crate) fn int(&self, key: &str) -> Option<i64> {
        self.value(key).and_then(Value::as_int)
    }

    pub(crate) fn bool(&self, key: &str) -> Option<bool> {
        self.value(key).and_then(Value::as_bool)
    }

    /// The place of a value.
    pub(crate) fn origin(&self, key: &str) -> Option<&Origin> {
        self.field(key).map(|field| &field.node.origin)
    }
}

/// Everything that is in force, typed.
#[derive(Debug)]
pub(crate) struct Sections {
    pub(crate) top: Group,
    pub(crate) groups: Vec<Group>,
    pub(crate) inputs: Vec<Input>,
}

impl Sections {
    /// A section that occurs once.
    pub(crate) fn one(&self, section: &str) -> Option<&Group> {
        self.groups
            .iter()
            .find(|group| group.section.name == section && group.name.is_none())
    }

    /// The named sections of a kind, in the order of their names.
    pub(crate) fn many(&self, section: &str) -> impl Iterator<Item = &Group> {
        self.groups
            .iter()
            .filter(move |group| group.section.name == section && group.name.is_some())
    }

    /// One named section.
    pub(crate) fn named(&self, section: &str, name: &str) -> Option<&Group> {
        self.many(section)
            .find(|group| group.name.as_deref() == Some(name))
    }
}
