//! What `--only` and `--keep` name must be there: a slip would leave out, or delete, too much.

use std::collections::BTreeSet;

use pgward_engine::{Live, selectable};
use pgward_kinds::CATALOG;
use pgward_model::{Desired, Path};
use pgward_spec::near;

use crate::failure::Failure;

use super::plan::Made;
use super::read::Environment;

/// Refuses what the flags of a plan name and no environment has.
///
/// # Errors
///
/// The first such word, with the nearest that is there.
pub(crate) fn check(made: &[Made], environments: &[Environment]) -> Result<(), Failure> {
    let Some(first) = made.first() else {
        return Ok(());
    };
    let all: Vec<(&Live, &Desired)> = made
        .iter()
        .map(|one| &one.live)
        .zip(environments.iter().map(|one| &one.desired))
        .collect();
    let addresses: BTreeSet<Path> = all
        .iter()
        .flat_map(|(live, desired)| addresses(live, desired))
        .collect();
    let flags = &first.plan.circumstances;
    if !flags.keep.is_empty() {
        let is_kept = |word: &str, path: &Path| {
            let section = path.as_str().split('.').next();
            path.as_str() == word || section == Some(word)
        };
        known("--keep", &flags.keep, &addresses, &addresses, is_kept)?;
    }
    if !flags.only.is_empty() {
        let paths: BTreeSet<Path> = all
            .iter()
            .flat_map(|(live, desired)| selectable(desired, live, &CATALOG))
            .collect();
        let is_within = |word: &str, path: &Path| path.is_within(word);
        known("--only", &flags.only, &paths, &addresses, is_within)?;
    }
    Ok(())
}

fn addresses(live: &Live, desired: &Desired) -> Vec<Path> {
    let declared = desired.resources.keys();
    let leftovers = live.leftovers.iter().map(|leftover| &leftover.address);
    declared
        .chain(leftovers)
        .map(|address| Path::new(address.as_str()))
        .collect()
}

fn known(
    flag: &str,
    words: &[String],
    paths: &BTreeSet<Path>,
    addresses: &BTreeSet<Path>,
    names: impl Fn(&str, &Path) -> bool,
) -> Result<(), Failure> {
    let lost = |word: &&String| !paths.iter().any(|path| names(word, path));
    let Some(word) = words.iter().find(lost) else {
        return Ok(());
    };
    let all: Vec<&str> = addresses.iter().map(Path::as_str).collect();
    let there = format!("there are: {}", all.join(", "));
    let candidates = addresses.iter().chain(paths).map(Path::as_str);
    let next = match near(word, candidates) {
        Some(near) => format!("{flag} {near}; {there}"),
        None => there,
    };
    let message = format!("{flag} names `{word}`, and there is nothing of that name");
    Err(Failure::refused(message).next(next))
}
