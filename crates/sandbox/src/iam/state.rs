//! What is kept of a role.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::call::Refusal;
use crate::tagging::Tags;

/// Time until other services have heard of a role.
const PROPAGATION: SignedDuration = SignedDuration::from_secs(10);

/// The roles of an account.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Iam {
    /// By name in lower case, since names differing in case only are one.
    pub roles: BTreeMap<String, Role>,
}

/// One role.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Role {
    pub name: String,
    pub path: String,
    pub id: String,
    pub arn: String,
    /// The trust policy, as it was sent.
    pub trust: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Seconds.
    pub longest_session: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boundary: Option<String>,
    #[serde(with = "crate::moment")]
    pub created: Timestamp,
    #[serde(default)]
    pub tags: Tags,
    /// ARNs of managed policies.
    #[serde(default)]
    pub attached: BTreeSet<String>,
    /// Name -> document of inline policies.
    #[serde(default)]
    pub inline: BTreeMap<String, String>,
}

impl Role {
    /// Whether other services have heard of the role.
    pub(super) fn is_known(&self, now: Timestamp) -> bool {
        now.duration_since(self.created) >= PROPAGATION
    }
}

impl Iam {
    /// The role with a name.
    ///
    /// # Errors
    /// `NoSuchEntity` if there is none.
    pub(super) fn role(&mut self, name: &str) -> Result<&mut Role, Refusal> {
        self.roles
            .get_mut(&name.to_lowercase())
            .ok_or_else(|| absent(format!("The role with name {name} cannot be found.")))
    }
}

/// 404 `NoSuchEntity`.
pub(super) fn absent(message: String) -> Refusal {
    Refusal::new(404, "NoSuchEntity", message)
}

/// 400 `ValidationError`.
pub(super) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "ValidationError", message)
}
