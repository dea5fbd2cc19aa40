//! The lease in an object: whoever writes it over the one it saw has it.
//!
//! It is given back by writing so into it, and ends by itself when it is not renewed, which is
//! counted on the clock of the store.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::held::{Held, Keep, NotRenewed};
use crate::holder::{EndsWith, FORMAT, Holder};
use crate::objects::{Condition, Object, Objects, Put, put};
use crate::{Claim, Clocks, LeaseError, Sighting, Standing, StoreError};

/// How often it is tried to be the one who writes.
const TRIES: u32 = 4;

fn parse(objects: &dyn Objects, key: &str, object: &Object) -> Result<Holder, StoreError> {
    Holder::parse(&object.text).ok_or_else(|| StoreError::Format {
        path: objects.shown(key),
        expected: FORMAT,
    })
}

/// Takes the lease.
pub(crate) fn take(
    objects: &Arc<dyn Objects>,
    key: &str,
    claim: &Claim,
    clocks: &Clocks,
) -> Result<Held, LeaseError> {
    for _ in 0..TRIES {
        let condition = match objects.get(key)? {
            None => Condition::Absent,
            Some(object) => {
                let holder = parse(objects.as_ref(), key, &object)?;
                if let Some(sighting) = held(holder, object.age, clocks) {
                    return Err(LeaseError::Held(Some(Box::new(sighting))));
                }
                Condition::Tag(object.tag)
            }
        };
        let taken = clocks.steady();
        let holder = Holder::begin(claim, clocks.now(), EndsWith::Expiry);
        if let Put::Done(tag) = put(objects.as_ref(), key, &holder.text(), &condition)? {
            let keep = ObjectKeep {
                objects: Arc::clone(objects),
                key: key.to_owned(),
                tag: Mutex::new(tag),
            };
            return Ok(Held::new(Box::new(keep), holder, clocks.clone(), taken));
        }
    }
    Err(LeaseError::Held(None))
}

/// A lease as seen, unless it was given back or is over.
fn held(holder: Holder, age: Option<Duration>, clocks: &Clocks) -> Option<Sighting> {
    if holder.released.is_some() || holder.is_over(age, clocks.now()) {
        return None;
    }
    let seen_ago =
        age.or_else(|| Duration::try_from(clocks.now().duration_since(holder.seen)).ok());
    Some(Sighting { holder, seen_ago })
}

/// Who holds the lease.
pub(crate) fn standing(
    objects: &dyn Objects,
    key: &str,
    clocks: &Clocks,
) -> Result<Standing, StoreError> {
    let Some(object) = objects.get(key)? else {
        return Ok(Standing::Free);
    };
    let holder = parse(objects, key, &object)?;
    Ok(match held(holder, object.age, clocks) {
        Some(sighting) => Standing::Held(Some(Box::new(sighting))),
        None => Standing::Free,
    })
}

/// Writes into the lease with this id that it was given back; its holder sees it when it renews.
pub(crate) fn release_by_force(
    objects: &dyn Objects,
    key: &str,
    id: &str,
    by: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    for _ in 0..TRIES {
        let Some(object) = objects.get(key)? else {
            return Ok(false);
        };
        let holder = parse(objects, key, &object)?;
        if holder.id != id || holder.released.is_some() {
            return Ok(false);
        }
        let text = holder.released(now, Some(by)).text();
        // It may have been renewed since; the id tells whether it is still the same.
        if let Put::Done(_) = put(objects, key, &text, &Condition::Tag(object.tag))? {
            return Ok(true);
        }
    }
    Err(StoreError::Object {
        action: "write",
        key: objects.shown(key),
        why: "it is renewed all the time".to_owned(),
    })
}

/// A lease in an object that is ours.
#[derive(Debug)]
struct ObjectKeep {
    objects: Arc<dyn Objects>,
    key: String,
    /// Of the object as we wrote it last.
    tag: Mutex<String>,
}

impl ObjectKeep {
    /// Writes the lease over the one that we wrote last.
    fn write(&self, holder: &Holder, text: &str) -> Result<(), NotRenewed> {
        for _ in 0..TRIES {
            let tag = self.tag().clone();
            let written = put(self.objects.as_ref(), &self.key, text, &Condition::Tag(tag));
            match written {
                Ok(Put::Done(tag)) => {
                    *self.tag() = tag;
                    return Ok(());
                }
                Ok(Put::Moved | Put::Again) => *self.tag() = self.look_up(holder)?,
                Err(error) => return Err(NotRenewed::Failed(error.with_cause())),
            }
        }
        Err(NotRenewed::Failed(
            "others write the lock at the same moments".to_owned(),
        ))
    }

    /// The tag of the lease if it is ours after all: an earlier write of ours that came late.
    fn look_up(&self, holder: &Holder) -> Result<String, NotRenewed> {
        let lost = |why: String| Err(NotRenewed::Lost(why));
        let object = match self.objects.get(&self.key) {
            Ok(Some(object)) => object,
            Ok(None) => return lost("the lock was removed by somebody else".to_owned()),
            Err(error) => return Err(NotRenewed::Failed(error.with_cause())),
        };
        match Holder::parse(&object.text) {
            Some(found) if found.id == holder.id => match found.released {
                None => Ok(object.tag),
                Some(release) => lost(match release.by {
                    Some(by) => format!("the lock was released by {by}"),
                    None => "the lock was given back".to_owned(),
                }),
            },
            Some(found) if found.released.is_none() => {
                lost(format!("the lock was taken over by {}", found.holder))
            }
            Some(found) => lost(format!(
                "the lock was taken over by {}, which has ended since",
                found.holder
            )),
            None => lost("the lock was overwritten by something else".to_owned()),
        }
    }

    fn tag(&self) -> std::sync::MutexGuard<'_, String> {
        self.tag.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keep for ObjectKeep {
    fn renew(&self, holder: &Holder) -> Result<(), NotRenewed> {
        self.write(holder, &holder.text())
    }

    fn look(&self, _holder: &Holder) -> Result<(), String> {
        Ok(())
    }

    fn release(&self, holder: &Holder, now: Timestamp) {
        let text = holder.clone().released(now, None).text();
        // What can't be given back ends by itself.
        drop(self.write(holder, &text));
    }

    fn is_locked(&self) -> bool {
        false
    }
}
