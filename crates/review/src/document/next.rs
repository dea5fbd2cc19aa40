//! The commands that lead on from a plan.

use std::collections::{BTreeMap, BTreeSet};

use pgward_engine::Verdict;
use pgward_model::Effect;

use super::{Change, Document, EnvironmentPart, GateState, Notice};

/// A command for this environment: within the sandbox it begins with `pgward sandbox`.
pub(crate) fn command(environment: &EnvironmentPart, words: &str) -> String {
    let program = if environment.sandbox {
        "pgward sandbox"
    } else {
        "pgward"
    };
    format!("{program} {words}")
}

/// What to type after reading the plan.
pub(crate) fn next(document: &Document) -> Vec<Notice> {
    if document.verb() != "apply" || document.changes.is_empty() || document.is_refused() {
        return Vec::new();
    }
    let environment = &document.environment;
    let name = &environment.name;
    let notice = |label: &str, words: String| Notice {
        label: label.to_owned(),
        command: command(environment, &words),
    };
    let ready: Vec<&Change> = in_state(document, GateState::Ready);
    let alone = standing_alone(document, &ready);
    let waits: Vec<&Change> = in_state(document, GateState::NeedsAllow);
    let whole = ready.len() + waits.len() == document.changes.len();
    let only = |changes: &[&Change]| {
        if whole && changes.len() == document.changes.len() {
            match document.only.as_slice() {
                [] => String::new(),
                only => format!(" --only {}", only.join(",")),
            }
        } else {
            format!(" --only {}", selection(document, changes))
        }
    };
    let flags: String = document
        .flags
        .iter()
        .map(|flag| format!(" {flag}"))
        .collect();
    let given: BTreeSet<Effect> = document.given_allow.iter().copied().collect();
    let needed: BTreeSet<Effect> = document.summary.needs_allow.iter().copied().collect();
    let allowing = |effects: &BTreeSet<Effect>| {
        let words: Vec<&str> = effects.iter().rev().map(|effect| effect.word()).collect();
        if words.is_empty() {
            flags.clone()
        } else {
            format!("{flags} --allow {}", words.join(","))
        }
    };
    let (less, more) = (
        allowing(&given),
        allowing(&given.union(&needed).copied().collect()),
    );
    let both: Vec<&Change> = ready.iter().chain(&waits).copied().collect();
    let mut notices = Vec::new();
    if whole && waits.is_empty() {
        notices.push(notice(
            "Apply:",
            format!("apply {name}{}{less}", only(&ready)),
        ));
    } else if whole && ready.is_empty() {
        notices.push(notice(
            "Apply:",
            format!("apply {name}{}{more}", only(&waits)),
        ));
    } else {
        if !alone.is_empty() {
            notices.push(notice(
                "Apply what is ready:",
                format!("apply {name}{}{less}", only(&alone)),
            ));
        }
        if !waits.is_empty() {
            let label = if whole && alone.is_empty() {
                "Apply:"
            } else {
                "With what needs --allow:"
            };
            let words = format!("apply {name}{}{more}", only(&both));
            notices.push(notice(label, words));
        }
    }
    if notices.len() == 1 && whole && document.verdict != Verdict::Incomplete {
        let only = only(&both);
        let words = format!("plan {name}{only}{less} --out {name}.plan");
        notices.push(notice("Save for review:", words));
    }
    notices
}

/// The changes that `--only` can name without another one that is not ready: what takes the place of
/// something of its own address can't.
fn standing_alone<'d>(document: &Document, ready: &[&'d Change]) -> Vec<&'d Change> {
    let is_apart = |change: &&Change| {
        document.changes.iter().all(|other| {
            other.gate.state == GateState::Ready
                || (other.path != change.path && !other.path.is_within(change.path.as_str()))
        })
    };
    ready.iter().copied().filter(is_apart).collect()
}

fn in_state(document: &Document, state: GateState) -> Vec<&Change> {
    document
        .changes
        .iter()
        .filter(|change| change.gate.state == state)
        .filter(|change| state != GateState::Ready || !is_shadowed(document, change))
        .collect()
}

/// Whether a blocked change has the same path, so that `--only` can't name one without the other.
fn is_shadowed(document: &Document, change: &Change) -> bool {
    document
        .changes
        .iter()
        .any(|other| other.gate.state == GateState::Blocked && other.path == change.path)
}

/// From so many resources of a section on, the section is named instead of each.
const MANY: usize = 4;

/// The paths of changes for `--only`; the address where all changes of a resource are meant, and
/// the section where all of many are.
fn selection(document: &Document, changes: &[&Change]) -> String {
    let chosen: BTreeSet<_> = changes.iter().map(|change| &change.path).collect();
    let all_within = |address: &dyn Fn(&Change) -> bool| {
        let mut within = document.changes.iter().filter(|other| address(other));
        within.all(|other| chosen.contains(&other.path))
    };
    let section = |change: &Change| -> Option<String> {
        let (section, _) = change.address.split_once('.')?;
        let is_of = |other: &Change| {
            let of = other.address.split_once('.');
            of.is_some_and(|(first, _)| first == section)
        };
        let addresses: BTreeSet<&str> = changes
            .iter()
            .filter(|other| is_of(other))
            .map(|other| other.address.as_str())
            .collect();
        (addresses.len() >= MANY && all_within(&is_of)).then(|| section.to_owned())
    };
    let mut sections: BTreeMap<&str, Option<String>> = BTreeMap::new();
    let mut words: Vec<String> = Vec::new();
    let mut said: BTreeSet<String> = BTreeSet::new();
    for change in changes {
        let first = change.address.split('.').next().unwrap_or_default();
        let word = match sections.entry(first).or_insert_with(|| section(change)) {
            Some(section) => section.clone(),
            None if all_within(&|other| other.address == change.address) => change.address.clone(),
            None => change.path.to_string(),
        };
        if said.insert(word.clone()) {
            words.push(word);
        }
    }
    words.join(",")
}
