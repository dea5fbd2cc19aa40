//! A record of every call to AWS, for `-v` and for counting.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use pgward_engine::FaultKind;

/// One call to AWS that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// The call as IAM names it: `rds:DescribeDBInstances`.
    pub action: String,
    /// When it was sent, counted from the start of the session.
    pub started: Duration,
    /// How long it took, repetitions included.
    pub elapsed: Duration,
    /// How many requests were sent for it, from 1.
    pub attempts: u32,
    /// AWS's request id of the last request.
    pub request_id: Option<String>,
    /// What went wrong; nothing for a success.
    pub fault: Option<FaultKind>,
}

/// All calls of a session, in the order in which they ended.
#[derive(Debug, Default)]
pub struct CallLog(Mutex<Vec<CallRecord>>);

impl CallLog {
    /// A log without calls.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a call.
    pub(crate) fn push(&self, record: CallRecord) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(record);
    }

    /// The calls so far.
    #[must_use]
    pub fn records(&self) -> Vec<CallRecord> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
