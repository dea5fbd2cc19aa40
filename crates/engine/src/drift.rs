//! What others changed: live AWS against the record of the last apply.

use std::collections::{BTreeMap, BTreeSet};

use pgward_model::{Address, Effect, Flag, Origin, Path};
use serde::{Deserialize, Serialize};

/// Why a difference is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftClass {
    /// Somebody changed AWS.
    Outside,
    /// AWS did what the spec allows, such as storage autoscaling.
    Expected,
    /// `[ignore.*]` names it.
    Ignored,
    /// The spec has changed since the last apply; not drift.
    NotApplied,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DriftItem {
    /// The resource.
    pub address: Address,
    /// Path of the value; the address for a whole resource.
    pub path: Path,
    /// What the last apply left, in words.
    pub last_applied: Option<String>,
    /// What is in AWS, in words.
    pub live: Option<String>,
    /// Why it is there.
    pub class: DriftClass,
    /// What it would take to put it back.
    pub effect: Effect,
    /// What else is to be known.
    pub flags: BTreeSet<Flag>,
    /// Further lines.
    pub remarks: Vec<String>,
    /// Where the value is written.
    pub origin: Option<Origin>,
}

/// What the last apply set; kept in the store, without secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Format: `pgward.record/1`.
    pub format: String,
    /// When the last apply ended.
    pub at: jiff::Timestamp,
    /// The commit of the files.
    pub commit: Option<String>,
    /// Who applied: an ARN.
    pub by: String,
    /// Plan that was applied.
    pub plan: String,
    /// Values by path as they were declared, in words.
    pub values: BTreeMap<Path, String>,
    /// The resources, by address: name in AWS.
    pub names: BTreeMap<Address, String>,
}

/// What a comparison with the record found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// The record's moment and commit; nothing if there is no record.
    pub record: Option<(jiff::Timestamp, Option<String>)>,
    /// The differences, strongest first.
    pub items: Vec<DriftItem>,
    /// How many resources were compared.
    pub compared: usize,
    /// How many could not be read.
    pub unread: usize,
}

impl Drift {
    /// The differences of a class.
    pub fn of(&self, class: DriftClass) -> impl Iterator<Item = &DriftItem> {
        self.items.iter().filter(move |item| item.class == class)
    }

    /// Whether somebody changed AWS, or may have, as there is no record.
    #[must_use]
    pub fn is_drift(&self) -> bool {
        self.of(DriftClass::Outside).next().is_some()
    }
}
