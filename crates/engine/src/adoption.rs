//! What is to be adopted: what the spec names, exists, and carries no tags of ours.

use pgward_model::{Catalog, Desired};

use crate::{Changes, Live, Observation, Readiness, ResourceChange, Verb, diff};

/// The resources that get our tags, with the values in which they differ from the spec.
///
/// What carries the tags of another environment is unmanaged, what can't be read is unread; what
/// is absent or on its way out is not adopted. `today` (`2026-03-31`) ends entries of
/// `[ignore.*]`.
#[must_use]
pub fn adoption(desired: &Desired, live: &Live, catalog: &Catalog, today: &str) -> Changes {
    let of = &desired.environment;
    let mut changes = Changes::default();
    for (address, resource) in &desired.resources {
        let present = match live.resources.get(address).unwrap_or(&Observation::Absent) {
            Observation::Present(present) if present.readiness != Readiness::Leaving => present,
            Observation::Present(_) | Observation::Absent => continue,
            Observation::Unreadable(fault) => {
                changes.unread.push((address.clone(), fault.clone()));
                continue;
            }
        };
        match &present.owner {
            Some(owner) if owner.is_of(&of.project, &of.name) => {
                changes.compared.push(address.clone());
                continue;
            }
            Some(owner) if owner.is_another(&of.project, &of.name) => {
                changes.unmanaged.push((address.clone(), present.clone()));
                continue;
            }
            Some(_) | None => {}
        }
        let (attributes, values) =
            diff::differences(desired, resource, present, live, catalog, today);
        changes.values += values;
        changes.resources.push(ResourceChange {
            address: address.clone(),
            kind: resource.kind.clone(),
            verb: Verb::Adopt,
            name: resource.name.clone(),
            attributes,
            desired: Some(resource.clone()),
            live: Some(present.clone()),
        });
    }
    changes
}
