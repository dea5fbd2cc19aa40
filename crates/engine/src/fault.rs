//! Answers from outside that are not a success, sorted in one place by wire code.

use serde::{Deserialize, Serialize};

/// What an unsuccessful answer means for the next move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// It does not exist.
    NotFound,
    /// Something of that name exists.
    AlreadyExists,
    /// AWS is busy with it; the same call may succeed later.
    Busy,
    /// Something else still uses it; the same call may succeed later.
    InUse,
    /// Too many calls; the same call may succeed later.
    Throttled,
    /// The call may or may not have happened: look before repeating.
    Ambiguous,
    /// The caller may not do that.
    Denied,
    /// The credentials are missing, expired or wrong.
    Credentials,
    /// A quota of the account is used up.
    Quota,
    /// AWS has no capacity for it.
    Capacity,
    /// AWS refuses the values.
    Invalid,
    /// The endpoint does not know the call.
    Unsupported,
    /// The resource reached a state that only a person can mend.
    Failed,
    /// What the plan relies on has changed since.
    Moved,
    /// Anything else.
    Other,
}

/// An unsuccessful answer, with what a person needs to follow it up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{action}: {}{message}", code.as_deref().map(|code| format!("{code}: ")).unwrap_or_default())]
pub struct Fault {
    /// What it means.
    pub kind: FaultKind,
    /// The call, such as `rds:CreateDBInstance`.
    pub action: String,
    /// AWS's error code, if it gave one.
    pub code: Option<String>,
    /// AWS's message, or ours; holds no secret.
    pub message: String,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// AWS's request id.
    pub request_id: Option<String>,
}

impl Fault {
    /// A fault without an answer of AWS.
    #[must_use]
    pub fn new(kind: FaultKind, action: &str, message: impl Into<String>) -> Self {
        Self {
            kind,
            action: action.to_owned(),
            code: None,
            message: message.into(),
            status: None,
            request_id: None,
        }
    }

    /// The code of the diagnostic, P701 to P707 or P610.
    #[must_use]
    pub fn diagnostic_code(&self) -> &'static str {
        match self.kind {
            FaultKind::Denied | FaultKind::Credentials => "P702",
            FaultKind::Quota => "P703",
            FaultKind::Capacity => "P704",
            FaultKind::Ambiguous | FaultKind::Busy | FaultKind::InUse => "P705",
            FaultKind::Throttled => "P706",
            FaultKind::Failed => "P707",
            FaultKind::Moved => "P610",
            FaultKind::NotFound
            | FaultKind::AlreadyExists
            | FaultKind::Invalid
            | FaultKind::Unsupported
            | FaultKind::Other => "P701",
        }
    }
}
