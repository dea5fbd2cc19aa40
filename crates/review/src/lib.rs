//! How plans, reports, drift and diagnostics read: pure renderers of a few documents.
//!
//! A [`Document`] is made once from a plan; every form prints only that, so no form can say more
//! or less than another.

mod check;
mod document;
mod drift;
mod events;
pub mod explain;
mod json;
pub mod text;
pub mod wording;

pub use check::{CheckDocument, CheckSummary, CheckVerdict};
pub use document::{
    Actions, Bindings, Change, ChangeCost, CostSummary, Detail, Document, DriftEntry,
    EnvironmentPart, Finding, FindingLabel, GatePart, GateState, GitPart, IfNow, InputPart,
    LivePart, Notice, Prices, Remark, ResourceName, Resources, Source, SpecPart, StepPart, Summary,
    UnmanagedPart, UnreadPart, WaitingPart, Window, document,
};
pub use drift::{DriftDocument, DriftSummary, DriftVerdict, LastApply};
pub use events::{Events, LockState, RunResult};
pub use json::json;
pub use text::{Aftermath, Endpoint, Frame, Lines, Sources, Style};

/// What stdout carries: the word of `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// Text for people.
    Human,
    /// One JSON document, or JSON Lines for a run.
    Json,
}

impl Form {
    /// All forms.
    pub const ALL: [Self; 2] = [Self::Human, Self::Json];

    /// The word as `--format` takes it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
        }
    }

    /// The form of a word, if it is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.word() == word)
    }
}
