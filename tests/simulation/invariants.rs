//! What has to hold after every run, each under its letter.

use std::collections::BTreeSet;

use pgward_engine::{Outcome, Report, unforeseen};
use pgward_model::Desired;
use pgward_sandbox::{CallRecord, Sandbox};
use pgward_tests::stage::Written;

use super::census::Census;
use super::ledger::Ledger;
use super::run::Prepared;

/// An invariant that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    /// Its letter, from `a` to `h`.
    pub(crate) letter: char,
    /// What happened instead.
    pub(crate) why: String,
}

/// The result of looking at one.
pub(crate) type Holds = Result<(), Broken>;

/// Says that an invariant does not hold.
pub(crate) fn broken<T>(letter: char, why: impl Into<String>) -> Result<T, Broken> {
    let why = why.into();
    Err(Broken { letter, why })
}

/// Calls of a plan whatever its size: caller, listings, and what is checked once.
const CALLS_OF_A_PLAN: usize = 45;
/// Calls of a plan for each resource: its values, its tags, what it refers to.
const CALLS_FOR_A_RESOURCE: usize = 5;
/// Calls that one struck call may cause: it is repeated, and what it was about is looked up.
const CALLS_FOR_A_FAULT: usize = 12;
/// Calls of an operation that takes no time: sending, looking, sending what was missing.
const CALLS_OF_AN_OPERATION: usize = 40;
/// Calls of one look at the resource that takes the most of them, a proxy.
const CALLS_OF_A_LOOK: usize = 6;
/// Seconds between two looks, on average and with what is sent again.
const SECONDS_BETWEEN_LOOKS: usize = 4;
/// Seconds between two attempts at what AWS is too busy for, on average.
const SECONDS_BETWEEN_WRITES: usize = 15;
/// Calls that change something, for one operation: a group with its rules, in parts.
const WRITES_OF_AN_OPERATION: usize = 14;

/// (a): apply until done comes to an end.
pub(crate) fn converges(is_done: bool, rounds: usize, last: &str) -> Holds {
    if is_done {
        return Ok(());
    }
    broken('a', format!("after {rounds} runs it is not done:\n{last}"))
}

/// (b): the plan after a finished apply is empty, waiting, or as the plan before it foresaw.
pub(crate) fn leaves_nothing(report: &Report, before: &Prepared, after: &Prepared) -> Holds {
    let unforeseen = unforeseen(&before.plan, report, &after.plan);
    if unforeseen.is_empty() {
        return Ok(());
    }
    let left: Vec<String> = unforeseen
        .into_iter()
        .map(|change| {
            format!(
                "{} {}: {:?} in AWS, {:?} declared",
                change.verb.word(),
                change.path,
                change.before_text,
                change.after_text
            )
        })
        .collect();
    let outcomes: Vec<String> = report
        .operations
        .iter()
        .map(|one| format!("{} {}: {:?}", one.verb.word(), one.address, one.outcome))
        .collect();
    broken(
        'b',
        format!("left after a complete run: {left:#?}\nthe run: {outcomes:#?}"),
    )
}

/// (c): nothing is deleted, replaced, restarted or exposed that no approved plan named.
pub(crate) fn names_everything(ledger: &Ledger, before: &Census, after: &Census) -> Holds {
    let found = ledger.surprises(before, after);
    if found.is_empty() {
        return Ok(());
    }
    broken('c', found.join("; "))
}

/// (d): nothing comes into being twice, unmarked, or without a plan that names it.
pub(crate) fn makes_no_strays(ledger: &Ledger, before: &Census, after: &Census) -> Holds {
    let found = ledger.strays(before, after);
    if found.is_empty() {
        return Ok(());
    }
    broken('d', found.join("; "))
}

