//! What is kept of an alarm.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::call::{Call, Refusal};
use crate::tagging::Tags;

/// Alarms of one account and region.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct CloudWatch {
    /// By name.
    pub alarms: BTreeMap<String, Alarm>,
}

/// One metric alarm.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Alarm {
    /// What the last put said, checked, under AWS's names.
    pub definition: Map<String, Value>,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub state: String,
    pub reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_data: Option<String>,
    #[serde(with = "crate::moment")]
    pub configured: Timestamp,
    #[serde(with = "crate::moment")]
    pub updated: Timestamp,
    #[serde(default)]
    pub tags: Tags,
}

/// The ARN of an alarm in the place of a call.
pub(super) fn arn(call: &Call, name: &str) -> String {
    call.arn("cloudwatch", &format!("alarm:{name}"))
}

/// 400 with a code.
pub(super) fn refused(code: &str, message: impl Into<String>) -> Refusal {
    Refusal::new(400, code, message)
}
