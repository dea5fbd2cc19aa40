//! A validator for the part of JSON Schema that the schemas of this program use.
//!
//! It is stricter in one thing: a property that a schema does not describe is an error, so that
//! no field is written that nobody has documented.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Everything that is wrong with a value.
pub(crate) fn complaints(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let known = check(schema, schema, value, "", &mut found);
    undocumented(value, known.as_ref(), "", &mut found);
    found
}

/// What a schema knows of a value's properties: nothing if it does not describe them.
type Known = Option<BTreeSet<String>>;

fn check(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) -> Known {
    let Value::Object(words) = schema else {
        found.push(format!("{at}: a schema is an object"));
        return None;
    };
    for word in words.keys() {
        const WORDS: [&str; 19] = [
            "$schema",
            "$defs",
            "$ref",
            "title",
            "description",
            "type",
            "properties",
            "required",
            "items",
            "minItems",
            "maxItems",
            "enum",
            "const",
            "anyOf",
            "allOf",
            "format",
            "pattern",
            "minimum",
            "default",
        ];
        assert!(
            WORDS.contains(&word.as_str()),
            "the validator does not know {word}"
        );
    }
    let mut known = plain(root, words, value, at, found);
    if let Some(Value::String(name)) = words.get("$ref") {
        let name = name.strip_prefix("#/$defs/").expect("references are local");
        let target = &root["$defs"][name];
        known = union(known, check(root, target, value, at, found));
    }
    if let Some(Value::Array(all)) = words.get("allOf") {
        for one in all {
            known = union(known, check(root, one, value, at, found));
        }
    }
    if let Some(Value::Array(any)) = words.get("anyOf") {
        let mut reasons = Vec::new();
        for one in any {
            let mut own = Vec::new();
            let seen = check(root, one, value, at, &mut own);
            if own.is_empty() {
                return union(known, seen);
            }
            reasons.push(own.join("; "));
        }
        found.push(format!(
            "{at}: no alternative fits: {}",
            reasons.join(" | ")
        ));
    }
    known
}

fn union(one: Known, other: Known) -> Known {
    match (one, other) {
        (Some(mut one), Some(other)) => {
            one.extend(other);
            Some(one)
        }
        (one, other) => one.or(other),
    }
}

fn plain(
    root: &Value,
    words: &Map<String, Value>,
    value: &Value,
    at: &str,
    found: &mut Vec<String>,
) -> Known {
    if let Some(wanted) = words.get("type") {
        let types: Vec<&str> = match wanted {
            Value::String(one) => vec![one],
            Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        if !types.iter().any(|name| is(name, value)) {
            found.push(format!("{at}: {value} is not {types:?}"));
        }
    }
    if let Some(Value::Array(all)) = words.get("enum")
        && !all.contains(value)
    {
        found.push(format!("{at}: {value} is none of {all:?}"));
    }
    if let Some(one) = words.get("const")
        && one != value
    {
        found.push(format!("{at}: {value} is not {one}"));
    }
    if let (Some("date-time"), Value::String(text)) =
        (words.get("format").and_then(Value::as_str), value)
        && text.parse::<jiff::Timestamp>().is_err()
    {
        found.push(format!("{at}: {text} is no moment"));
    }
    if let Value::Array(items) = value {
        let limit = |word: &str| words.get(word).and_then(Value::as_u64);
        let number = items.len() as u64;
        if limit("minItems").is_some_and(|least| number < least)
            || limit("maxItems").is_some_and(|most| number > most)
        {
            found.push(format!("{at}: {number} items"));
        }
        if let Some(schema) = words.get("items") {
            for (index, item) in items.iter().enumerate() {
                let at = format!("{at}[{index}]");
                let known = check(root, schema, item, &at, found);
                undocumented(item, known.as_ref(), &at, found);
            }
        }
    }
    let (Some(Value::Object(properties)), Value::Object(fields)) = (words.get("properties"), value)
    else {
        return None;
    };
    for name in words
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let name = name.as_str().expect("names are text");
        if !fields.contains_key(name) {
            found.push(format!("{at}: {name} is missing"));
        }
    }
    for (name, field) in fields {
        if let Some(schema) = properties.get(name) {
            let at = format!("{at}.{name}");
            let known = check(root, schema, field, &at, found);
            undocumented(field, known.as_ref(), &at, found);
        }
    }
    Some(properties.keys().cloned().collect())
}

/// A property that no schema of the value describes.
fn undocumented(
    value: &Value,
    known: Option<&BTreeSet<String>>,
    at: &str,
    found: &mut Vec<String>,
) {
    if let (Value::Object(fields), Some(known)) = (value, known) {
        for name in fields.keys().filter(|name| !known.contains(*name)) {
            found.push(format!("{at}: {name} is not described"));
        }
    }
}

fn is(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the validator does not know the type {other}"),
    }
}
