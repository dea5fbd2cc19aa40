//! The lease in a folder: a locked file, so that the end of a process ends its lease.
//!
//! Where the file system knows no locks, the lease file itself is the lease and its expiry ends it,
//! by the clock of the file system.

use std::fs::{File, TryLockError};
use std::time::Duration;

use jiff::Timestamp;

use crate::folder::{read, remove};
use crate::held::{Held, Keep, NotRenewed};
use crate::holder::{EndsWith, Holder};
use crate::{Claim, Clocks, Place, Sighting, Standing, StoreError, place};

/// Why a lease could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// Somebody else has it; nothing is told of one that was released by force and still runs.
    #[error("locked by another run")]
    Held(Option<Box<Sighting>>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How often a lock that is held is tried: one who only looks holds it for a moment as well.
const TRIES: u32 = 5;
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// What became of locking the file.
enum Lock {
    Ours(File),
    Others,
    /// The file system has no locks.
    None,
}

/// Takes the lease.
pub(crate) fn take(place: &Place, claim: &Claim, clocks: &Clocks) -> Result<Held, LeaseError> {
    place.create()?;
    match lock(place)? {
        Lock::Ours(file) => take_locked(place, claim, clocks, Some(file)),
        Lock::Others => Err(LeaseError::Held(sighting(place, clocks)?.map(Box::new))),
        Lock::None => take_locked(place, claim, clocks, None),
    }
}

fn lock(place: &Place) -> Result<Lock, StoreError> {
    let path = place.lock();
    let file = place::private()
        .create(true)
        .read(true)
        .write(true)
        .truncate(false)
        .open(&path)
        .map_err(|source| StoreError::File {
            action: "create",
            path: path.display().to_string(),
            source,
        })?;
    for attempt in 0..TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(Lock::Ours(file)),
            Err(TryLockError::WouldBlock) if attempt + 1 == TRIES => {}
            Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            Err(TryLockError::Error(_)) => return Ok(Lock::None),
        }
    }
    Ok(Lock::Others)
}

/// Takes the lease with a lock, or without one where there are none.
fn take_locked(
    place: &Place,
    claim: &Claim,
    clocks: &Clocks,
    file: Option<File>,
) -> Result<Held, LeaseError> {
    // With the lock in hand, a lease that ends with its process is what a killed one left behind.
    let found = sighting(place, clocks)?;
    let valid = found
        .as_ref()
        .is_some_and(|found| found.holder.ends_with == EndsWith::Expiry && !is_over(found, clocks));
    if valid {
        return Err(LeaseError::Held(found.map(Box::new)));
    }
    let ends_with = if file.is_some() {
        EndsWith::Process
    } else {
        EndsWith::Expiry
    };
    let taken = clocks.steady();
    let holder = Holder::begin(claim, clocks.now(), ends_with);
    if file.is_some() {
        place::write_whole(&place.lease(), &holder.text())?;
    } else if !claim_file(place, found.as_ref(), &holder)? {
        return Err(LeaseError::Held(sighting(place, clocks)?.map(Box::new)));
    }
    let keep = FolderKeep {
        place: place.clone(),
        file,
    };
    Ok(Held::new(Box::new(keep), holder, clocks.clone(), taken))
}

/// Makes the lease file where nothing else decides between two runs; says whether it is ours.
fn claim_file(
    place: &Place,
    found: Option<&Sighting>,
    holder: &Holder,
) -> Result<bool, StoreError> {
    let text = holder.text();
    if found.is_none() && !place.lease().exists() {
        return place::create_whole(&place.lease(), &text);
    }
    // One run at a time may take over what is over, and only what it saw.
    let takeover = place.takeover();
    if !place::create_whole(&takeover, &text)? {
        return Ok(false);
    }
    let unchanged = look(place)?.map(|now| now.id) == found.map(|found| found.holder.id.clone());
    if unchanged {
        place::write_whole(&place.lease(), &text)?;
    }
    remove(&takeover)?;
    Ok(unchanged)
}

