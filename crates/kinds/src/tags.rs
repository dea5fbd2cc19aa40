//! Tags: how they are printed, and which are not ours to compare.

use pgward_model::Value;

/// A tag's value as plans print it.
#[must_use]
pub fn show(_key: &str, value: &Value) -> String {
    format!("\"{}\"", value.as_text().unwrap_or_default())
}

/// Whether AWS or another tool owns the key, so that it is never compared or removed
/// (resource semantics, 1.4).
#[must_use]
pub fn is_foreign(key: &str) -> bool {
    let lower = key.to_ascii_lowercase();
    lower.starts_with("aws:") || lower.starts_with("rds:")
}
