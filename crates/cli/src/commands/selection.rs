//! `--only`: what it names must be something of the environment.

use std::collections::BTreeSet;

use pgward_engine::{Changes, Live};
use pgward_kinds::CATALOG;
use pgward_model::{Desired, Path};
use pgward_spec::near;

use crate::failure::Failure;

/// Refuses a selection that names nothing: a slip would otherwise look like a plan without changes.
pub(crate) fn check(
    only: &[String],
    desired: &Desired,
    live: &Live,
    changes: &Changes,
) -> Result<(), Failure> {
    let mut paths: BTreeSet<Path> = desired.paths(&CATALOG);
    for leftover in &live.leftovers {
        paths.insert(Path::new(leftover.address.as_str()));
    }
    for change in &changes.resources {
        paths.extend(change.attributes.iter().map(|one| one.path.clone()));
    }
    let known = |word: &str| paths.iter().any(|path| path.is_within(word));
    let Some(unknown) = only.iter().find(|word| !known(word)) else {
        return Ok(());
    };
    let name = &desired.environment.name;
    let nearest = near(unknown, paths.iter().map(Path::as_str));
    Err(Failure::refused(format!(
        "--only names {unknown}, and {name} has nothing of that name"
    ))
    .next(match nearest {
        Some(near) => format!("did you mean {near}?"),
        None => format!("pgward graph {name}    lists the addresses; a path is as plans print it"),
    }))
}
