//! How plans, reports, drift and diagnostics read: pure renderers of a few documents.
//!
//! A [`Document`] is made once from a plan; every form prints only that, so no form can say more
//! or less than another.

mod alert;
mod check;
mod document;
mod drift;
mod events;
pub mod explain;
mod form;
mod github;
mod html;
mod import;
mod json;
pub mod markdown;
mod metrics;
mod places;
mod preflight;
mod refusal;
mod sarif;
pub mod schemas;
pub mod text;
pub mod wording;

pub use check::{CheckDocument, CheckSummary, CheckVerdict, FixedLine};
pub use document::{
    Actions, Bindings, Change, ChangeCost, CostSummary, Detail, Document, DriftEntry,
    EnvironmentPart, Finding, FindingLabel, GatePart, GateState, GitPart, IfNow, InputPart,
    LivePart, NodePart, Notice, Prices, Remark, ResourceName, Resources, Source, SpecPart,
    StepPart, Summary, UnmanagedPart, UnreadPart, WaitingPart, Window, document,
};
pub use drift::{DriftDocument, DriftSummary, DriftVerdict, LastApply, StatePart, VersionPart};
pub use events::{Events, LockState, RunResult};
pub use form::{Form, Setting, Subject, render};
pub use github::github;
pub use html::html;
pub use import::{FoundPart, ImportDocument};
pub use json::json;
pub use metrics::metrics;
pub use places::Places;
pub use preflight::{CheckState, PreflightCheck, PreflightDocument, preflight};
pub use refusal::FailureDocument;
pub use sarif::sarif;
pub use text::{Aftermath, Endpoint, Frame, Lines, Sources, Style};
