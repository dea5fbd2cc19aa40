//! What is kept of topics and subscriptions.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::call::Refusal;
use crate::tagging::Tags;

/// Time after which AWS drops a subscription that nobody confirmed.
const PATIENCE: SignedDuration = SignedDuration::from_hours(48);

/// Topics of one account and region.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Sns {
    /// ARN -> topic.
    pub topics: BTreeMap<String, Topic>,
    /// ARN -> subscription.
    pub subscriptions: BTreeMap<String, Subscription>,
}

/// A topic.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Topic {
    /// Those that were set.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    #[serde(default)]
    pub tags: Tags,
}

/// Where a topic sends to.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Subscription {
    pub topic: String,
    pub protocol: String,
    pub endpoint: String,
    /// Whether the receiver still has to agree.
    pub pending: bool,
    #[serde(with = "crate::moment")]
    pub created: Timestamp,
}

/// Drops subscriptions that nobody confirmed in time.
pub(super) fn forget_unconfirmed(sns: &mut Sns, now: Timestamp) {
    sns.subscriptions
        .retain(|_, held| !held.pending || now.duration_since(held.created) < PATIENCE);
}

/// A map in the form of SNS: a list of entries with key and value.
pub(super) fn map(entries: &BTreeMap<String, String>) -> Value {
    entries
        .iter()
        .map(|(key, value)| json!({ "key": key, "value": value }))
        .collect()
}

/// 400 `InvalidParameter`.
pub(super) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "InvalidParameter", message)
}

/// 404 `NotFound` for a topic.
pub(super) fn no_topic() -> Refusal {
    Refusal::new(404, "NotFound", "Topic does not exist")
}
