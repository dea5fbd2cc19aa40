//! The plan: what will be done, what it does to the running database, and in which order.
//!
//! A plan can be shown and applied without the files, the catalog or the graph that made it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use pgward_model::{
    Address, Described, Diagnostic, Effect, Environment, Flag, Input, Origin, Path, Resource,
    SourceFile, Value,
};
use serde::{Deserialize, Serialize};

use crate::{Caller, Fault, Present, Verb};

/// When a change takes effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum When {
    /// At apply.
    Now,
    /// In the maintenance window that begins at this moment; nothing if the window is not known.
    Window {
        /// Start of the window.
        at: Option<Timestamp>,
    },
    /// With a restart.
    Restart {
        /// The path whose restart is used; nothing if somebody must cause one.
        with: Option<Path>,
    },
    /// Never: it is blocked.
    Never,
}

/// Whether a change may be applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Gate {
    /// Yes.
    Ready,
    /// Only with `--allow`.
    NeedsAllow {
        /// The effect to allow.
        allow: Effect,
    },
    /// No; a plan never does that.
    Blocked {
        /// The code, such as `P601`.
        code: String,
        /// Why, in one sentence.
        why: String,
        /// What to do instead.
        instead: Vec<String>,
    },
}

/// Another value that moves because of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Follow {
    /// Its path.
    pub path: Path,
    /// Its value now, in words.
    pub before: String,
    /// Its value then, in words.
    pub after: String,
}

/// What a change costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Difference per month in hundredths of a cent (USD).
    pub monthly_delta: i64,
    /// How it comes about; may be empty.
    pub basis: String,
}

/// One change of the plan: a value, or a whole resource that is created, replaced or deleted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedChange {
    /// Path of the value; the address for a whole resource.
    pub path: Path,
    /// Path in the catalog and key of the one value it is about; nothing for a whole resource.
    pub attribute: Option<(String, Option<String>)>,
    /// Address of the resource.
    pub address: Address,
    /// The kind in the catalog.
    pub kind: String,
    /// What is done with the resource.
    pub verb: Verb,
    /// Type in JSON, such as `rds.instance`.
    pub resource_type: String,
    /// Name in AWS.
    pub name: String,
    /// What AWS calls one: `DB instance`.
    pub noun: String,
    /// The value in AWS.
    pub before: Option<Value>,
    /// The declared value.
    pub after: Option<Value>,
    /// The value in AWS, in the units of the language.
    pub before_text: Option<String>,
    /// The declared value, in the units of the language.
    pub after_text: Option<String>,
    /// What it does to the running database.
    pub effect: Effect,
    /// What else is to be known.
    pub flags: BTreeSet<Flag>,
    /// Shortest and longest interruption, in seconds.
    pub interruption: Option<(u32, u32)>,
    /// When it takes effect.
    pub when: When,
    /// With `--now`: what else AWS would then start; nothing if it starts at apply anyway.
    pub also_releases: Option<Vec<String>>,
    /// Why it has this effect, or why it waits.
    pub reason: String,
    /// The paths that force a replacement.
    pub replaced_because: Vec<Path>,
    /// Where the value is written; nothing for what is deleted.
    pub origin: Option<Origin>,
    /// What moves with it.
    pub follows: Vec<Follow>,
    /// Further lines: (`gains`, …), (`order`, …), (`also`, …), (`lost`, …).
    pub remarks: Vec<(String, String)>,
    /// What it costs; nothing if that is not priced.
    pub cost: Option<Cost>,
    /// Whether it may be applied.
    pub gate: Gate,
    /// Its step; nothing if it is blocked.
    pub step: Option<u32>,
    /// The steps before it that it needs.
    pub after_steps: Vec<u32>,
    /// A few words for a whole resource: `DB instance happytrip-b2b-prod`.
    pub headline: String,
    /// What a reviewer decides about, for a creation.
    pub details: Vec<Described>,
}

impl PlannedChange {
    /// Whether it is a whole resource and not one value.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        !matches!(self.verb, Verb::Update)
    }

    /// Whether a plan never does it.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        matches!(self.gate, Gate::Blocked { .. })
    }
}

