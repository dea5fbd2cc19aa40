//! Whether AWS shows what was sent.

use std::collections::{BTreeMap, BTreeSet};

use pgward_model::{Applies, Object, Resource};

use crate::{Present, compare};

use super::run::Run;

impl Run {
    /// The declared attributes among `paths` that AWS does not show yet.
    pub(super) fn missing(
        &self,
        resource: &Resource,
        present: &Present,
        paths: &BTreeSet<String>,
    ) -> BTreeSet<String> {
        let kind = self.catalog.kind(&resource.kind);
        paths
            .iter()
            .filter(|path| {
                let Some(attribute) = kind.attribute(path) else {
                    return false;
                };
                if attribute.observed
                    || matches!(attribute.applies, Applies::OnCreate | Applies::OnReplace)
                {
                    return false;
                }
                let Some(declared) = resource.attributes.get(path) else {
                    return false;
                };
                if declared.is_unknown() {
                    return false;
                }
                !self.shows(attribute, declared, present, &resource.attributes)
            })
            .cloned()
            .collect()
    }

    pub(super) fn shows(
        &self,
        attribute: &pgward_model::Attribute,
        declared: &pgward_model::Value,
        present: &Present,
        desired: &Object,
    ) -> bool {
        let live = present.now.get(attribute.path);
        let now = &present.now;
        if !attribute.is_keyed() {
            // What somebody else queued is on its way to take the place of the value in effect.
            let queued = present.waiting.get(attribute.path);
            if queued.is_some_and(|queued| {
                !compare::equal(
                    self.catalog,
                    attribute,
                    None,
                    declared,
                    queued,
                    desired,
                    now,
                )
            }) {
                return false;
            }
            return live.is_some_and(|live| {
                compare::equal(self.catalog, attribute, None, declared, live, desired, now)
            });
        }
        let empty = BTreeMap::new();
        let live = live.and_then(pgward_model::Value::as_map).unwrap_or(&empty);
        let declared = declared.as_map().unwrap_or(&empty);
        live.keys().all(|key| declared.contains_key(key))
            && declared.iter().all(|(key, value)| {
                live.get(key).is_some_and(|live| {
                    compare::equal(
                        self.catalog,
                        attribute,
                        Some(key),
                        value,
                        live,
                        desired,
                        now,
                    )
                })
            })
    }
}
