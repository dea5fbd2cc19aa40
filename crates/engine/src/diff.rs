//! Compares what should exist with what does.

use std::collections::{BTreeMap, BTreeSet};

use pgward_model::{
    Address, Applies, Attribute, Case, Catalog, Desired, Ignore, Object, Reference, Resource,
    Value, Way,
};

use crate::{
    AttributeChange, Changes, Leftover, Live, Observation, Present, Readiness, ResourceChange,
    Verb, WaitingValue, compare,
};

/// What differs. `today` (`2026-03-31`) ends entries of `[ignore.*]`.
#[must_use]
pub fn diff(desired: &Desired, live: &Live, catalog: &Catalog, today: &str) -> Changes {
    let mut changes = Changes::default();
    let ignores: Vec<&Ignore> = desired
        .ignores
        .iter()
        .filter(|ignore| ignore.until.as_str() >= today)
        .collect();
    for (address, resource) in &desired.resources {
        match live.resources.get(address).unwrap_or(&Observation::Absent) {
            Observation::Absent => changes.resources.push(whole(resource, Verb::Create, None)),
            Observation::Unreadable(fault) => changes.unread.push((address.clone(), fault.clone())),
            Observation::Present(present) if !is_ours(desired, present) => {
                changes.unmanaged.push((address.clone(), present.clone()));
            }
            // It makes room for another one of its name.
            Observation::Present(present) if present.readiness == Readiness::Leaving => {
                changes
                    .resources
                    .push(whole(resource, Verb::Create, Some(present)));
            }
            Observation::Present(present) => {
                changes.compared.push(address.clone());
                let mut view = View {
                    catalog,
                    resource,
                    present,
                    live,
                    ignores: &ignores,
                };
                view.compare(&mut changes);
            }
        }
    }
    for leftover in dropped(desired, live) {
        changes.resources.push(ResourceChange {
            address: leftover.address.clone(),
            kind: leftover.kind.clone(),
            verb: Verb::Delete,
            name: leftover.present.name.clone(),
            attributes: Vec::new(),
            desired: None,
            live: Some(Box::new(leftover.present.clone())),
        });
    }
    changes
}

/// Everything of the environment that exists and is ours, to be deleted, but for what `keep` names;
/// what that needs is left out by the planner.
#[must_use]
pub fn teardown(desired: &Desired, live: &Live, keep: &[String]) -> Changes {
    let mut changes = Changes::default();
    for (address, resource) in &desired.resources {
        match live.resources.get(address).unwrap_or(&Observation::Absent) {
            Observation::Present(present) if present.restorable => {}
            Observation::Present(present)
                if is_ours(desired, present) && !is_kept(address, keep) =>
            {
                changes.compared.push(address.clone());
                let mut change = whole(resource, Verb::Delete, Some(present));
                change.desired = None;
                changes.resources.push(change);
            }
            Observation::Unreadable(fault) => changes.unread.push((address.clone(), fault.clone())),
            Observation::Present(_) | Observation::Absent => {}
        }
    }
    let leftovers = dropped(desired, live);
    for leftover in leftovers.filter(|leftover| !is_kept(&leftover.address, keep)) {
        changes.resources.push(ResourceChange {
            address: leftover.address.clone(),
            kind: leftover.kind.clone(),
            verb: Verb::Delete,
            name: leftover.present.name.clone(),
            attributes: Vec::new(),
            desired: None,
            live: Some(Box::new(leftover.present.clone())),
        });
    }
    changes
}

/// The leftovers that the spec has dropped; what it still refers to, as something of somebody else's,
/// stays.
fn dropped<'a>(desired: &Desired, live: &'a Live) -> impl Iterator<Item = &'a Leftover> {
    let foreign = desired.foreign.clone();
    live.leftovers.iter().filter(move |leftover| {
        let present = &leftover.present;
        !foreign.names(&present.name) && !foreign.names(&present.arn)
    })
}

/// Whether `--keep` names an address, or its section.
pub(crate) fn is_kept(address: &Address, keep: &[String]) -> bool {
    keep.iter()
        .any(|word| address.as_str() == word || address.section() == word)
}

/// Whether the tags name this environment.
pub(crate) fn is_ours(desired: &Desired, present: &Present) -> bool {
    let of = &desired.environment;
    let owner = present.owner.as_ref();
    owner.is_some_and(|owner| owner.is_of(&of.project, &of.name))
}

fn whole(resource: &Resource, verb: Verb, live: Option<&Present>) -> ResourceChange {
    ResourceChange {
        address: resource.address.clone(),
        kind: resource.kind.clone(),
        verb,
        name: resource.name.clone(),
        attributes: Vec::new(),
        desired: Some(resource.clone()),
        live: live.map(|present| Box::new(present.clone())),
    }
}

