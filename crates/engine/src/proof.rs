//! What the plan after a complete run may still show.

use crate::{Plan, PlannedChange, Report, Verb, When, planner::stays};

/// The changes that are left after a complete run and that nothing in the plan before it foresaw.
///
/// Foreseen is the deletion of what was said to stay for as long as something uses it, and of what
/// could not be looked for; and everything, once a value that waited is in effect, since only then
/// AWS shows what it leaves to do. A run that was not complete proves nothing.
#[must_use]
pub fn unforeseen<'a>(before: &Plan, report: &Report, after: &'a Plan) -> Vec<&'a PlannedChange> {
    let released = before.changes.iter().any(|change| {
        let releases = change.also_releases.as_ref();
        change.when == When::Now && releases.is_some_and(|list| !list.is_empty())
    });
    let came_into_effect = before.waiting.iter().any(|waiting| {
        waiting.declared && !after.waiting.iter().any(|still| still.path == waiting.path)
    });
    if !report.is_complete() || released || came_into_effect || !after.unread.is_empty() {
        return Vec::new();
    }
    let left = after.changes.iter();
    left.filter(|change| change.verb != Verb::Delete || !may_go(before, &change.name))
        .collect()
}

/// Whether a resource may be free to go after a run, though the plan before it kept it.
fn may_go(before: &Plan, name: &str) -> bool {
    let kept = stays(name);
    !before.not_checked.is_empty() || before.notes.iter().any(|note| note.contains(&kept))
}
