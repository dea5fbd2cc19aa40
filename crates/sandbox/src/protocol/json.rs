//! JSON 1.0 and 1.1: the action in a header, JSON both ways.

use serde_json::{Map, Value};

use crate::call::Refusal;
use crate::wire::WireRequest;

/// Reads action and input.
pub(super) fn read(request: &WireRequest) -> Result<(String, Value), Refusal> {
    let target = request.header("x-amz-target").unwrap_or_default();
    let action = target.rsplit('.').next().unwrap_or_default().to_owned();
    if request.body.is_empty() {
        return Ok((action, Value::Object(Map::new())));
    }
    match serde_json::from_slice(&request.body) {
        Ok(input @ Value::Object(_)) => Ok((action, input)),
        _ => Err(Refusal::new(
            400,
            "SerializationException",
            "the body is no JSON object",
        )),
    }
}

/// Writes a result or an error.
pub(super) fn answer(result: &Value) -> Vec<u8> {
    serde_json::to_vec(&plain(result)).expect("a JSON value has text keys only")
}

/// The value with timestamps as numbers and without nulls.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(members) => match members.get("$timestamp") {
            Some(seconds) if members.len() == 1 => seconds.clone(),
            _ => Value::Object(
                members
                    .iter()
                    .filter(|(_, member)| !member.is_null())
                    .map(|(name, member)| (name.clone(), plain(member)))
                    .collect(),
            ),
        },
        Value::Array(items) => Value::Array(items.iter().map(plain).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}
