//! PostgreSQL parameters: what is known of them, and how written values become what RDS takes.

use pgward_model::{ParameterFacts, Value};

/// What is known of a parameter in a family.
#[must_use]
pub fn find(_family: &str, _name: &str) -> Option<ParameterFacts> {
    None
}

/// A value in RDS's units as people write it: `32768` of `work_mem` is `32MB`.
#[must_use]
pub fn show(_name: &str, value: &Value) -> String {
    value.as_text().unwrap_or_default().to_owned()
}
