//! Documents of the program against the schemas that it prints, by the validator of `review`.

use pgward_review::schemas;
use serde_json::Value;

#[path = "../crates/review/tests/build/schema.rs"]
mod schema;

/// Compares what the program wrote as JSON with the schema that its `format` names.
///
/// Several documents are a list; a line of the event stream has a `type`, and its first one a format.
///
/// # Panics
///
/// If it has a format without a schema, or does not fit.
#[track_caller]
pub fn fits(value: &Value) {
    if let Value::Array(all) = value {
        all.iter().for_each(fits);
        return;
    }
    let format = value.get("format").and_then(Value::as_str);
    let name = match format.and_then(|format| format.strip_prefix("pgward.")) {
        _ if value.get("seq").is_some() => "events",
        Some(name) => name,
        None => return,
    };
    let schema = schemas::schema(name).unwrap_or_else(|| panic!("no schema of `{name}`"));
    let schema = serde_json::from_str(schema).expect("a schema is JSON");
    let found = schema::complaints(&schema, value);
    assert!(found.is_empty(), "{name}: {}\n{value:#}", found.join("\n"));
}
