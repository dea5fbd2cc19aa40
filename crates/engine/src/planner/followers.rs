//! What comes to replicas with an upgrade of their source that is queued or waits for the window.

use pgward_model::{Address, Applies, Case, Way};

use crate::{PlannedChange, Verb, Waiting, When};

use super::Planner;

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

    /// A replica takes a parameter group of the new family only once its source is upgraded: until
    /// then the change waits, and a later apply sends it.
    pub(super) fn hold_followers(&self, changes: &mut Vec<PlannedChange>) -> Vec<Waiting> {
        let mut leaders = self.queued_leaders();
        let later = |one: &&PlannedChange| matches!(one.when, When::Window { .. });
        for change in changes.iter().filter(later) {
            let leads = self.changes.resources.iter().any(|one| {
                one.address == change.address
                    && one.verb == Verb::Update
                    && self.takes_followers_along(one)
            });
            if leads && self.upgrades(change) {
                leaders.push(change.address.clone());
            }
        }
        let (held, rest): (Vec<PlannedChange>, Vec<PlannedChange>) =
            changes.drain(..).partition(|change| {
                let row = change
                    .attribute
                    .as_ref()
                    .and_then(|(path, _)| self.catalog.kind(&change.kind).attribute(path));
                change.verb == Verb::Update
                    && row.is_some_and(|row| matches!(row.applies, Applies::AfterReboot))
                    && leaders
                        .iter()
                        .any(|leader| self.graph.reaches(&change.address, leader))
            });
        *changes = rest;
        held.into_iter()
            .map(|change| Waiting {
                address: change.address,
                path: change.path,
                before_text: change.before_text,
                after_text: change.after_text,
                until: When::Window {
                    at: self.next_window.map(|(start, _)| start),
                },
                effect: change.effect,
                interruption: change.interruption,
                declared: true,
                overdue: false,
                note: "its source is upgraded first; apply again after that".to_owned(),
            })
            .collect()
    }

    pub(super) fn upgrades(&self, change: &PlannedChange) -> bool {
        change.attribute.as_ref().is_some_and(|(path, _)| {
            let row = self.catalog.kind(&change.kind).attribute(path);
            row.is_some_and(|row| row.one_way == Some(Way::Upgrade))
        })
    }
}
