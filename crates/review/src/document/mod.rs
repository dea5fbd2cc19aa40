//! The document: what a plan says, once, for people and programs; every form prints only this.
//!
//! Its JSON is `pgward.plan` 1.x. Within 1.x fields are only added, lists of words only grow, and
//! meanings stay.

mod build;
mod change;
mod finding;
mod group;
mod next;
mod parts;

pub(crate) use build::attribute;
pub use build::{Bindings, document};
pub use finding::{Finding, FindingLabel};
pub(crate) use group::{Group, groups};
pub(crate) use next::command;
pub use parts::{
    Actions, Change, ChangeCost, CostSummary, Detail, DriftEntry, EnvironmentPart, GatePart,
    GateState, GitPart, IfNow, InputPart, LivePart, NodePart, Notice, Prices, Remark, ResourceName,
    Resources, Source, SpecPart, StepPart, Summary, UnmanagedPart, UnreadPart, WaitingPart, Window,
};

use jiff::Timestamp;
use pgward_engine::{Timing, Verdict};
use pgward_model::Effect;
use serde::{Deserialize, Serialize};

/// What a plan says: the JSON document `pgward.plan`, and the only input of every form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// Always `pgward.plan`.
    pub format: String,
    /// `1.0`; readers refuse another major version.
    pub format_version: String,
    /// Version of the program.
    pub tool_version: String,
    /// Twelve hex digits.
    pub plan_id: String,
    /// When the plan was made.
    pub created_at: Timestamp,
    /// Whether the environment is to be deleted as a whole.
    pub destroy: bool,
    /// Whether nothing of the environment exists.
    pub is_new: bool,
    /// Which environment it is for.
    pub environment: EnvironmentPart,
    /// The spec it was made from.
    pub spec: SpecPart,
    /// What was read of AWS.
    pub live: LivePart,
    /// The verdict.
    pub verdict: Verdict,
    /// Counts.
    pub summary: Summary,
    /// How what is adopted compares with the spec; nothing in any other plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adoption: Option<pgward_engine::Adoption>,
    /// The next maintenance window.
    pub next_window: Option<Window>,
    /// The changes: blocked first, then the strongest effect.
    pub changes: Vec<Change>,
    /// The order of work.
    pub steps: Vec<StepPart>,
    /// Every resource of the environment with what it needs; empty where only changes are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<NodePart>,
    /// What was accepted earlier and is not in effect yet.
    pub waiting: Vec<WaitingPart>,
    /// What exists under a declared name and is not managed here.
    pub unmanaged: Vec<UnmanagedPart>,
    /// What could not be checked, as sentences.
    pub not_checked: Vec<String>,
    /// What others changed; empty in a plan.
    pub drift: Vec<DriftEntry>,
    /// Findings with a code.
    pub findings: Vec<Finding>,
    /// Further sentences for the reader.
    pub notes: Vec<String>,
    /// Commands that lead on.
    pub next: Vec<Notice>,
    /// When changes with downtime are sent.
    pub timing: Timing,
    /// The effects allowed by the policy and `--allow`, weakest first.
    pub allowed: Vec<Effect>,
    /// Flags that shaped the plan and belong to the apply as well, such as `--now`.
    pub flags: Vec<String>,
    /// The effects that were allowed beyond the policy, weakest first.
    pub given_allow: Vec<Effect>,
    /// The paths the run is restricted to; empty for all.
    pub only: Vec<String>,
    /// Where `[policy] disruptive` is written.
    pub policy_disruptive: Option<Source>,
    /// Where `[policy] allow` is written.
    pub policy_allow: Option<Source>,
    /// The calls in order; only in saved plans.
    pub operations: Vec<serde_json::Value>,
}

impl Document {
    /// Always `pgward.plan`.
    pub const FORMAT: &str = "pgward.plan";
    /// The version this program writes.
    pub const VERSION: &str = "1.0";

    /// `project/name`.
    #[must_use]
    pub fn title(&self) -> String {
        self.environment.title()
    }

    /// The command that makes the changes, as events name it.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        match (self.destroy, self.adoption) {
            (true, _) => "destroy",
            (false, Some(_)) => "import",
            (false, None) => "apply",
        }
    }

    /// The command that makes the changes, with its environment: `import dev --adopt`.
    #[must_use]
    pub fn again(&self) -> String {
        let flag = if self.adoption.is_some() {
            " --adopt"
        } else {
            ""
        };
        format!("{} {}{flag}", self.verb(), self.environment.name)
    }

    /// The changes that a plan never makes.
    pub fn blocked(&self) -> impl Iterator<Item = &Change> {
        self.changes
            .iter()
            .filter(|change| change.gate.state == GateState::Blocked)
    }

    /// Whether a finding stands against the plan as a whole: an error that only AWS knows of.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.findings.iter().any(|finding| {
            finding.level == pgward_model::Severity::Error
                && finding.accepted.is_none()
                && !finding.code.starts_with("P4")
        })
    }

    /// The findings that no blocked change and no unmanaged resource says already.
    pub(crate) fn unsaid(&self) -> Vec<&Finding> {
        let unmanaged = |finding: &Finding| {
            finding.code == "P506"
                && self
                    .unmanaged
                    .iter()
                    .any(|one| finding.subject.as_ref() == Some(&one.address))
        };
        self.findings
            .iter()
            .filter(|finding| {
                !unmanaged(finding) && !self.blocked().any(|change| finding.says(change))
            })
            .collect()
    }

    /// Whether every change creates a resource.
    #[must_use]
    pub fn only_creates(&self) -> bool {
        self.changes
            .iter()
            .all(|change| change.action == pgward_engine::Verb::Create)
    }
}