/// (d), when all is done: what is ours is what is declared. AWS has each name once.
pub(crate) fn is_what_is_declared(census: &Census, desired: &Desired) -> Holds {
    let declared: BTreeSet<(String, String)> = desired
        .resources
        .values()
        .map(|resource| (resource.address.to_string(), resource.name.to_lowercase()))
        .collect();
    let mut found = Vec::new();
    for thing in census.things.values().filter(|thing| !thing.leaving) {
        let Some(address) = thing.address() else {
            continue;
        };
        let words = format!("{} {} of {address}", thing.kind, thing.name);
        let is_declared = declared.iter().any(|(declared, name)| {
            *name == thing.name.to_lowercase() && family(declared) == family(address)
        });
        if !is_declared {
            found.push(format!("{words} is declared nowhere"));
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    broken('d', found.join("; "))
}

/// (d), when all is deleted: nothing of ours is left, but the final snapshot that was asked for.
pub(crate) fn leaves_no_orphans(census: &Census, wants_snapshot: bool, kept: bool) -> Holds {
    let left: Vec<String> = census
        .things
        .values()
        .filter(|thing| !thing.leaving && thing.address().is_some())
        .map(|thing| format!("{} {}", thing.kind, thing.name))
        .collect();
    if !left.is_empty() {
        return broken(
            'd',
            format!("left after a destruction: {}", left.join(", ")),
        );
    }
    if wants_snapshot && !kept {
        return broken('d', "no final snapshot is left after a destruction");
    }
    Ok(())
}

/// The section of an address: after a renaming the tag keeps the earlier name.
fn family(address: &str) -> &str {
    address.split('.').next().unwrap_or(address)
}

/// (e): the secret of the master user opens the database.
pub(crate) fn secret_opens(sandbox: &Sandbox, census: &Census) -> Holds {
    let secret = census
        .of_kind("secret")
        .find(|thing| thing.address() == Some("secret.master") && !thing.leaving);
    for database in census.of_kind("instance") {
        let of = |name: &str| database.values.get(name).map_or("", String::as_str);
        let is_ours = database.address() == Some("instance") && !database.leaving;
        let settles = of("status") != "available" || of("waiting").contains("Password");
        if !is_ours || settles || !of("managed secret").is_empty() {
            continue;
        }
        let Some(secret) = secret else { continue };
        if !sandbox.opens(&database.name, &secret.arn) {
            return broken(
                'e',
                format!("{} does not open {}", secret.name, database.name),
            );
        }
    }
    Ok(())
}

/// (f): no value of a secret is in anything that was written.
pub(crate) fn tells_no_secret(written: &Written, canaries: &BTreeSet<String>) -> Holds {
    for text in written.texts() {
        if let Some(canary) = canaries.iter().find(|canary| text.contains(*canary)) {
            let at = text.find(canary.as_str()).unwrap_or_default();
            let start = text[..at]
                .char_indices()
                .rev()
                .nth(60)
                .map_or(0, |(at, _)| at);
            return broken('f', format!("a secret was written: {}…", &text[start..at]));
        }
    }
    Ok(())
}

/// (g): reading commands change nothing.
pub(crate) fn only_reads(calls: &[CallRecord]) -> Holds {
    match calls.iter().find(|call| call.writes) {
        None => Ok(()),
        Some(call) => broken('g', format!("a plan sent {}:{}", call.service, call.action)),
    }
}

/// (h) for a plan: so many calls for the environment, and a few for each resource.
pub(crate) fn plans_within_bound(calls: usize, resources: usize, faults: usize) -> Holds {
    let bound = CALLS_OF_A_PLAN + CALLS_FOR_A_RESOURCE * resources + CALLS_FOR_A_FAULT * faults;
    if calls <= bound {
        return Ok(());
    }
    broken(
        'h',
        format!("a plan of {resources} resources took {calls} calls, the bound is {bound}"),
    )
}

/// (h) for a run: a few calls for each operation, and a look every few seconds that it lasts.
pub(crate) fn runs_within_bound(report: &Report, calls: &[CallRecord], faults: usize) -> Holds {
    let seconds: u64 = report
        .operations
        .iter()
        .map(|one| one.elapsed_ms / 1000)
        .sum();
    let looks = usize::try_from(seconds).unwrap_or(usize::MAX) / SECONDS_BETWEEN_LOOKS;
    let started =
        report.count(|outcome| !matches!(outcome, Outcome::Skipped { .. } | Outcome::NotStarted));
    let bound =
        started * CALLS_OF_AN_OPERATION + looks * CALLS_OF_A_LOOK + faults * CALLS_FOR_A_FAULT;
    if calls.len() > bound {
        return broken(
            'h',
            format!("a run took {} calls, the bound is {bound}", calls.len()),
        );
    }
    let writes = calls.iter().filter(|call| call.writes).count();
    let bound = started * WRITES_OF_AN_OPERATION
        + faults * CALLS_FOR_A_FAULT
        + usize::try_from(seconds).unwrap_or(usize::MAX) / SECONDS_BETWEEN_WRITES;
    if writes > bound {
        return broken(
            'h',
            format!("a run changed something {writes} times, the bound is {bound}"),
        );
    }
    Ok(())
}
