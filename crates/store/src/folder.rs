//! The store in a folder: for one machine, or several that share a file system.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use pgward_engine::{Journal, Record};

use crate::{
    Claim, Clocks, FileJournal, Held, LeaseError, Place, Standing, Store, StoreError, folder_lease,
    place, record,
};

/// The store of one environment in a folder.
#[derive(Debug, Clone)]
pub struct FolderStore {
    place: Place,
}

impl FolderStore {
    /// The store of a place; nothing is created.
    #[must_use]
    pub fn new(place: Place) -> Self {
        Self { place }
    }
}

fn failed(action: &'static str, path: &Path, source: io::Error) -> StoreError {
    StoreError::File {
        action,
        path: path.display().to_string(),
        source,
    }
}

/// Reads a file; nothing if there is none.
pub(crate) fn read(path: &Path) -> Result<Option<String>, StoreError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(failed("read", path, source)),
    }
}

/// Removes a file; one that is gone already is as good.
pub(crate) fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(failed("remove", path, source)),
    }
}

impl Store for FolderStore {
    fn take(&self, claim: &Claim, clocks: &Clocks) -> Result<Arc<Held>, LeaseError> {
        folder_lease::take(&self.place, claim, clocks).map(Arc::new)
    }

    fn standing(&self, clocks: &Clocks) -> Result<Standing, StoreError> {
        folder_lease::standing(&self.place, clocks)
    }

    fn release_by_force(&self, id: &str, _by: &str, _clocks: &Clocks) -> Result<bool, StoreError> {
        folder_lease::release_by_force(&self.place, id)
    }

    fn journal(&self, run: &str) -> Result<Arc<dyn Journal>, StoreError> {
        Ok(Arc::new(FileJournal::begin(&self.place, run)?))
    }

    fn record(&self) -> Result<Option<Record>, StoreError> {
        let path = self.place.record();
        match read(&path)? {
            Some(text) => record::parse(&text, &path.display().to_string()),
            None => Ok(None),
        }
    }

    fn keep_record(&self, record: &Record) -> Result<(), StoreError> {
        self.place.create()?;
        place::write_whole(&self.place.record(), &record::text(record))
    }

    fn forget_record(&self) -> Result<(), StoreError> {
        remove(&self.place.record())
    }

    fn was_used(&self, mark: &str) -> Result<bool, StoreError> {
        let path = self.place.used(mark);
        path.try_exists()
            .map_err(|source| failed("read", &path, source))
    }

    fn use_plan(&self, mark: &str) -> Result<bool, StoreError> {
        self.place.create()?;
        let path = self.place.used(mark);
        match place::private().write(true).create_new(true).open(&path) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(source) => Err(failed("create", &path, source)),
        }
    }
}
