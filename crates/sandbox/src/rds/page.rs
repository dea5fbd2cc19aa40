//! Pages of a listing. A marker holds the last key shown, so it stays good when entries go.

use serde_json::{Map, Value, json};

use crate::call::{Answer, Call, Refusal};

/// The page that a call asks for, out of entries with distinct keys in order.
pub(crate) fn page(call: &Call, list: &str, entries: Vec<(String, Value)>) -> Answer {
    page_up_to(call, list, entries, 100)
}

/// The same with another limit of `MaxRecords`.
pub(crate) fn page_up_to(
    call: &Call,
    list: &str,
    entries: Vec<(String, Value)>,
    limit: i64,
) -> Answer {
    let (items, marker) = cut(call, entries, limit)?;
    let mut out = Map::new();
    out.insert(list.to_owned(), Value::Array(items));
    if let Some(marker) = marker {
        out.insert("Marker".to_owned(), json!(marker));
    }
    Ok(Value::Object(out))
}

/// The entries of the page, and the marker of the next.
pub(crate) fn cut(
    call: &Call,
    mut entries: Vec<(String, Value)>,
    limit: i64,
) -> Result<(Vec<Value>, Option<String>), Refusal> {
    let most = match call.int("MaxRecords") {
        Some(asked) if !(20..=limit).contains(&asked) => {
            return Err(Refusal::value(format!(
                "Invalid value {asked} for MaxRecords. Must be between 20 and {limit}"
            )));
        }
        Some(asked) => asked,
        None => 100,
    };
    let most = usize::try_from(most).expect("it is between 20 and the limit");
    entries.sort_by(|left, right| left.0.cmp(&right.0));
    if let Some(marker) = call.text("Marker").filter(|marker| !marker.is_empty()) {
        let last =
            decode(marker).ok_or_else(|| Refusal::value(format!("Invalid marker: {marker}")))?;
        entries.retain(|(key, _)| *key > last);
    }
    let marker = (entries.len() > most).then(|| encode(&entries[most - 1].0));
    entries.truncate(most);
    Ok((
        entries.into_iter().map(|(_, entry)| entry).collect(),
        marker,
    ))
}

fn encode(key: &str) -> String {
    key.bytes()
        .map(|byte| format!("{:02x}", byte ^ 0x5a))
        .collect()
}

fn decode(marker: &str) -> Option<String> {
    let bytes: Option<Vec<u8>> = (0..marker.len())
        .step_by(2)
        .map(|at| {
            let digits = marker.get(at..at + 2)?;
            u8::from_str_radix(digits, 16).ok().map(|byte| byte ^ 0x5a)
        })
        .collect();
    String::from_utf8(bytes?).ok()
}
