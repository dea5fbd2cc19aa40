//! What exists: one observation per resource, with what is in effect and what is waiting.

use std::collections::BTreeMap;

use pgward_model::{Address, Object, Value};
use serde::{Deserialize, Serialize};

use crate::Fault;

/// Who the credentials belong to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// Account of 12 digits.
    pub account: String,
    /// ARN of the user or the assumed role.
    pub arn: String,
}

/// Whose resource it is, by its tags; one that is not there is empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Owner {
    /// Tag `pgward:project`.
    pub project: String,
    /// Tag `pgward:environment`.
    pub environment: String,
    /// Tag `pgward:address`.
    pub address: String,
}

impl Owner {
    /// Whether all three tags are there and name this environment.
    #[must_use]
    pub fn is_of(&self, project: &str, environment: &str) -> bool {
        self.project == project && self.environment == environment && !self.address.is_empty()
    }

    /// Whether one of the tags names another project or environment.
    #[must_use]
    pub fn is_another(&self, project: &str, environment: &str) -> bool {
        let another = |tag: &str, own: &str| !tag.is_empty() && tag != own;
        another(&self.project, project) || another(&self.environment, environment)
    }

    /// `project/environment`, as far as the tags say.
    #[must_use]
    pub fn title(&self) -> String {
        let word = |tag: &str| {
            if tag.is_empty() {
                "?".to_owned()
            } else {
                tag.to_owned()
            }
        };
        format!("{}/{}", word(&self.project), word(&self.environment))
    }
}

/// Whether a resource takes changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Readiness {
    /// Changes may be sent.
    Ready,
    /// AWS is at work; wait.
    Busy,
    /// It does not work, and a change or a restart may be what helps.
    Mendable,
    /// A person must act before anything can change.
    Stuck,
    /// It failed for good.
    Failed,
    /// It is being deleted.
    Leaving,
}

/// A resource that exists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Present {
    /// Its name in AWS.
    pub name: String,
    /// Its ARN, or its id where it has none.
    pub arn: String,
    /// Whose it is; nothing if it has none of our tags.
    pub owner: Option<Owner>,
    /// What is in effect, by attribute path.
    pub now: Object,
    /// What was accepted and waits for a window, by attribute path.
    pub waiting: Object,
    /// What else waits for a window, that no attribute stands for: AWS's name of the setting, and the
    /// value it is to get.
    #[serde(default)]
    pub waiting_too: BTreeMap<String, String>,
    /// Whether stored values wait for a restart (`pending-reboot`).
    pub waits_for_restart: bool,
    /// Ids, ARNs and endpoints that others refer to: `id`, `arn`, `endpoint`, `port`.
    pub outputs: BTreeMap<String, Value>,
    /// Names of what copies it, whoever made that.
    #[serde(default)]
    pub followers: Vec<String>,
    /// AWS's own word for its state, such as `available`.
    pub status: String,
    /// Whether AWS is still creating it, so that not all of it shows.
    #[serde(default)]
    pub unfinished: bool,
    /// Whether it is deleted but for a time in which a creation brings it back as it was.
    #[serde(default)]
    pub restorable: bool,
    /// Whether it takes changes.
    pub readiness: Readiness,
    /// Whether AWS takes no snapshot of it in its state, and deletes it only without one.
    #[serde(default)]
    pub without_snapshot: bool,
    /// What a person must do, if something is wrong with it.
    pub advice: String,
    /// Further sentences for the plan, such as maintenance that AWS announces.
    pub remarks: Vec<String>,
}

impl Present {
    /// A resource that is there and ready, without attributes.
    #[must_use]
    pub fn new(name: impl Into<String>, arn: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            arn: arn.into(),
            owner: None,
            now: Object::new(),
            waiting: Object::new(),
            waiting_too: BTreeMap::new(),
            waits_for_restart: false,
            outputs: BTreeMap::new(),
            followers: Vec::new(),
            status: "available".to_owned(),
            unfinished: false,
            restorable: false,
            readiness: Readiness::Ready,
            without_snapshot: false,
            advice: String::new(),
            remarks: Vec::new(),
        }
    }
}

/// What a read found. Unreadable is never absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observation {
    /// It does not exist; AWS said so.
    Absent,
    /// It exists.
    Present(Box<Present>),
    /// It could not be read.
    Unreadable(Box<Fault>),
}

impl Observation {
    /// A resource that exists.
    #[must_use]
    pub fn present(present: Present) -> Self {
        Self::Present(Box::new(present))
    }

    /// The resource, if it exists; what is deleted and can be brought back does not.
    #[must_use]
    pub fn as_present(&self) -> Option<&Present> {
        match self {
            Self::Present(present) if !present.restorable => Some(present),
            Self::Present(_) | Self::Absent | Self::Unreadable(_) => None,
        }
    }
}

/// A resource that carries the environment's tags and that the spec does not name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Leftover {
    /// The kind in the catalog.
    pub kind: String,
    /// The address in its tags.
    pub address: Address,
    /// What it is.
    pub present: Present,
}

/// A subnet, as plans print it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subnet {
    /// Its id.
    pub id: String,
    /// Availability zone.
    pub zone: String,
    /// VPC.
    pub vpc: String,
    /// Whether a route leads to an internet gateway; nothing if that was not read.
    pub public: Option<bool>,
}

/// A DB instance with everything that belongs to it, whoever made it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Discovery {
    /// What exists, with the kind in the catalog.
    pub resources: Vec<(String, Present)>,
    /// AWS's word for the engine, such as `postgres`, and the cluster if it is in one.
    pub engine: String,
    /// The instance that it copies, if it is a replica itself.
    pub copies: Option<String>,
    /// What was found and left out, and why, as sentences.
    pub remarks: Vec<String>,
}

impl Discovery {
    /// Adds resources of a kind.
    pub fn add(&mut self, kind: &str, found: Vec<Present>) {
        let with_kind = |present| (kind.to_owned(), present);
        self.resources.extend(found.into_iter().map(with_kind));
    }
}

/// What exists of one environment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Live {
    /// By address, one for every resource of the spec.
    pub resources: BTreeMap<Address, Observation>,
    /// What carries our tags and is not in the spec.
    pub leftovers: Vec<Leftover>,
    /// The subnets of the environment, by id.
    pub subnets: BTreeMap<String, Subnet>,
    /// Whether the subnets could not be read, so that an empty list says nothing.
    #[serde(default)]
    pub unread_subnets: bool,
    /// KMS keys by what was written: alias or id to ARN.
    pub keys: BTreeMap<String, String>,
    /// Reads that AWS denied or the endpoint lacks, as sentences: "roles: access denied".
    pub not_checked: Vec<String>,
}

impl Live {
    /// The resource of an address, if it exists.
    #[must_use]
    pub fn present(&self, address: &Address) -> Option<&Present> {
        self.resources
            .get(address)
            .and_then(Observation::as_present)
    }

    /// The output of a resource, if it exists or can be brought back: its ARN stays the same.
    #[must_use]
    pub fn output(&self, address: &Address, output: &str) -> Option<Value> {
        match self.resources.get(address)? {
            Observation::Present(present) => present.outputs.get(output).cloned(),
            Observation::Absent | Observation::Unreadable(_) => None,
        }
    }
}
