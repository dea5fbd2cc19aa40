//! Since when a value waits, and who asked for it: what the record adds to a plan's words.
//!
//! The record changes no plan; without it only these sentences are missing.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use pgward_model::{Catalog, Diagnostic, Environment, Path};
use serde::{Deserialize, Serialize};

use crate::{Plan, PlannedChange, Record, Verb, When};

/// When a value was sent to AWS, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requested {
    /// When.
    pub at: Timestamp,
    /// ARN of the caller.
    pub by: String,
    /// The value, in words; empty if it is many, or was not kept.
    #[serde(default)]
    pub value: String,
}

/// The requests that still wait after a run: an earlier one keeps its moment, if it is for the same
/// value.
#[must_use]
pub fn requests(
    previous: Option<&Record>,
    after: &Plan,
    now: Timestamp,
    by: &str,
) -> BTreeMap<Path, Requested> {
    after
        .waiting
        .iter()
        .filter(|waiting| waiting.declared)
        .map(|waiting| {
            let value = waiting.after_text.clone().unwrap_or_default();
            let earlier = previous
                .and_then(|record| record.waiting.get(&waiting.path))
                .filter(|earlier| earlier.value == value)
                .cloned();
            let request = earlier.unwrap_or_else(|| Requested {
                at: now,
                by: by.to_owned(),
                value,
            });
            (waiting.path.clone(), request)
        })
        .collect()
}

/// Whether a plan would make something anew that holds data or a value, so that the record has a
/// word to say.
#[must_use]
pub fn makes_data(plan: &Plan, catalog: &Catalog) -> bool {
    plan.changes.iter().any(|change| {
        let kind = catalog.kind(&change.kind);
        change.verb == Verb::Create && (kind.stateful || !kind.made_anew.is_empty())
    })
}

/// P609 for what held data after the last apply, is gone, and would be made anew without it; P604 if
/// the last apply was somewhere else, where it may still be.
pub fn tell_lost(plan: &mut Plan, record: &Record, catalog: &Catalog) {
    let elsewhere = !record.is_of(&plan.environment);
    let gone = plan.changes.iter().filter(|change| {
        change.verb == Verb::Create
            && catalog.kind(&change.kind).stateful
            && record.names.get(&change.address) == Some(&change.name)
    });
    let mut found: Vec<Diagnostic> = gone
        .map(|change| {
            let (noun, name) = (&change.noun, &change.name);
            let at = record.at.strftime("%-d %b %H:%M UTC");
            if elsewhere {
                return moved(&plan.environment, record)
                    .at_some(change.origin.as_ref(), "this makes an empty one")
                    .about(change.address.as_str());
            }
            let message =
                format!("the {noun} {name} was there on {at} and is gone; this makes an empty one");
            Diagnostic::warning("P609", message)
                .at_some(change.origin.as_ref(), "")
                .about(change.address.as_str())
                .fact(
                    "next",
                    "to have the data back, restore a backup under that name instead",
                )
        })
        .collect();
    if !elsewhere {
        found.extend(secrets_made_anew(plan, record, catalog));
    }
    plan.findings.extend(found);
}

/// P604: another region or account is another environment.
fn moved(environment: &Environment, record: &Record) -> Diagnostic {
    let (was, is) = if record.account == environment.account || record.account.is_empty() {
        (record.region.clone(), environment.region.clone())
    } else {
        let place = |account: &str, region: &str| format!("account {account}, {region}");
        (
            place(&record.account, &record.region),
            place(&environment.account, &environment.region),
        )
    };
    let title = environment.title();
    let message =
        format!("{title} was last applied in {was}, and nothing moves from there to {is}");
    Diagnostic::warning("P604", message).fact(
        "next",
        "put the value back, or write a new environment file and move the data",
    )
}

/// P609 for what held a value that others still have, and gets another one.
fn secrets_made_anew(plan: &Plan, record: &Record, catalog: &Catalog) -> Vec<Diagnostic> {
    let brought_back = |change: &PlannedChange| {
        plan.operations
            .iter()
            .any(|one| one.address == change.address && one.live.is_some())
    };
    let gone = plan.changes.iter().filter(|change| {
        let warning = catalog.kind(&change.kind).made_anew;
        change.verb == Verb::Create
            && !warning.is_empty()
            && !brought_back(change)
            && record.names.get(&change.address) == Some(&change.name)
    });
    gone.map(|change| {
        let (noun, name) = (&change.noun, &change.name);
        let made_anew = catalog.kind(&change.kind).made_anew;
        let message = format!("the {noun} {name} is gone; {made_anew}");
        Diagnostic::warning("P609", message)
            .at_some(change.origin.as_ref(), "")
            .about(change.address.as_str())
    })
    .collect()
}

/// Adds to what waits since when it does, and whether a window has passed without effect.
pub fn tell_since(plan: &mut Plan, record: &Record) {
    let now = plan.circumstances.now;
    let window = plan.next_window;
    for waiting in plan.waiting.iter_mut().filter(|waiting| waiting.declared) {
        let value = waiting.after_text.as_deref().unwrap_or_default();
        let request = record.waiting.get(&waiting.path);
        // Another value than the recorded one was queued by somebody else, nobody knows when.
        let Some(request) = request.filter(|request| request.value == value) else {
            continue;
        };
        let since = format!(
            "requested {} by {}",
            request.at.strftime("%-d %b %H:%M UTC"),
            request.by.rsplit('/').next().unwrap_or(&request.by)
        );
        waiting.note = if waiting.note.is_empty() {
            since
        } else {
            format!("{}; {since}", waiting.note)
        };
        if let (When::Window { .. }, Some((start, end))) = (&waiting.until, window) {
            let week = SignedDuration::from_hours(7 * 24);
            waiting.overdue = request.at < start - week && now > end - week;
        }
    }
}
