//! The document of `drift`: what others changed, with what it takes to put it back.

use std::collections::BTreeSet;

use jiff::Timestamp;
use pgward_engine::{Drift, DriftClass, DriftItem, Verb};
use pgward_model::{Address, Flag};
use serde::{Deserialize, Serialize};

use crate::document::{
    DriftEntry, EnvironmentPart, Notice, Source, WaitingPart, attribute, command,
};
use crate::wording::{self, Sigil};

/// What a comparison with the last apply says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftVerdict {
    /// AWS is as the last apply left it.
    NoDrift,
    /// Somebody changed AWS.
    Drift,
    /// AWS differs from the spec, and no record says who is behind.
    Different,
    /// Nothing was found, but not everything could be read.
    Incomplete,
}

/// Numbers of differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftSummary {
    /// Resources that were compared.
    pub compared: usize,
    /// Resources that could not be read.
    pub unread: usize,
    /// Resources that were changed outside.
    pub outside: usize,
    /// Differences that the spec allows.
    pub expected: usize,
    /// Paths that `[ignore.*]` names.
    pub ignored: usize,
    /// Differences that come from the spec.
    pub not_applied: usize,
}

/// The last apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastApply {
    /// When it ended.
    pub at: Timestamp,
    /// The commit of the files.
    pub commit: Option<String>,
}

/// The version of PostgreSQL that a resource runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionPart {
    /// The resource.
    pub address: String,
    /// The version in effect: `16.9`.
    pub version: String,
    /// How many newer minor versions are known; nothing if the version itself is not known.
    pub behind: Option<usize>,
}

/// A resource in a state in which only a person can help.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatePart {
    /// The resource.
    pub address: String,
    /// What is wrong: `the DB instance happytrip-b2b-prod is stopped`.
    pub state: String,
    /// What to do.
    pub advice: String,
}

/// What others changed: the JSON document `pgward.drift`, and the input of its text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DriftDocument {
    /// Always `pgward.drift`.
    pub format: String,
    /// `1.0`.
    pub format_version: String,
    /// Version of the program.
    pub tool_version: String,
    /// Which environment it is about.
    pub environment: EnvironmentPart,
    /// The environment's own file, which findings without a place belong to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// When AWS was read.
    pub read_at: Timestamp,
    /// The last apply; nothing if there is no record of it.
    pub last_apply: Option<LastApply>,
    /// The verdict.
    pub verdict: DriftVerdict,
    /// Counts.
    pub summary: DriftSummary,
    /// The differences.
    pub drift: Vec<DriftEntry>,
    /// What was accepted earlier and is not in effect yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<WaitingPart>,
    /// What does not work, and is no drift.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_working: Vec<StatePart>,
    /// The versions in effect.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<VersionPart>,
    /// Commands that lead on.
    pub next: Vec<Notice>,
}

impl DriftDocument {
    /// Whether nothing of the environment exists yet.
    pub(crate) fn is_not_applied(&self) -> bool {
        self.verdict == DriftVerdict::NoDrift
            && self.last_apply.is_none()
            && self.summary.not_applied >= self.summary.compared
            && self.summary.compared > 0
    }

    /// The document of a comparison.
    #[must_use]
    pub fn new(
        drift: &Drift,
        environment: &EnvironmentPart,
        read_at: Timestamp,
        tool_version: &str,
    ) -> Self {
        let of = |class| drift.of(class);
        let addresses: BTreeSet<&Address> =
            of(DriftClass::Outside).map(|item| &item.address).collect();
        let ignored: BTreeSet<_> = of(DriftClass::Ignored).map(|item| &item.path).collect();
        let summary = DriftSummary {
            compared: drift.compared,
            unread: drift.unread,
            outside: addresses.len(),
            expected: of(DriftClass::Expected).count(),
            ignored: ignored.len(),
            not_applied: of(DriftClass::NotApplied).count(),
        };
        let verdict = match (summary.outside, drift.unread, &drift.record) {
            (0, 0, _) => DriftVerdict::NoDrift,
            (0, _, _) => DriftVerdict::Incomplete,
            (_, _, Some(_)) => DriftVerdict::Drift,
            (_, _, None) => DriftVerdict::Different,
        };
        Self {
            format: "pgward.drift".to_owned(),
            format_version: "1.0".to_owned(),
            tool_version: tool_version.to_owned(),
            environment: environment.clone(),
            file: None,
            read_at: wording::whole_second(read_at),
            last_apply: drift.record.as_ref().map(|(at, commit)| LastApply {
                at: *at,
                commit: commit.clone(),
            }),
            verdict,
            summary,
            drift: drift.items.iter().map(entry).collect(),
            waiting: Vec::new(),
            not_working: Vec::new(),
            versions: Vec::new(),
            next: next(drift, environment),
        }
    }

    /// The differences of a class.
    pub fn of(&self, class: DriftClass) -> impl Iterator<Item = &DriftEntry> {
        self.drift.iter().filter(move |entry| entry.class == class)
    }
}

fn entry(item: &DriftItem) -> DriftEntry {
    let whole = item.whole;
    let applied = item.class != DriftClass::NotApplied;
    let gone = whole && item.live.is_none() && applied;
    let alarming = gone || item.flags.contains(&Flag::Exposure);
    let mut remarks = item.remarks.clone();
    if remarks.is_empty() && gone {
        remarks.push("it does not exist any more".to_owned());
    } else if remarks.is_empty() && whole && !applied {
        remarks.push("not there yet".to_owned());
    } else if remarks.is_empty() && whole && item.last_applied.is_none() {
        remarks.push("it carries the tags of this environment, and nothing declares it".to_owned());
    }
    DriftEntry {
        address: item.address.to_string(),
        attribute: attribute(&item.address, &item.path),
        path: item.path.clone(),
        sigil: if alarming {
            Sigil::Interrupt
        } else {
            Sigil::of(Verb::Update, item.effect)
        },
        last_applied: item.last_applied.clone(),
        live: item.live.clone(),
        who: None,
        at: None,
        class: item.class,
        effect: item.effect,
        flags: item.flags.clone(),
        remarks,
        source: item.origin.as_ref().map(Source::from),
    }
}

/// The command that puts everything back.
fn next(drift: &Drift, environment: &EnvironmentPart) -> Vec<Notice> {
    let name = &environment.name;
    let mut addresses: Vec<&str> = Vec::new();
    for item in drift.of(DriftClass::Outside).filter(|item| !item.disowned) {
        if !addresses.contains(&item.address.as_str()) {
            addresses.push(item.address.as_str());
        }
    }
    let mut all = Vec::new();
    let mut add = |label: &str, words: String| {
        all.push(Notice {
            label: label.to_owned(),
            command: command(environment, &words),
        });
    };
    match (addresses.is_empty(), &drift.record) {
        (true, _) => {}
        (false, Some(_)) => {
            let only = addresses.join(",");
            add("Put back:", format!("apply {name} --only {only}"));
        }
        (false, None) => add("See:", format!("plan {name}")),
    }
    if drift.of(DriftClass::Outside).any(|item| item.disowned) {
        add("Adopt:", format!("import {name} --adopt"));
    }
    all
}
