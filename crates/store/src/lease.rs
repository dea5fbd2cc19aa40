//! Who works on an environment: a locked file, so that the end of a process ends its lease.

use std::fs::{self, File, TryLockError};

use jiff::{SignedDuration, Timestamp};
use pgward_engine::Lease;
use serde::{Deserialize, Serialize};

use crate::{Place, StoreError, place};

/// Who holds a lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Format: `pgward.lease/1`.
    pub format: String,
    /// The id that `unlock --id` takes.
    pub id: String,
    /// A few words: user, host and process.
    pub holder: String,
    /// ARN of the caller.
    pub arn: String,
    /// The command.
    pub command: String,
    /// Since when.
    pub since: Timestamp,
    /// Until when, unless it is renewed.
    pub expires_at: Timestamp,
}

/// Why a lease could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// Somebody else has it.
    #[error("locked by another run")]
    Held(Option<Box<Holder>>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A lease on an environment in a local store; released when dropped or when the process ends.
#[derive(Debug)]
pub struct LocalLease {
    file: File,
    place: Place,
    holder: Holder,
}

impl LocalLease {
    /// Takes the lease.
    ///
    /// # Errors
    ///
    /// When somebody else has it, or the store can't be written.
    pub fn take(
        place: &Place,
        holder: &str,
        arn: &str,
        command: &str,
        now: Timestamp,
    ) -> Result<Self, LeaseError> {
        place.create()?;
        let path = place.lock();
        let failed = |action| {
            let path = path.display().to_string();
            move |source| StoreError::File {
                action,
                path,
                source,
            }
        };
        let file = place::private()
            .create(true)
            .write(true)
            .truncate(false)
            .open(&path)
            .map_err(failed("create"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LeaseError::Held(Self::holder(place).map(Box::new)));
            }
            Err(TryLockError::Error(source)) => return Err(failed("lock")(source).into()),
        }
        let holder = Holder {
            format: "pgward.lease/1".to_owned(),
            id: format!("{:x}", now.as_millisecond()),
            holder: holder.to_owned(),
            arn: arn.to_owned(),
            command: command.to_owned(),
            since: now,
            expires_at: now + SignedDuration::from_mins(15),
        };
        let text = serde_json::to_string_pretty(&holder).expect("a holder is plain data");
        place::write_whole(&place.lease(), &text)?;
        Ok(Self {
            file,
            place: place.clone(),
            holder,
        })
    }

    /// The holder that this lease wrote.
    #[must_use]
    pub fn holder_now(&self) -> &Holder {
        &self.holder
    }

    /// Who holds the lease of an environment, as far as the store tells.
    #[must_use]
    pub fn holder(place: &Place) -> Option<Holder> {
        serde_json::from_str(&fs::read_to_string(place.lease()).ok()?).ok()
    }

    /// Whether another process holds the lease right now.
    #[must_use]
    pub fn is_held(place: &Place) -> bool {
        match File::open(place.lock()) {
            Ok(file) => matches!(file.try_lock(), Err(TryLockError::WouldBlock)),
            Err(_) => false,
        }
    }
}

impl Lease for LocalLease {
    fn check(&self) -> Result<(), String> {
        match Self::holder(&self.place) {
            Some(holder) if holder.id == self.holder.id => Ok(()),
            Some(holder) => Err(format!("the lock was taken over by {}", holder.holder)),
            None => Err("the lock file was removed".to_owned()),
        }
    }
}

impl Drop for LocalLease {
    fn drop(&mut self) {
        // Gone already if somebody released it by force; the lock itself ends with the file.
        drop(fs::remove_file(self.place.lease()));
        drop(self.file.unlock());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_lease_is_refused_and_names_the_first() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = Place::new(folder.path(), "library", "prod");
        let now = "2026-01-05T09:00:00Z".parse().expect("a moment");
        let first = LocalLease::take(&place, "first", "arn", "apply", now).expect("free");
        match LocalLease::take(&place, "second", "arn", "apply", now) {
            Err(LeaseError::Held(Some(holder))) => assert_eq!(holder.holder, "first"),
            other => panic!("expected a refusal, got {other:?}"),
        }
        assert_eq!(first.check(), Ok(()));
        drop(first);
        LocalLease::take(&place, "second", "arn", "apply", now).expect("free again");
    }
}
