//! The journal of a run: a line before every call that changes something, and one after it.

use std::fs::File;
use std::io::{self, Write as _};
use std::sync::Mutex;

use pgward_engine::{Journal, JournalLine};

use crate::{Place, StoreError, place};

/// A journal in a file of JSON lines; every line is on disk before the call goes on.
#[derive(Debug)]
pub(crate) struct FileJournal {
    file: Mutex<File>,
}

impl FileJournal {
    /// Begins the journal of a run.
    ///
    /// # Errors
    ///
    /// When the file can't be created.
    pub(crate) fn begin(place: &Place, run: &str) -> Result<Self, StoreError> {
        place.create()?;
        let path = place.journal(run);
        let file = place::private()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(|source| StoreError::File {
                action: "create",
                path: path.display().to_string(),
                source,
            })?;
        Ok(Self {
            file: Mutex::new(file),
        })
    }
}

impl Journal for FileJournal {
    fn write(&self, line: &JournalLine<'_>) -> Result<(), io::Error> {
        let mut text = serde_json::to_string(line)?;
        text.push('\n');
        let mut file = self.file.lock().expect("no writer panics");
        file.write_all(text.as_bytes())?;
        file.sync_data()
    }
}
