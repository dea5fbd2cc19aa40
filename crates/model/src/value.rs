//! Values and objects: what an attribute holds, and the attributes of one resource.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Address;

/// One value of an attribute, in the canonical unit of the attribute's [`Form`](crate::Form).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// A whole number: a count, or a quantity in the unit of the attribute.
    Int(i64),
    /// A number with a fraction.
    Float(f64),
    /// Text.
    Text(String),
    /// An ordered list.
    List(Vec<Value>),
    /// Values by key: parameters, rules, tags.
    Map(BTreeMap<String, Value>),
    /// An output of another resource, which may not exist yet.
    Output(Reference),
}

/// An output of a resource, such as the id of a security group that is created in the same run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reference {
    /// The resource that has the output.
    pub address: Address,
    /// The name of the output, such as `id` or `arn`.
    pub output: String,
}

impl Value {
    /// A text value.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A list of texts.
    pub fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::List(
            texts
                .into_iter()
                .map(|text| Self::Text(text.into()))
                .collect(),
        )
    }

    /// An output of another resource.
    #[must_use]
    pub fn output(address: &Address, output: &str) -> Self {
        Self::Output(Reference {
            address: address.clone(),
            output: output.to_owned(),
        })
    }

    /// The text, if this is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self {
            Some(text)
        } else {
            None
        }
    }

    /// The whole number, if this is one.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        if let Self::Int(number) = self {
            Some(*number)
        } else {
            None
        }
    }

    /// The number, whole or not.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "quantities stay far below 2^53")]
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            _ => None,
        }
    }

    /// The truth value, if this is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self {
            Some(*value)
        } else {
            None
        }
    }

    /// The list, if this is one.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Value]> {
        if let Self::List(list) = self {
            Some(list)
        } else {
            None
        }
    }

    /// The texts of a list; items that are not text are left out.
    #[must_use]
    pub fn as_texts(&self) -> Vec<&str> {
        self.as_list()
            .unwrap_or_default()
            .iter()
            .filter_map(Self::as_text)
            .collect()
    }

    /// The map, if this is one.
    #[must_use]
    pub fn as_map(&self) -> Option<&BTreeMap<String, Value>> {
        if let Self::Map(map) = self {
            Some(map)
        } else {
            None
        }
    }

    /// All outputs of other resources in this value.
    pub fn references(&self, found: &mut Vec<Reference>) {
        match self {
            Self::Output(reference) => found.push(reference.clone()),
            Self::List(list) => list.iter().for_each(|item| item.references(found)),
            Self::Map(map) => map.values().for_each(|item| item.references(found)),
            Self::Bool(_) | Self::Int(_) | Self::Float(_) | Self::Text(_) => {}
        }
    }

    /// The value with every output replaced that `find` knows; unknown ones stay.
    #[must_use]
    pub fn resolved(&self, find: &dyn Fn(&Reference) -> Option<Value>) -> Self {
        match self {
            Self::Output(reference) => find(reference).unwrap_or_else(|| self.clone()),
            Self::List(list) => Self::List(list.iter().map(|item| item.resolved(find)).collect()),
            Self::Map(map) => Self::Map(
                map.iter()
                    .map(|(key, item)| (key.clone(), item.resolved(find)))
                    .collect(),
            ),
            Self::Bool(_) | Self::Int(_) | Self::Float(_) | Self::Text(_) => self.clone(),
        }
    }

    /// Whether an output of another resource is still unknown in it.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        let mut found = Vec::new();
        self.references(&mut found);
        !found.is_empty()
    }
}

/// The attributes of one resource by their path in the catalog (`storage.size`, `*.class`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Object(BTreeMap<String, Value>);

impl Object {
    /// An object without attributes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets an attribute.
    pub fn set(&mut self, path: impl Into<String>, value: Value) {
        self.0.insert(path.into(), value);
    }

    /// Sets an attribute if there is a value.
    pub fn set_some(&mut self, path: impl Into<String>, value: Option<Value>) {
        if let Some(value) = value {
            self.set(path, value);
        }
    }

    /// Removes an attribute.
    pub fn remove(&mut self, path: &str) -> Option<Value> {
        self.0.remove(path)
    }

    /// The value of an attribute.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Value> {
        self.0.get(path)
    }

    /// The text of an attribute.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        self.get(path).and_then(Value::as_text)
    }

    /// The whole number of an attribute.
    #[must_use]
    pub fn int(&self, path: &str) -> Option<i64> {
        self.get(path).and_then(Value::as_int)
    }

    /// The number of an attribute, whole or not.
    #[must_use]
    pub fn number(&self, path: &str) -> Option<f64> {
        self.get(path).and_then(Value::as_number)
    }

    /// The truth value of an attribute.
    #[must_use]
    pub fn bool(&self, path: &str) -> Option<bool> {
        self.get(path).and_then(Value::as_bool)
    }

    /// The texts of a list attribute; empty if it is absent.
    #[must_use]
    pub fn texts(&self, path: &str) -> Vec<&str> {
        self.get(path).map(Value::as_texts).unwrap_or_default()
    }

    /// The map of an attribute.
    #[must_use]
    pub fn map(&self, path: &str) -> Option<&BTreeMap<String, Value>> {
        self.get(path).and_then(Value::as_map)
    }

    /// All attributes in the order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(path, value)| (path.as_str(), value))
    }

    /// Whether there is no attribute.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The object with every known output of other resources filled in.
    #[must_use]
    pub fn resolved(&self, find: &dyn Fn(&Reference) -> Option<Value>) -> Self {
        Self(
            self.0
                .iter()
                .map(|(path, value)| (path.clone(), value.resolved(find)))
                .collect(),
        )
    }
}
