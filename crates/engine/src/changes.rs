//! What differs between what should exist and what does.

use pgward_model::{Address, Path, Resource, Value};
use serde::{Deserialize, Serialize};

use crate::{Fault, Present};

/// What is to be done with a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// It does not exist.
    Create,
    /// It exists and differs.
    Update,
    /// It exists and differs in something that can't be changed.
    Replace,
    /// It exists, is ours, and the spec doesn't name it.
    Delete,
    /// It must be restarted for stored values to take effect.
    Restart,
    /// AWS is still creating it, and the run waits until it has. Operations have it, never changes.
    Await,
    /// It exists, carries no tags of ours, and gets them.
    Adopt,
}

impl Verb {
    /// The word in lines of progress.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "change",
            Self::Replace => "replace",
            Self::Delete => "delete",
            Self::Restart => "restart",
            Self::Await => "wait",
            Self::Adopt => "adopt",
        }
    }
}

/// One value that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttributeChange {
    /// Path in the catalog: `storage.size`, `*.class`, `parameters.*`.
    pub attribute: String,
    /// Key of a keyed attribute.
    pub key: Option<String>,
    /// Path as people know it: `parameters.max_connections`.
    pub path: Path,
    /// The value in AWS; nothing if there is none.
    pub before: Option<Value>,
    /// The declared value; nothing if it goes.
    pub after: Option<Value>,
}

/// One resource that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResourceChange {
    /// The address.
    pub address: Address,
    /// The kind.
    pub kind: String,
    /// What is to be done.
    pub verb: Verb,
    /// Its name in AWS.
    pub name: String,
    /// The values that differ; empty for a creation and a deletion. An adoption leaves them.
    pub attributes: Vec<AttributeChange>,
    /// What is declared; nothing for a deletion.
    pub desired: Option<Resource>,
    /// What there is; nothing for a creation.
    pub live: Option<Box<Present>>,
}

/// A value that was accepted and is not in effect yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WaitingValue {
    /// The address.
    pub address: Address,
    /// The kind.
    pub kind: String,
    /// Path in the catalog; nothing for values that wait for a restart together.
    pub attribute: Option<String>,
    /// Path as people know it.
    pub path: Path,
    /// The value in effect.
    pub before: Option<Value>,
    /// The value that waits.
    pub after: Option<Value>,
    /// Whether it is what the spec says; otherwise somebody else asked for it.
    pub declared: bool,
}

/// Everything that differs in one environment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Changes {
    /// What differs, by address; deletions of leftovers at the end.
    pub resources: Vec<ResourceChange>,
    /// What was accepted earlier.
    pub waiting: Vec<WaitingValue>,
    /// What exists under the declared name and is not ours; never changed.
    pub unmanaged: Vec<(Address, Box<Present>)>,
    /// What could not be read; never planned.
    pub unread: Vec<(Address, Box<Fault>)>,
    /// What was compared, by address.
    pub compared: Vec<Address>,
    /// How many values were compared; counted for what is adopted.
    pub values: usize,
}

impl Changes {
    /// Whether nothing is to be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }
}
