//! `--only`: what it names must be there, since a slip would leave everything out in silence.

use pgward_engine::Changes;
use pgward_kinds::CATALOG;
use pgward_model::{Desired, Path};

use crate::failure::Failure;

/// Refuses a selection that covers nothing of the environment.
pub(crate) fn check(only: &[String], desired: &Desired, changes: &Changes) -> Result<(), Failure> {
    if only.is_empty() {
        return Ok(());
    }
    let paths = paths(desired, changes);
    for selection in only {
        if paths.iter().any(|path| path.is_within(selection)) {
            continue;
        }
        let name = &desired.environment.name;
        let near = pgward_spec::near(selection, paths.iter().map(Path::as_str));
        let next = match near {
            Some(near) => format!("did you mean {near}? pgward show {name} lists what there is"),
            None => format!("pgward show {name} lists what there is"),
        };
        return Err(Failure::refused(format!(
            "--only names `{selection}`, which {name} does not have"
        ))
        .next(next));
    }
    Ok(())
}

/// Every path and address that a change of this environment can have.
fn paths(desired: &Desired, changes: &Changes) -> Vec<Path> {
    let mut paths = Vec::new();
    for resource in desired.resources.values() {
        paths.push(Path::new(resource.address.as_str()));
        for attribute in CATALOG.kind(&resource.kind).attributes {
            let keys = resource.attributes.map(attribute.path);
            match keys {
                Some(keys) => paths.extend(
                    keys.keys()
                        .map(|key| resource.path_of(attribute.path, Some(key))),
                ),
                None => paths.push(resource.path_of(attribute.path, None)),
            }
        }
    }
    for change in &changes.resources {
        paths.push(Path::new(change.address.as_str()));
        paths.extend(change.attributes.iter().map(|value| value.path.clone()));
    }
    paths
}
