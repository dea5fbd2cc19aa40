//! What a selection on the command line can name.

use std::collections::BTreeSet;

use pgward_model::{Catalog, Desired, Path};

use crate::Live;

/// Every path that a plan of the environment may have a change of, and every address: of what is
/// declared, with the keys that are declared or in AWS, and of what the spec no longer names.
#[must_use]
pub fn selectable(desired: &Desired, live: &Live, catalog: &Catalog) -> BTreeSet<Path> {
    let mut all: BTreeSet<Path> = live
        .leftovers
        .iter()
        .map(|leftover| Path::new(leftover.address.as_str()))
        .collect();
    for resource in desired.resources.values() {
        all.insert(Path::new(resource.address.as_str()));
        let there = live.present(&resource.address).map(|present| &present.now);
        let kind = catalog.kind(&resource.kind);
        for attribute in kind.attributes.iter().filter(|one| !one.observed) {
            if !attribute.is_keyed() {
                all.insert(resource.path_of(attribute.path, None));
                continue;
            }
            let objects = [Some(&resource.attributes), there].into_iter().flatten();
            let maps = objects.filter_map(|object| object.map(attribute.path));
            let keys = maps.flat_map(|map| map.keys());
            all.extend(keys.map(|key| resource.path_of(attribute.path, Some(key))));
        }
    }
    all
}