/// The lease as it is written; nothing if there is none or it is not readable as one.
fn look(place: &Place) -> Result<Option<Holder>, StoreError> {
    Ok(read(&place.lease())?.as_deref().and_then(Holder::parse))
}

fn sighting(place: &Place, clocks: &Clocks) -> Result<Option<Sighting>, StoreError> {
    Ok(look(place)?.map(|holder| Sighting {
        seen_ago: match holder.ends_with {
            EndsWith::Expiry => age(place),
            EndsWith::Process => Duration::try_from(clocks.now().duration_since(holder.seen)).ok(),
        },
        holder,
    }))
}

fn is_over(found: &Sighting, clocks: &Clocks) -> bool {
    found.holder.is_over(found.seen_ago, clocks.now())
}

/// How old the lease file is by the clock of its file system, which may be that of a server.
fn age(place: &Place) -> Option<Duration> {
    let lease = place.lease();
    let written = lease.metadata().ok()?.modified().ok()?;
    let now = tempfile::NamedTempFile::new_in(lease.parent()?).ok()?;
    let now = now.as_file().metadata().ok()?.modified().ok()?;
    now.duration_since(written).ok()
}

/// Who holds the lease, without taking it.
pub(crate) fn standing(place: &Place, clocks: &Clocks) -> Result<Standing, StoreError> {
    let locked = match File::open(place.lock()) {
        // Shared, so that those who look do not take each other for a run.
        Ok(file) => matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)),
        Err(_) => false,
    };
    let found = sighting(place, clocks)?;
    if locked {
        return Ok(Standing::Held(found.map(Box::new)));
    }
    Ok(match found {
        Some(found) if found.holder.ends_with == EndsWith::Expiry && !is_over(&found, clocks) => {
            Standing::Held(Some(Box::new(found)))
        }
        Some(_) | None => Standing::Free,
    })
}

/// Removes the lease with this id; its holder misses it at its next check.
pub(crate) fn release_by_force(place: &Place, id: &str) -> Result<bool, StoreError> {
    if look(place)?.is_none_or(|holder| holder.id != id) {
        return Ok(false);
    }
    remove(&place.lease())?;
    // Left behind by a run that was killed while it took over.
    remove(&place.takeover())?;
    Ok(true)
}

/// A lease in a folder that is ours.
#[derive(Debug)]
struct FolderKeep {
    place: Place,
    /// The locked file; nothing where there are no locks.
    file: Option<File>,
}

impl Keep for FolderKeep {
    fn renew(&self, holder: &Holder) -> Result<(), NotRenewed> {
        self.look(holder).map_err(NotRenewed::Lost)?;
        let written = place::replace(&self.place.lease(), &holder.text());
        written.map_err(|error| NotRenewed::Failed(error.with_cause()))
    }

    fn look(&self, holder: &Holder) -> Result<(), String> {
        match look(&self.place) {
            Ok(Some(found)) if found.id == holder.id => Ok(()),
            Ok(Some(found)) => Err(format!("the lock was taken over by {}", found.holder)),
            Ok(None) => Err("the lock was released by somebody else".to_owned()),
            Err(error) => Err(format!("the lock can't be read: {}", error.with_cause())),
        }
    }

    fn release(&self, holder: &Holder, _now: Timestamp) {
        if self.look(holder).is_ok() {
            // What stays behind is taken over by the next run.
            drop(remove(&self.place.lease()));
        }
        if let Some(file) = &self.file {
            drop(file.unlock());
        }
    }

    fn is_locked(&self) -> bool {
        self.file.is_some()
    }
}

#[cfg(test)]
mod tests {
    use pgward_engine::Lease as _;

    use super::*;

    struct Stage {
        folder: tempfile::TempDir,
        place: Place,
        clocks: Clocks,
    }

    fn stage() -> Stage {
        let folder = tempfile::tempdir().expect("a folder");
        let place = Place::new(folder.path(), "library", "prod");
        let clocks = Clocks::new(Timestamp::now);
        place.create().expect("a folder");
        Stage {
            folder,
            place,
            clocks,
        }
    }

    impl Stage {
        fn take(&self, holder: &str) -> Result<Held, LeaseError> {
            take(&self.place, &claim(holder), &self.clocks)
        }