/// Changes that are made at once, because nothing in them waits for another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// From 1.
    pub number: u32,
    /// The resources.
    pub addresses: Vec<Address>,
    /// How long it usually takes, in minutes: shortest and longest.
    pub minutes: (u32, u32),
}

/// Something that was accepted earlier and is not in effect yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// The resource.
    pub address: Address,
    /// Path of the value.
    pub path: Path,
    /// The value in effect, in words.
    pub before_text: Option<String>,
    /// The value that waits, in words.
    pub after_text: Option<String>,
    /// What it waits for.
    pub until: When,
    /// What it does then.
    pub effect: Effect,
    /// Shortest and longest interruption, in seconds.
    pub interruption: Option<(u32, u32)>,
    /// Whether the spec asks for it; otherwise somebody else does.
    pub declared: bool,
    /// Whether a window has passed without effect, so that somebody should look.
    pub overdue: bool,
    /// Why it needs no change, for what others asked for.
    pub note: String,
}

/// A resource that exists and is not managed by this environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unmanaged {
    /// The address that asks for its name.
    pub address: Address,
    /// Its name in AWS.
    pub name: String,
    /// Who owns it, if our tags name somebody: `project/environment`.
    pub owner: Option<String>,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unread {
    /// The resource.
    pub address: Address,
    /// What AWS answered.
    pub fault: Fault,
}

/// When changes with downtime are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timing {
    /// They wait for the maintenance window.
    Window,
    /// They start at apply.
    Now,
}

/// One thing that apply does: one call to AWS or a few that belong together, and the wait for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// Number in the plan, from 0.
    pub number: usize,
    /// The resource.
    pub address: Address,
    /// The kind.
    pub kind: String,
    /// What is done.
    pub verb: Verb,
    /// Name in AWS.
    pub name: String,
    /// The step.
    pub step: u32,
    /// The operations that must have succeeded before.
    pub after: BTreeSet<usize>,
    /// What is declared, outputs of others not filled in yet.
    pub resource: Option<Resource>,
    /// What there was when the plan was made.
    pub live: Option<Box<Present>>,
    /// The attributes to change, by path in the catalog.
    pub attributes: BTreeSet<String>,
    /// Whether what could wait for the window is applied at once.
    pub immediate: bool,
    /// Whether the values take effect later, so that apply does not wait for them.
    pub deferred: bool,
    /// All tags of a creation; those of ownership for an adoption.
    pub tags: BTreeMap<String, String>,
    /// Name of the final snapshot of a deletion.
    pub final_snapshot: Option<String>,
    /// The strongest effect it has.
    pub effect: Effect,
    /// A few words: `DB instance happytrip-b2b-prod`.
    pub headline: String,
    /// How long it usually takes, in minutes: shortest, longest, deadline.
    pub minutes: (u32, u32, u32),
    /// Paths it covers, for the journal and the report.
    pub paths: Vec<Path>,
}

/// Money of the whole plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TotalCost {
    /// Difference per month in hundredths of a cent (USD), as far as priced.
    pub monthly_delta: i64,
    /// What is not priced: paths.
    pub unpriced: Vec<Path>,
    /// Date of the prices.
    pub as_of: String,
}

/// How what is adopted compares with the spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adoption {
    /// How many values were compared.
    pub compared: usize,
    /// How many of them differ; adopting leaves them.
    pub differing: usize,
}

/// The commit the files are at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Abbreviated hash.
    pub hash: String,
    /// Whether the spec directory differs from it.
    pub dirty: bool,
}

