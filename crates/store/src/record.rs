//! The record of the last apply: used by `drift` alone; losing it costs attribution only.

use pgward_engine::Record;

use crate::StoreError;

const FORMAT: &str = "pgward.record/1";
/// What stands in place of a record that was forgotten, where nothing is ever deleted.
pub(crate) const FORGOTTEN: &str = "null\n";

/// Reads a record; `path` is for the error.
pub(crate) fn parse(text: &str, path: &str) -> Result<Option<Record>, StoreError> {
    match serde_json::from_str::<Option<Record>>(text) {
        Ok(None) => Ok(None),
        Ok(Some(record)) if record.format == FORMAT => Ok(Some(record)),
        _ => Err(StoreError::Format {
            path: path.to_owned(),
            expected: FORMAT,
        }),
    }
}

pub(crate) fn text(record: &Record) -> String {
    let text = serde_json::to_string_pretty(record).expect("a record is plain data");
    format!("{text}\n")
}
