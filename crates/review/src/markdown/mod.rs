//! The comment on a pull request: Markdown within a number of bytes.
//!
//! First line and second are for programs: a marker by which a pipeline finds its comment, and
//! the verdict as data. What a reviewer must read is never folded and never cut; everything else
//! goes in steps until the text fits, and a line says what went.

mod check;
mod details;
mod drift;
mod escape;
mod fleet;
mod level;
mod parts;
mod plan;
mod run;
mod table;

use crate::form::{Setting, Subject};

/// The most bytes of a comment: GitHub refuses more than 65,536 characters.
pub const BUDGET: usize = 60_000;
/// The most bytes of a step summary: GitHub refuses more than a MiB.
pub const SUMMARY_BUDGET: usize = 1_000_000;
/// What is never cut fits in this number of bytes, so no budget is smaller.
pub const MINIMUM: usize = 4_096;

/// The Markdown of a subject, within the budget of the setting.
#[must_use]
pub fn markdown(subject: &Subject<'_>, setting: &Setting) -> String {
    match subject {
        Subject::Plans([document]) => plan::plan(document, setting),
        Subject::Plans(documents) => fleet::plans(documents, setting),
        Subject::Drifts([document]) => drift::drift(document, setting),
        Subject::Drifts(documents) => fleet::drifts(documents, setting),
        Subject::Check(document) => check::check(document, setting),
        Subject::Run {
            report,
            document,
            aftermath,
        } => run::run(report, document, aftermath, setting),
        Subject::Failure(document) => check::failure(document, setting),
    }
}

/// The budget of a setting, at least the minimum.
fn budget(setting: &Setting) -> usize {
    setting.budget.max(MINIMUM)
}