        fn take_without_locks(&self, holder: &str) -> Result<Held, LeaseError> {
            take_locked(&self.place, &claim(holder), &self.clocks, None)
        }

        /// Lets the lease file be as old as that.
        fn grow_old(&self, minutes: u64) {
            let file = File::options()
                .write(true)
                .open(self.place.lease())
                .expect("a lease");
            let now = file.metadata().unwrap().modified().unwrap();
            file.set_modified(now - Duration::from_secs(minutes * 60))
                .expect("a time");
        }

        fn files(&self) -> Vec<String> {
            let folder = self.folder.path().join("library/prod");
            let mut names: Vec<String> = std::fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
                .collect();
            names.sort();
            names
        }
    }

    fn claim(holder: &str) -> Claim {
        Claim {
            holder: holder.to_owned(),
            command: "apply prod".to_owned(),
        }
    }

    fn refused(taken: Result<Held, LeaseError>) -> String {
        match taken {
            Err(LeaseError::Held(Some(sighting))) => sighting.holder.holder,
            other => panic!("expected a refusal, got {other:?}"),
        }
    }

    #[test]
    fn a_second_lease_is_refused_and_names_the_first() {
        let stage = stage();
        let first = stage.take("first").expect("free");
        assert_eq!(refused(stage.take("second")), "first");
        assert_eq!(first.check(), Ok(()));
        drop(first);
        stage.take("second").expect("free again");
        assert_eq!(stage.files(), ["lease.lock"]);
    }

    #[test]
    fn what_a_killed_process_left_is_taken_over_at_once() {
        let stage = stage();
        let first = stage.take("first").expect("free");
        let left = std::fs::read(stage.place.lease()).expect("a lease");
        drop(first);
        std::fs::write(stage.place.lease(), left).expect("a lease");
        assert_eq!(
            standing(&stage.place, &stage.clocks).unwrap(),
            Standing::Free
        );
        stage.take("second").expect("free");
    }

    #[test]
    fn a_lease_that_was_released_by_force_is_lost_and_not_free() {
        let stage = stage();
        let first = stage.take("first").expect("free");
        let id = first.holder().id;
        assert!(!release_by_force(&stage.place, "other").unwrap());
        assert!(release_by_force(&stage.place, &id).unwrap());
        assert!(first.check().is_err());
        assert_eq!(
            standing(&stage.place, &stage.clocks).unwrap(),
            Standing::Held(None)
        );
        assert!(matches!(stage.take("second"), Err(LeaseError::Held(None))));
        drop(first);
        stage.take("second").expect("free");
    }

    #[test]
    fn without_locks_the_expiry_decides() {
        let stage = stage();
        let first = stage.take_without_locks("first").expect("free");
        assert_eq!(refused(stage.take_without_locks("second")), "first");
        // One with locks respects it as well.
        assert_eq!(refused(stage.take("second")), "first");
        stage.grow_old(16);
        let second = stage.take_without_locks("second").expect("over");
        assert!(first.check().unwrap_err().contains("second"));
        assert_eq!(second.check(), Ok(()));
        drop(first);
        assert_eq!(refused(stage.take_without_locks("third")), "second");
        drop(second);
        assert_eq!(stage.files(), ["lease.lock"]);
    }

    #[test]
    fn without_locks_one_of_many_takes_over() {
        let stage = stage();
        drop(stage.take_without_locks("warm"));
        for round in 0..20 {
            let old = stage.take_without_locks("old").expect("free");
            stage.grow_old(16);
            let taken: Vec<Option<Held>> = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..8)
                    .map(|number| {
                        let stage = &stage;
                        scope.spawn(move || stage.take_without_locks(&format!("{number}")).ok())
                    })
                    .collect();
                threads
                    .into_iter()
                    .map(|thread| thread.join().unwrap())
                    .collect()
            });
            let ours = taken.iter().flatten().filter(|held| held.check().is_ok());
            assert_eq!(ours.count(), 1, "round {round}");
            drop(taken);
            drop(old);
        }
    }
}
