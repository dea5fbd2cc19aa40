//! What comes to replicas with an upgrade of their source that is queued or waits for the window.

use pgward_model::{Address, Applies, Case, Way};

use crate::{Operation, PlannedChange, Verb, Waiting, When};

use super::Planner;

/// Why a replica waits for its source.
const AFTER_ITS_SOURCE: &str = "its source is upgraded first; apply again after that";

impl Planner<'_> {
    /// Sources with a queued upgrade that takes their replicas along.
    pub(super) fn queued_leaders(&self) -> Vec<Address> {
        let leads = |address: &Address| {
            let Some(live) = self.live.present(address) else {
                return false;
            };
            let kind = self.catalog.kind(&self.desired.resources[address].kind);
            live.waiting.iter().any(|(path, waiting)| {
                let Some(attribute) = kind.attribute(path) else {
                    return false;
                };
                let case = Case {
                    key: None,
                    before: live.now.get(path),
                    after: Some(waiting),
                    live: &live.now,
                    desired: &live.now,
                };
                attribute.one_way == Some(Way::Upgrade)
                    && attribute.followers_first.and_then(|ask| ask(&case)) == Some(false)
            })
        };
        let all = self.desired.resources.keys();
        all.filter(|address| leads(address)).cloned().collect()
    }

    /// Sources that keep an older major version when the plan is done: their upgrade is queued, waits
    /// for the window, or is left out.
    fn leaders_behind(&self, changes: &[PlannedChange]) -> Vec<Address> {
        let is_behind = |address: &Address| {
            let resource = &self.desired.resources[address];
            let Some(live) = self.live.present(address) else {
                return false;
            };
            let upgraded = changes.iter().any(|change| {
                change.address == *address && self.upgrades(change) && change.when == When::Now
            });
            let kind = self.catalog.kind(&resource.kind);
            !upgraded
                && kind.attributes.iter().any(|attribute| {
                    let case = Case {
                        key: None,
                        before: live.now.get(attribute.path),
                        after: resource.attributes.get(attribute.path),
                        live: &live.now,
                        desired: &resource.attributes,
                    };
                    attribute.one_way == Some(Way::Upgrade)
                        && attribute.followers_first.and_then(|ask| ask(&case)) == Some(false)
                })
        };
        let all = self.desired.resources.keys();
        all.filter(|address| is_behind(address)).cloned().collect()
    }

    /// A replica takes a parameter group of the new family only once its source is upgraded: until
    /// then the change waits, and a later apply sends it.
    pub(super) fn hold_followers(&self, changes: &mut Vec<PlannedChange>) -> Vec<Waiting> {
        let leaders = self.leaders_behind(changes);
        let (held, rest): (Vec<PlannedChange>, Vec<PlannedChange>) =
            changes.drain(..).partition(|change| {
                let row = change
                    .attribute
                    .as_ref()
                    .and_then(|(path, _)| self.catalog.kind(&change.kind).attribute(path));
                change.verb == Verb::Update
                    && row.is_some_and(|row| matches!(row.applies, Applies::AfterReboot))
                    && self.follows_one_of(&change.address, &leaders)
            });
        *changes = rest;
        held.into_iter()
            .map(|change| Waiting {
                address: change.address,
                path: change.path,
                before_text: change.before_text,
                after_text: change.after_text,
                until: self.until_the_window(),
                effect: change.effect,
                interruption: change.interruption,
                declared: true,
                overdue: false,
                note: AFTER_ITS_SOURCE.to_owned(),
            })
            .collect()
    }

    /// A replica that is made below a source with an older major version begins with that version:
    /// what fits the declared version alone is left out of the creation.
    pub(super) fn hold_back(
        &self,
        changes: &[PlannedChange],
        operations: &mut [Operation],
    ) -> Vec<Waiting> {
        let leaders = self.leaders_behind(changes);
        let mut held = Vec::new();
        for operation in operations {
            let makes = matches!(operation.verb, Verb::Create | Verb::Replace);
            if !makes || !self.follows_one_of(&operation.address, &leaders) {
                continue;
            }
            let Some(resource) = &mut operation.resource else {
                continue;
            };
            for attribute in self.catalog.kind(&operation.kind).attributes {
                let upgrades = attribute.one_way == Some(Way::Upgrade);
                let is_group = matches!(attribute.applies, Applies::AfterReboot);
                if !upgrades && !is_group {
                    continue;
                }
                let Some(declared) = resource.attributes.remove(attribute.path) else {
                    continue;
                };
                if is_group {
                    held.push(Waiting {
                        address: operation.address.clone(),
                        path: resource.path_of(attribute.path, None),
                        before_text: None,
                        after_text: Some(attribute.print(None, &declared)),
                        until: self.until_the_window(),
                        effect: attribute.effect,
                        interruption: attribute.interruption,
                        declared: true,
                        overdue: false,
                        note: AFTER_ITS_SOURCE.to_owned(),
                    });
                }
            }
        }
        held
    }

    fn follows_one_of(&self, follower: &Address, leaders: &[Address]) -> bool {
        leaders
            .iter()
            .any(|leader| self.graph.reaches(follower, leader))
    }

    fn until_the_window(&self) -> When {
        When::Window {
            at: self.next_window.map(|(start, _)| start),
        }
    }

    pub(super) fn upgrades(&self, change: &PlannedChange) -> bool {
        change.attribute.as_ref().is_some_and(|(path, _)| {
            let row = self.catalog.kind(&change.kind).attribute(path);
            row.is_some_and(|row| row.one_way == Some(Way::Upgrade))
        })
    }
}