/// In which circumstances a plan is made; the edge provides it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Circumstances {
    /// The present moment, by AWS's clock or the sandbox's.
    pub now: Timestamp,
    /// Whether it is simulated.
    pub sandbox: bool,
    /// Another endpoint than AWS's own.
    pub endpoint: Option<String>,
    /// Version of the program.
    pub tool_version: String,
    /// The commit of the files, if they are in git.
    pub commit: Option<Commit>,
    /// Who the credentials belong to.
    pub caller: Option<Caller>,
    /// When changes with downtime are sent.
    pub timing: Timing,
    /// Effects allowed beyond the policy.
    pub allow: BTreeSet<Effect>,
    /// Flags that shaped the plan and belong to the apply as well, such as `--now`.
    pub flags: Vec<String>,
    /// Paths the run is restricted to; empty for all.
    pub only: Vec<String>,
    /// Whether the environment is to be deleted as a whole.
    pub destroy: bool,
    /// Addresses that a deletion keeps.
    pub keep: Vec<String>,
    /// Whether what exists gets our tags, and nothing else.
    #[serde(default)]
    pub adopt: bool,
    /// Name of the final snapshot; nothing for one made from name and time.
    pub final_snapshot: Option<String>,
    /// Whether a deletion leaves no final snapshot.
    pub no_final_snapshot: bool,
}

/// The verdict of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing is to be done.
    NoChanges,
    /// Everything may be applied.
    Ready,
    /// Something needs `--allow`.
    NeedsAllow,
    /// Something is blocked.
    Blocked,
    /// Something could not be read.
    Incomplete,
}

/// What will be done with one environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Twelve hex digits over what the plan says.
    pub id: String,
    /// In which circumstances it was made.
    pub circumstances: Circumstances,
    /// Which environment it is for.
    pub environment: Environment,
    /// The files, the environment's own first.
    pub files: Vec<SourceFile>,
    /// Values from outside the files.
    pub inputs: Vec<Input>,
    /// The verdict.
    pub verdict: Verdict,
    /// How many resources were compared.
    pub compared: usize,
    /// How many of them are as specified.
    pub unchanged: usize,
    /// Whether nothing of the environment exists.
    pub is_new: bool,
    /// The changes: blocked first, then the strongest effect, then by address; creations in the
    /// order of their steps.
    pub changes: Vec<PlannedChange>,
    /// The order of work.
    pub steps: Vec<Step>,
    /// What was accepted earlier.
    pub waiting: Vec<Waiting>,
    /// What exists and is not managed here.
    pub unmanaged: Vec<Unmanaged>,
    /// What could not be read.
    pub unread: Vec<Unread>,
    /// What could not be checked, as sentences.
    pub not_checked: Vec<String>,
    /// P4xx and P5xx findings.
    pub findings: Vec<Diagnostic>,
    /// Further sentences for the reader.
    pub notes: Vec<String>,
    /// Start and end of the next maintenance window.
    pub next_window: Option<(Timestamp, Timestamp)>,
    /// How what is adopted compares with the spec; nothing in any other plan.
    #[serde(default)]
    pub adoption: Option<Adoption>,
    /// Money.
    pub cost: TotalCost,
    /// Where `[policy] disruptive` and `[policy] allow` are written.
    pub policy_origins: (Option<Origin>, Option<Origin>),
    /// The effects allowed by the policy and `--allow`.
    pub allowed: BTreeSet<Effect>,
    /// Where resources are, by address: (subnet id → "ap-south-1a, private").
    pub subnet_words: BTreeMap<String, String>,
    /// What apply does.
    pub operations: Vec<Operation>,
    /// Names in AWS, by address.
    pub names: BTreeMap<Address, String>,
    /// Outputs of existing resources, by address.
    pub outputs: BTreeMap<Address, BTreeMap<String, Value>>,
}

impl Plan {
    /// The effects that nobody has allowed yet and that a change of this plan has.
    #[must_use]
    pub fn needs_allow(&self) -> BTreeSet<Effect> {
        self.changes
            .iter()
            .filter_map(|change| match change.gate {
                Gate::NeedsAllow { allow } => Some(allow),
                Gate::Ready | Gate::Blocked { .. } => None,
            })
            .collect()
    }

    /// The changes that are blocked.
    pub fn blocked(&self) -> impl Iterator<Item = &PlannedChange> {
        self.changes.iter().filter(|change| change.is_blocked())
    }
}
