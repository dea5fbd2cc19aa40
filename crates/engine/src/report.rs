//! What happened: the events of a run while it goes on, and its report at the end.

use jiff::Timestamp;
use pgward_model::{Address, Path};
use serde::{Deserialize, Serialize};

use crate::{Fault, Verb};

/// What became of one operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Outcome {
    /// It is done and in effect.
    Done,
    /// AWS accepted it; it takes effect later.
    Accepted,
    /// AWS refused it or it failed.
    Failed {
        /// What AWS answered.
        fault: Fault,
        /// The code, P701 to P707.
        code: String,
    },
    /// It was not started, since this failed or was not applied.
    Skipped {
        /// What it needs.
        because: Address,
    },
    /// AWS goes on with it; the run stopped waiting, or ended before it could look.
    InProgress {
        /// AWS's word for the state.
        status: String,
    },
    /// Nothing was sent, since the run was stopped before.
    NotStarted,
}

/// One operation with what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OperationReport {
    /// Number in the plan.
    pub number: usize,
    /// The resource.
    pub address: Address,
    /// The kind.
    pub kind: String,
    /// What was to be done.
    pub verb: Verb,
    /// Name in AWS.
    pub name: String,
    /// The step.
    pub step: u32,
    /// A few words: `DB instance happytrip-b2b-prod`.
    pub headline: String,
    /// What became of it.
    pub outcome: Outcome,
    /// How long it took.
    pub elapsed_ms: u64,
    /// The paths it covers.
    pub paths: Vec<Path>,
}

/// Why a run ended before its last operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It did not.
    Complete,
    /// Somebody interrupted it.
    Interrupted,
    /// The lease was lost.
    LeaseLost(String),
    /// The journal could not be written.
    JournalFailed(String),
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Every operation of the plan, in order.
    pub operations: Vec<OperationReport>,
    /// How it ended.
    pub ending: Ending,
    /// How long it took.
    pub elapsed_ms: u64,
    /// When it ended.
    pub ended_at: Timestamp,
}

impl Report {
    /// How many operations ended with an outcome that `test` accepts.
    pub fn count(&self, test: impl Fn(&Outcome) -> bool) -> usize {
        self.operations
            .iter()
            .filter(|operation| test(&operation.outcome))
            .count()
    }

    /// Whether every operation was done or accepted.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.ending == Ending::Complete
            && self
                .operations
                .iter()
                .all(|operation| matches!(operation.outcome, Outcome::Done | Outcome::Accepted))
    }
}

/// Something that happens while a run goes on.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A step begins.
    Step {
        /// Its number.
        step: u32,
        /// How many there are.
        of: u32,
        /// Its resources.
        addresses: Vec<Address>,
    },
    /// An operation begins.
    Started {
        /// Number in the plan.
        number: usize,
    },
    /// AWS is at work on an operation; sent at every look.
    Waiting {
        /// Number in the plan.
        number: usize,
        /// AWS's word for the state.
        status: String,
        /// How long it takes already.
        elapsed_ms: u64,
    },
    /// A call is repeated after a while.
    Retrying {
        /// Number in the plan.
        number: usize,
        /// Why.
        fault: Fault,
    },
    /// An operation ended.
    Ended {
        /// Number in the plan.
        number: usize,
        /// What became of it.
        outcome: Outcome,
        /// How long it took.
        elapsed_ms: u64,
    },
}

/// Who hears of events; must not block.
pub trait Progress: Send + Sync {
    /// Takes an event at the moment it happens.
    fn event(&self, at: Timestamp, event: &Event);
}