/// The value of an output of another resource, or of the subnets that tags choose.
pub(crate) fn find_output(live: &Live, reference: &Reference) -> Option<Value> {
    if is_of_subnets(reference) {
        return (!live.subnets.is_empty()).then(|| Value::texts(live.subnets.keys().cloned()));
    }
    live.output(&reference.address, &reference.output)
}

/// Whether a reference means the subnets that tags choose.
fn is_of_subnets(reference: &Reference) -> bool {
    reference.address.as_str() == "subnets"
}

/// The values of one resource that differ, and how many were compared.
pub(crate) fn differences(
    desired: &Desired,
    resource: &Resource,
    present: &Present,
    live: &Live,
    catalog: &Catalog,
    today: &str,
) -> (Vec<AttributeChange>, usize) {
    let ignores: Vec<&Ignore> = desired
        .ignores
        .iter()
        .filter(|ignore| ignore.until.as_str() >= today)
        .collect();
    let mut view = View {
        catalog,
        resource,
        present,
        live,
        ignores: &ignores,
    };
    let mut changes = Changes::default();
    view.compare(&mut changes);
    let differing = changes.resources.into_iter();
    (
        differing.flat_map(|change| change.attributes).collect(),
        view.count(),
    )
}

struct View<'a> {
    catalog: &'a Catalog,
    resource: &'a Resource,
    present: &'a Present,
    live: &'a Live,
    ignores: &'a [&'a Ignore],
}

