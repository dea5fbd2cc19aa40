//! The record of the last apply: used by `drift` alone; losing it costs attribution only.

use std::fs;
use std::io;

use pgward_engine::Record;

use crate::{Place, StoreError, place};

const FORMAT: &str = "pgward.record/1";

/// Reads the record; nothing if there is none.
///
/// # Errors
///
/// When it can't be read or is none.
pub fn read_record(place: &Place) -> Result<Option<Record>, StoreError> {
    let path = place.record();
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(StoreError::File {
                action: "read",
                path: path.display().to_string(),
                source,
            });
        }
    };
    match serde_json::from_str::<Record>(&text) {
        Ok(record) if record.format == FORMAT => Ok(Some(record)),
        _ => Err(StoreError::Format {
            path: path.display().to_string(),
            expected: FORMAT,
        }),
    }
}

/// Writes the record.
///
/// # Errors
///
/// When the file system refuses.
pub fn write_record(place: &Place, record: &Record) -> Result<(), StoreError> {
    place.create()?;
    let text = serde_json::to_string_pretty(record).expect("a record is plain data");
    place::write_whole(&place.record(), &format!("{text}\n"))
}
