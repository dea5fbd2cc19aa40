//! The store of a team: objects that are written under a condition and never deleted.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use pgward_engine::{Journal, JournalLine, Record};

use crate::{Claim, Clocks, Held, LeaseError, Standing, Store, StoreError, object_lease, record};

/// How often a write is sent that others got in the way of.
const TRIES: u32 = 6;
/// Before the second try; twice as long before each further one.
const PAUSE: Duration = Duration::from_millis(25);

/// Objects by key, such as those of a bucket.
pub trait Objects: Send + Sync + fmt::Debug {
    /// Reads an object; nothing if there is none.
    ///
    /// # Errors
    ///
    /// When it can't be told.
    fn get(&self, key: &str) -> Result<Option<Object>, StoreError>;

    /// Writes an object if the condition holds; it is durable then.
    ///
    /// # Errors
    ///
    /// When it can't be told whether it was written.
    fn put(&self, key: &str, text: &str, condition: &Condition) -> Result<Put, StoreError>;

    /// Where a key is, for people: `s3://bucket/prefix/key`.
    fn shown(&self, key: &str) -> String;
}

/// An object as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// What it holds.
    pub text: String,
    /// What changes with every write.
    pub tag: String,
    /// How long ago it was written, by the clock of the store; nothing if that does not say.
    pub age: Option<Duration>,
}

/// When an object is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// If there is none.
    Absent,
    /// If it is the one with this tag.
    Tag(String),
}

/// What became of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// It was written, and has this tag.
    Done(String),
    /// The condition does not hold.
    Moved,
    /// Others wrote at the same moment; the same write may be sent again.
    Again,
}

/// The store of one environment in objects.
#[derive(Debug, Clone)]
pub struct ObjectStore {
    objects: Arc<dyn Objects>,
    folder: String,
}

impl ObjectStore {
    /// The store of an environment under a prefix, which may be empty.
    #[must_use]
    pub fn new(objects: Arc<dyn Objects>, prefix: &str, project: &str, environment: &str) -> Self {
        let prefix = prefix.trim_matches('/');
        let start = if prefix.is_empty() {
            String::new()
        } else {
            format!("{prefix}/")
        };
        Self {
            objects,
            folder: format!("{start}{project}/{environment}"),
        }
    }

    fn key(&self, name: &str) -> String {
        format!("{}/{name}", self.folder)
    }

    fn lease(&self) -> String {
        self.key("lease.json")
    }

    /// Writes the record over the one that is there.
    fn write_record(&self, text: &str) -> Result<(), StoreError> {
        let key = self.key("record.json");
        for _ in 0..TRIES {
            let condition = match self.objects.get(&key)? {
                Some(object) => Condition::Tag(object.tag),
                None => Condition::Absent,
            };
            if let Put::Done(_) = put(self.objects.as_ref(), &key, text, &condition)? {
                return Ok(());
            }
        }
        Err(StoreError::Object {
            action: "write",
            key: self.objects.shown(&key),
            why: "somebody else writes it all the time".to_owned(),
        })
    }
}

/// Writes an object and makes sure of what became of it: a lost answer is looked up.
///
/// `text` must be such that nobody else writes the same.
pub(crate) fn put(
    objects: &dyn Objects,
    key: &str,
    text: &str,
    condition: &Condition,
) -> Result<Put, StoreError> {
    let mut pause = PAUSE;
    for _ in 0..TRIES {
        let sent = objects.put(key, text, condition);
        match sent {
            Ok(Put::Again) => {
                std::thread::sleep(pause);
                pause *= 2;
            }
            Ok(Put::Done(tag)) => return Ok(Put::Done(tag)),
            Ok(Put::Moved) | Err(_) => {
                // The write may be ours: one that was sent twice as its first answer was lost.
                return match (objects.get(key), sent) {
                    (Ok(Some(object)), _) if object.text == text => Ok(Put::Done(object.tag)),
                    (_, Err(error)) | (Err(error), Ok(_)) => Err(error),
                    (Ok(_), Ok(put)) => Ok(put),
                };
            }
        }
    }
    Ok(Put::Moved)
}

impl Store for ObjectStore {
    fn take(&self, claim: &Claim, clocks: &Clocks) -> Result<Arc<Held>, LeaseError> {
        object_lease::take(&self.objects, &self.lease(), claim, clocks).map(Arc::new)
    }

    fn standing(&self, clocks: &Clocks) -> Result<Standing, StoreError> {
        object_lease::standing(self.objects.as_ref(), &self.lease(), clocks)
    }

    fn release_by_force(&self, id: &str, by: &str, clocks: &Clocks) -> Result<bool, StoreError> {
        object_lease::release_by_force(self.objects.as_ref(), &self.lease(), id, by, clocks.now())
    }

    fn journal(&self, run: &str) -> Result<Arc<dyn Journal>, StoreError> {
        Ok(Arc::new(ObjectJournal {
            objects: Arc::clone(&self.objects),
            folder: self.key(run),
            lines: AtomicU64::new(0),
        }))
    }

    fn record(&self) -> Result<Option<Record>, StoreError> {
        let key = self.key("record.json");
        match self.objects.get(&key)? {
            Some(object) => record::parse(&object.text, &self.objects.shown(&key)),
            None => Ok(None),
        }
    }

    fn keep_record(&self, record: &Record) -> Result<(), StoreError> {
        self.write_record(&record::text(record))
    }

    fn forget_record(&self) -> Result<(), StoreError> {
        match self.record() {
            Ok(None) => Ok(()),
            Ok(Some(_)) | Err(_) => self.write_record(record::FORGOTTEN),
        }
    }

    fn was_used(&self, mark: &str) -> Result<bool, StoreError> {
        Ok(self.objects.get(&self.key(mark))?.is_some())
    }

    fn use_plan(&self, mark: &str) -> Result<bool, StoreError> {
        // The text is of this run alone, so that a lost answer can be told from another run.
        let text = format!("{}\n", crate::holder::random_id());
        let done = put(
            self.objects.as_ref(),
            &self.key(mark),
            &text,
            &Condition::Absent,
        )?;
        Ok(matches!(done, Put::Done(_)))
    }
}

/// The journal of a run: an object per line, so that no line waits for those before it.
#[derive(Debug)]
struct ObjectJournal {
    objects: Arc<dyn Objects>,
    folder: String,
    lines: AtomicU64,
}

impl Journal for ObjectJournal {
    fn write(&self, line: &JournalLine<'_>) -> Result<(), io::Error> {
        let number = self.lines.fetch_add(1, Ordering::Relaxed) + 1;
        let key = format!("{}/{number:06}.json", self.folder);
        let text = format!("{}\n", serde_json::to_string(line)?);
        match put(self.objects.as_ref(), &key, &text, &Condition::Absent) {
            Ok(Put::Done(_)) => Ok(()),
            Ok(Put::Moved | Put::Again) => Err(io::Error::other(format!(
                "`{}` is written by somebody else",
                self.objects.shown(&key)
            ))),
            Err(error) => Err(io::Error::other(error.with_cause())),
        }
    }
}
