//! The only doors to the outside: what the engine asks of AWS, of the store and of time.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use pgward_model::{Address, Desired, Diagnostic, Object, Resource};

use crate::{Caller, Changes, Fault, Live, Observation, Present};

/// One account and region of AWS, read and changed through the adapters of the kinds.
#[async_trait]
pub trait Remote: Send + Sync {
    /// Who the credentials belong to.
    ///
    /// # Errors
    ///
    /// When there are none, or AWS can't be reached.
    async fn caller(&self) -> Result<Caller, Fault>;

    /// Reads several environments at once: one paged listing per kind for all of them.
    ///
    /// The answer has one [`Live`] per environment, in order. It never fails as a whole: what
    /// can't be read is [`Observation::Unreadable`]. `{ tags = … }` subnets are resolved by
    /// [`Live::subnets`].
    async fn observe(&self, environments: &[&Desired]) -> Vec<Live>;

    /// What only AWS knows about what is about to change: versions, classes, roles, keys, topics,
    /// groups, parameter names and ranges. Findings P5xx, with the spec's lines, and sentences
    /// about what could not be checked.
    async fn check(&self, desired: &Desired, live: &Live, changes: &Changes) -> Checked;

    /// Reads one resource by kind and name.
    async fn look(&self, kind: &str, name: &str) -> Observation;

    /// Reads a resource again that was seen before: that one, and none of the same name that
    /// exists beside it or took its place.
    async fn look_again(&self, kind: &str, seen: &Present) -> Observation;

    /// Reads a manual snapshot of a DB instance that exists or did: the named one, or the newest.
    ///
    /// # Errors
    ///
    /// When it can't be read, or has failed.
    async fn snapshot(&self, instance: &Present, name: Option<&str>) -> Result<Snapshot, Fault>;

    /// Creates a resource, with its tags in the creating call. Must be safe to repeat after
    /// [`Fault`] `Ambiguous` once [`Remote::look`] has said that it is absent.
    ///
    /// # Errors
    ///
    /// What AWS answered, sorted.
    async fn create(&self, request: &Create) -> Result<(), Fault>;

    /// Changes attributes of a resource; safe to repeat.
    ///
    /// # Errors
    ///
    /// What AWS answered, sorted.
    async fn change(&self, request: &Change) -> Result<(), Fault>;

    /// Gives an existing resource our tags and changes nothing else; safe to repeat.
    ///
    /// # Errors
    ///
    /// What AWS answered, sorted.
    async fn adopt(&self, request: &Adopt) -> Result<(), Fault>;

    /// Deletes a resource; absent is a success.
    ///
    /// # Errors
    ///
    /// What AWS answered, sorted.
    async fn delete(&self, request: &Delete) -> Result<(), Fault>;

    /// Restarts a resource.
    ///
    /// # Errors
    ///
    /// What AWS answered, sorted.
    async fn restart(&self, kind: &str, name: &str) -> Result<(), Fault>;
}

/// The answer of [`Remote::check`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Checked {
    /// P5xx findings.
    pub findings: Vec<Diagnostic>,
    /// What could not be checked, and why.
    pub not_checked: Vec<String>,
    /// What AWS would choose: (`postgres.version`, `16.10`) for a short version.
    pub chosen: BTreeMap<String, String>,
}

/// What there is of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Snapshot {
    /// AWS knows none.
    Absent,
    /// AWS is at work on it.
    InTheMaking,
    /// It can be restored.
    Available,
}

/// A resource to be created.
#[derive(Debug, Clone, PartialEq)]
pub struct Create {
    /// What is declared, with every output of others filled in.
    pub resource: Resource,
    /// All tags, those of ownership included.
    pub tags: BTreeMap<String, String>,
    /// Names in AWS of the environment's other resources, by address: a secret's name.
    pub names: BTreeMap<Address, String>,
}

/// A resource to be changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What is declared, with every output of others filled in.
    pub resource: Resource,
    /// What there is.
    pub live: Box<Present>,
    /// The attributes to change, by path; a keyed attribute holds all its declared keys.
    pub attributes: Object,
    /// Whether changes that could wait for the window are applied at once. RDS then also applies
    /// everything that waits already.
    pub immediate: bool,
    /// Names in AWS of the environment's other resources, by address.
    pub names: BTreeMap<Address, String>,
}

/// A resource to be adopted.
#[derive(Debug, Clone, PartialEq)]
pub struct Adopt {
    /// The kind.
    pub kind: String,
    /// What there is.
    pub live: Box<Present>,
    /// The tags of ownership.
    pub tags: BTreeMap<String, String>,
}

/// A resource to be deleted.
#[derive(Debug, Clone, PartialEq)]
pub struct Delete {
    /// The kind.
    pub kind: String,
    /// What there is.
    pub live: Box<Present>,
    /// Name of the final snapshot, for what holds data; nothing leaves none.
    pub final_snapshot: Option<String>,
}

/// Time, real or virtual.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
    /// Waits.
    async fn sleep(&self, duration: Duration);
}

/// What is written before and after every call that changes something.
pub trait Journal: Send + Sync {
    /// Writes a line and syncs it.
    ///
    /// # Errors
    ///
    /// When the line can't be made durable; the call must then not be made.
    fn write(&self, line: &JournalLine<'_>) -> Result<(), std::io::Error>;
}

/// One line of the journal; holds no values, so no secret.
#[derive(Debug, Clone, serde::Serialize)]
pub struct JournalLine<'a> {
    /// When.
    pub at: Timestamp,
    /// `intent`, `done`, `fault`, `start`, `end`.
    pub what: &'a str,
    /// The resource.
    pub address: &'a str,
    /// [`Verb::word`](crate::Verb::word): `create`, `change`, `delete` and so on.
    pub verb: &'a str,
    /// The name in AWS.
    pub name: &'a str,
    /// The paths that change, or the error.
    pub note: String,
}

/// The right to write to an environment.
pub trait Lease: Send + Sync {
    /// Whether it is still ours; asked before every write.
    ///
    /// # Errors
    ///
    /// Says who has it, or why it can't be known.
    fn check(&self) -> Result<(), String>;
}