impl View<'_> {
    fn compare(&mut self, changes: &mut Changes) {
        let kind = self.catalog.kind(&self.resource.kind);
        let desired = self
            .resource
            .attributes
            .resolved(&|reference| find_output(self.live, reference));
        let mut found = Vec::new();
        let mut settled = BTreeSet::new();
        for (path, declared) in desired.iter() {
            let Some(attribute) = kind.attribute(path) else {
                continue;
            };
            if attribute.observed || matches!(attribute.applies, Applies::OnCreate) {
                continue;
            }
            settled.insert(path.to_owned());
            if self.waits_for_a_read(declared) {
                continue;
            }
            if attribute.is_keyed() {
                self.compare_keys(attribute, declared, &desired, &mut found);
            } else {
                self.compare_value(attribute, declared, &desired, changes, &mut found);
            }
        }
        for (path, value) in self.present.waiting.iter() {
            if settled.contains(path) {
                continue;
            }
            if let Some(attribute) = kind.attribute(path) {
                self.wait(attribute, Some(value), false, changes);
            }
        }
        if self.present.waits_for_restart {
            changes.waiting.push(WaitingValue {
                address: self.resource.address.clone(),
                kind: self.resource.kind.clone(),
                attribute: None,
                path: pgward_model::Path::new(self.resource.address.as_str()),
                before: None,
                after: None,
                declared: true,
            });
        }
        let (replacing, updating): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|one| self.replaces(kind, one, &desired));
        let never = kind.stateful || !kind.instead_of_replacing.is_empty();
        // A replacement takes every value with it; one that is never made leaves the rest to do.
        let rest_counts = replacing.is_empty() || never;
        if !replacing.is_empty() {
            self.push(Verb::Replace, replacing, changes);
        }
        if !updating.is_empty() && rest_counts {
            self.push(Verb::Update, updating, changes);
        }
    }

    /// Whether a value names an output of what could not be read, so that it can't be compared.
    fn waits_for_a_read(&self, declared: &Value) -> bool {
        let mut unknown = Vec::new();
        declared.references(&mut unknown);
        unknown.iter().any(|reference| {
            let found = self.live.resources.get(&reference.address);
            matches!(found, Some(Observation::Unreadable(_)))
                || (is_of_subnets(reference) && self.live.unread_subnets)
        })
    }

    /// How many declared values are compared.
    fn count(&self) -> usize {
        let kind = self.catalog.kind(&self.resource.kind);
        let compared = |attribute: &&Attribute| {
            !attribute.observed && !matches!(attribute.applies, Applies::OnCreate)
        };
        self.resource
            .attributes
            .iter()
            .filter_map(|(path, value)| Some((kind.attribute(path).filter(compared)?, value)))
            .map(|(attribute, value)| match value.as_map() {
                Some(keys) if attribute.is_keyed() => keys.len(),
                _ => 1,
            })
            .sum()
    }

    fn push(&self, verb: Verb, attributes: Vec<AttributeChange>, changes: &mut Changes) {
        let mut change = whole(self.resource, verb, Some(self.present));
        change.attributes = attributes;
        changes.resources.push(change);
    }

    fn replaces(
        &self,
        kind: &pgward_model::Kind,
        change: &AttributeChange,
        desired: &Object,
    ) -> bool {
        let Some(attribute) = kind.attribute(&change.attribute) else {
            return false;
        };
        let case = Case {
            key: change.key.as_deref(),
            before: change.before.as_ref(),
            after: change.after.as_ref(),
            live: &self.present.now,
            desired,
        };
        matches!(attribute.applies_in(&case), Applies::OnReplace)
    }

    fn compare_value(
        &self,
        attribute: &Attribute,
        declared: &Value,
        desired: &Object,
        changes: &mut Changes,
        found: &mut Vec<AttributeChange>,
    ) {
        let path = self.resource.path_of(attribute.path, None);
        if self.is_ignored(&path) {
            return;
        }
        let same = |live: &Value| self.equal(attribute, None, declared, live, desired);
        let now = self.present.now.get(attribute.path);
        let waiting = self.present.waiting.get(attribute.path);
        match (now, waiting) {
            (_, Some(waiting)) if same(waiting) => {
                // A version that fits the declared prefix was asked for by others if the version
                // in effect fits as well.
                let declared = !now.is_some_and(same);
                self.wait(attribute, Some(waiting), declared, changes);
            }
            (Some(now), None) if same(now) => {}
            (Some(now), Some(_)) => {
                found.push(self.change(attribute, None, Some(now), Some(declared)));
            }
            (None, Some(waiting)) => {
                found.push(self.change(attribute, None, Some(waiting), Some(declared)));
            }
            // What AWS is still creating does not show all of it yet; it gets what was asked for.
            (None, None) if self.present.unfinished => {}
            (_, None) if self.comes_with_upgrade(attribute) => {
                self.wait(attribute, Some(declared), true, changes);
            }
            (now, None) => found.push(self.change(attribute, None, now, Some(declared))),
        }
    }

    /// Whether a reference changes together with a major upgrade that waits: what it names fits
    /// the new version only, and AWS does not show it as waiting.
    fn comes_with_upgrade(&self, attribute: &Attribute) -> bool {
        let kind = self.catalog.kind(&self.resource.kind);
        let major = |value: &Value| {
            let text = value.as_text().unwrap_or_default();
            text.split('.').next().map(str::to_owned)
        };
        matches!(attribute.applies, Applies::AfterReboot)
            && self.present.waiting.iter().any(|(path, waiting)| {
                let upgrade = kind
                    .attribute(path)
                    .is_some_and(|one| one.one_way == Some(Way::Upgrade));
                let now = self.present.now.get(path);
                upgrade && now.is_some_and(|now| major(now) != major(waiting))
            })
    }

    fn compare_keys(
        &self,
        attribute: &Attribute,
        declared: &Value,
        desired: &Object,
        found: &mut Vec<AttributeChange>,
    ) {
        let empty = BTreeMap::new();
        let declared = declared.as_map().unwrap_or(&empty);
        let live = self.present.now.map(attribute.path).unwrap_or(&empty);
        let keys: BTreeSet<&String> = declared.keys().chain(live.keys()).collect();
        for key in keys {
            let (before, after) = (live.get(key), declared.get(key));
            let same = match (before, after) {
                (Some(before), Some(after)) => {
                    self.equal(attribute, Some(key), after, before, desired)
                }
                _ => false,
            };
            if !same && !self.is_ignored(&self.resource.path_of(attribute.path, Some(key))) {
                found.push(self.change(attribute, Some(key), before, after));
            }
        }
    }

    fn equal(
        &self,
        attribute: &Attribute,
        key: Option<&str>,
        declared: &Value,
        live: &Value,
        desired: &Object,
    ) -> bool {
        let present = &self.present.now;
        compare::equal(
            self.catalog,
            attribute,
            key,
            declared,
            live,
            desired,
            present,
        )
    }

    fn is_ignored(&self, path: &pgward_model::Path) -> bool {
        self.ignores
            .iter()
            .any(|ignore| path.is_within(ignore.path.as_str()))
    }

    fn change(
        &self,
        attribute: &Attribute,
        key: Option<&str>,
        before: Option<&Value>,
        after: Option<&Value>,
    ) -> AttributeChange {
        AttributeChange {
            attribute: attribute.path.to_owned(),
            key: key.map(str::to_owned),
            path: self.resource.path_of(attribute.path, key),
            before: before.cloned(),
            after: after.cloned(),
        }
    }

    fn wait(
        &self,
        attribute: &Attribute,
        after: Option<&Value>,
        declared: bool,
        changes: &mut Changes,
    ) {
        changes.waiting.push(WaitingValue {
            address: self.resource.address.clone(),
            kind: self.resource.kind.clone(),
            attribute: Some(attribute.path.to_owned()),
            path: self.resource.path_of(attribute.path, None),
            before: self.present.now.get(attribute.path).cloned(),
            after: after.cloned(),
            declared,
        });
    }
}
