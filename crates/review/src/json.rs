//! Documents as JSON: indented by two, fields in their documented order, one line break at the end.

use serde::Serialize;

/// A document as JSON text.
///
/// # Panics
///
/// Never for the documents of this crate: their keys are texts and their numbers are finite.
#[must_use]
pub fn json<T: Serialize>(document: &T) -> String {
    let mut text = serde_json::to_string_pretty(document).expect("documents have text keys only");
    text.push('\n');
    text
}
