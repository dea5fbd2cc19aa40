//! Canonical text of a file (`fmt`): other spaces, another order, the same meaning.
//!
//! Sections stand in the order of the catalog, with one blank line between them; `=` and the
//! comments behind values are aligned per section; quantities have a space before their unit and
//! windows their long form. Nothing is sorted inside a section, and no comment is dropped.

mod layout;
mod quantities;
mod read;

use pgward_model::{Catalog, Diagnostic};
use toml::Value;
use toml_edit::DocumentMut;

use crate::parse;

/// The canonical text of a file.
///
/// # Errors
///
/// What is wrong with the syntax, as `check` says it; keys and values that are merely unknown or
/// wrong are formatted all the same.
pub fn format(file: &str, text: &str, catalog: &Catalog) -> Result<String, Vec<Diagnostic>> {
    let found = parse::syntax(file, text);
    if !found.is_empty() {
        return Err(found);
    }
    let windows = text.contains("\r\n");
    let plain = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let changed = |why: &str| {
        let message = format!("{file} can't be formatted: {why}");
        vec![Diagnostic::error("P107", message).help("format this file by hand, and report it")]
    };
    let mut document: DocumentMut = plain
        .parse()
        .map_err(|error: toml_edit::TomlError| changed(error.message()))?;
    quantities::rewrite(document.as_table_mut(), catalog);
    let meant = document.to_string();
    let laid_out = layout::print(&read::read(&document, catalog));
    // A formatter that changes what is meant is worse than none, so each text is read again.
    if !same_meaning(&meant, &laid_out) {
        return Err(changed("its meaning would not be kept"));
    }
    Ok(if windows {
        laid_out.replace('\n', "\r\n")
    } else {
        laid_out
    })
}

/// Whether two texts hold the same keys and values.
fn same_meaning(one: &str, other: &str) -> bool {
    match (one.parse::<toml::Table>(), other.parse::<toml::Table>()) {
        (Ok(one), Ok(other)) => same(&Value::Table(one), &Value::Table(other)),
        _ => false,
    }
}

/// Equality that also holds for numbers that are none.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Float(one), Value::Float(other)) => one.to_bits() == other.to_bits(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| same(a, b))
        }
        (Value::Table(one), Value::Table(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(key, value)| other.get(key).is_some_and(|there| same(value, there)))
        }
        _ => one == other,
    }
}
