//! Tags as the services read, check and show them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::call::text_of;

/// Key -> value.
pub(crate) type Tags = BTreeMap<String, String>;

/// The most tags a resource may carry.
const MOST: usize = 50;

/// Tags given as a list of `{Key, Value}`.
pub(crate) fn read(list: &[Value]) -> Tags {
    list.iter()
        .filter_map(|tag| {
            let key = text_of(tag, "Key")?;
            Some((
                key.to_owned(),
                text_of(tag, "Value").unwrap_or_default().to_owned(),
            ))
        })
        .collect()
}

/// Tags as a list of `{Key, Value}`.
pub(crate) fn list(tags: &Tags) -> Value {
    tags.iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect()
}

/// What AWS has against these tags, if anything.
pub(crate) fn objection(tags: &Tags) -> Option<String> {
    if tags.len() > MOST {
        return Some(format!("a resource can have at most {MOST} tags"));
    }
    tags.iter().find_map(|(key, value)| {
        if key.is_empty() || key.chars().count() > 128 {
            Some(format!("tag key '{key}' must have 1 to 128 characters"))
        } else if key.to_ascii_lowercase().starts_with("aws:") {
            Some(format!(
                "tag key '{key}' is invalid: keys beginning with aws: are reserved"
            ))
        } else if value.chars().count() > 256 {
            Some(format!(
                "the value of tag '{key}' is longer than 256 characters"
            ))
        } else {
            None
        }
    })
}
