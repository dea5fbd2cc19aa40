//! What waits on a resource already, and what becomes of it when the immediate flag is sent.
//!
//! The flag is one per resource, not per value: AWS then starts everything that waits (resource
//! semantics, 1.1).

use std::collections::BTreeSet;

use pgward_model::{Case, Effect, Flag, Kind, Object};

use crate::{PlannedChange, Present, ResourceChange};

use super::Planner;

/// One value that waits.
struct Queued {
    name: String,
    effect: Effect,
    flags: BTreeSet<Flag>,
}

/// What a change would start beside itself.
pub(super) struct Queue(Vec<Queued>);

impl Queue {
    /// What waits, in words.
    pub(super) fn names(&self) -> Vec<String> {
        self.0.iter().map(|one| one.name.clone()).collect()
    }

    /// Whether it may start at any moment: nobody notices, and it can be undone.
    pub(super) fn is_harmless(&self) -> bool {
        let harmless = |one: &Queued| one.effect == Effect::Online && one.flags.is_empty();
        self.0.iter().all(harmless)
    }

    /// The change starts it, so what it does is what the change does.
    pub(super) fn start_with(&self, planned: &mut PlannedChange) {
        if self.0.is_empty() {
            return;
        }
        planned.also_releases = Some(self.names());
        let own = planned.effect;
        for one in &self.0 {
            planned.effect = planned.effect.max(one.effect);
            planned.flags.extend(one.flags.iter().copied());
        }
        if planned.effect != own {
            let more = "The effect is that of what is queued and starts with it.";
            planned.reason = format!("{} {more}", planned.reason);
        }
    }
}

impl Planner<'_> {
    /// What the immediate flag would start beside the value of `path`. What the same call replaces or
    /// takes back does not start.
    pub(super) fn queue(
        &self,
        kind: &Kind,
        change: &ResourceChange,
        live: &Present,
        desired: &Object,
        path: &str,
    ) -> Queue {
        let replaced = |other: &str| {
            other == path
                || change.attributes.iter().any(|one| {
                    let taken_back = kind
                        .attribute(&one.attribute)
                        .is_some_and(|attribute| self.takes_back(attribute, one, live, desired));
                    one.attribute == other
                        && self.is_selected(&one.path)
                        && (self.starts_now() || taken_back)
                })
        };
        let mut queue = Vec::new();
        for (other, value) in live.waiting.iter().filter(|(other, _)| !replaced(other)) {
            let Some(attribute) = kind.attribute(other) else {
                continue;
            };
            let case = Case {
                key: None,
                before: live.now.get(other),
                after: Some(value),
                live: &live.now,
                desired: &live.now,
            };
            let mut flags = BTreeSet::new();
            if attribute.one_way.is_some() {
                flags.insert(Flag::OneWay);
            }
            if attribute.cooldown_hours > 0 {
                flags.insert(Flag::Cooldown);
            }
            let resource = change.desired.as_ref();
            queue.push(Queued {
                name: resource.map_or_else(
                    || other.to_owned(),
                    |resource| resource.path_of(other, None).to_string(),
                ),
                effect: attribute.effect_in(&case),
                flags,
            });
        }
        // Nothing is known of the rest, so the worst is taken for true.
        queue.extend(live.waiting_too.keys().map(|name| Queued {
            name: format!("{}.{name}", change.address),
            effect: Effect::Downtime,
            flags: BTreeSet::new(),
        }));
        Queue(queue)
    }
}
