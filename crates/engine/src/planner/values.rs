//! Values that differ on a resource that exists.

use std::collections::BTreeSet;

use pgward_model::{Attribute, Case, Effect, Flag, Kind, Object, Path};

use crate::{
    AttributeChange, Follow, Gate, PlannedChange, Present, ResourceChange, Verb, Waiting, When,
    compare,
    diff::find_output,
    effect::{self, Judgement, Moment},
};

use super::Planner;
use super::queue::Queue;

impl Planner<'_> {
    /// One planned change per value.
    pub(super) fn values(&self, change: &ResourceChange, out: &mut Vec<PlannedChange>) {
        let kind = self.catalog.kind(&change.kind);
        let (Some(resource), Some(live)) = (&change.desired, &change.live) else {
            return;
        };
        let desired = resource
            .attributes
            .resolved(&|reference| find_output(self.live, reference));
        for one in &change.attributes {
            let Some(attribute) = kind.attribute(&one.attribute) else {
                continue;
            };
            let judged = effect::judge(kind, attribute, one, &live.now, &desired);
            let mut planned = self.value(kind, attribute, change, one, &judged);
            let queue = self.queue(kind, change, live, &desired, attribute.path);
            self.set_moment(&mut planned, &judged, &queue);
            self.set_asides(&mut planned, attribute, one, &live.now, &desired);
            if self.takes_back(attribute, one, live, &desired) {
                take_back(&mut planned, attribute, live, &queue);
            } else if let Some(queued) = live.waiting.get(attribute.path) {
                let queued = attribute.print(one.key.as_deref(), queued);
                let words = format!("it takes the place of {queued}, which is queued");
                planned.remarks.push(("queue".to_owned(), words));
            }
            planned.cost = self.value_cost(kind, one, live, &desired);
            out.push(planned);
        }
    }

    fn value(
        &self,
        kind: &Kind,
        attribute: &Attribute,
        change: &ResourceChange,
        one: &AttributeChange,
        judged: &Judgement,
    ) -> PlannedChange {
        let print = |value: &pgward_model::Value| attribute.print(one.key.as_deref(), value);
        let origin = change
            .desired
            .as_ref()
            .filter(|_| one.after.is_some() || one.key.is_some())
            .and_then(|resource| resource.origin_of(&one.attribute, one.key.as_deref()));
        PlannedChange {
            path: one.path.clone(),
            attribute: Some((one.attribute.clone(), one.key.clone())),
            address: change.address.clone(),
            kind: change.kind.clone(),
            verb: if judged.moment == Moment::Replacement {
                Verb::Replace
            } else {
                Verb::Update
            },
            resource_type: kind.type_name.to_owned(),
            name: change.name.clone(),
            noun: kind.noun.to_owned(),
            before: one.before.clone(),
            after: one.after.clone(),
            before_text: one.before.as_ref().map(print),
            after_text: one.after.as_ref().map(print),
            effect: judged.effect,
            flags: judged.flags.clone(),
            interruption: judged.interruption,
            when: When::Now,
            also_releases: None,
            reason: judged.reason.clone(),
            replaced_because: Vec::new(),
            origin: origin.cloned(),
            follows: Vec::new(),
            remarks: Vec::new(),
            cost: None,
            gate: backward_gate(attribute, judged, &change.name),
            step: None,
            after_steps: Vec::new(),
            headline: format!("{} {}", kind.noun, change.name),
            details: Vec::new(),
        }
    }

    /// Whether the value in effect is declared and another one waits.
    pub(super) fn takes_back(
        &self,
        attribute: &Attribute,
        one: &AttributeChange,
        live: &Present,
        desired: &Object,
    ) -> bool {
        let waits = live.waiting.get(attribute.path).is_some();
        let (Some(declared), Some(now)) = (&one.after, live.now.get(attribute.path)) else {
            return false;
        };
        waits
            && compare::equal(
                self.catalog,
                attribute,
                None,
                declared,
                now,
                desired,
                &live.now,
            )
    }

    /// When it takes effect: design, decision 3.
    fn set_moment(&self, planned: &mut PlannedChange, judged: &Judgement, queue: &Queue) {
        let at = self.next_window.map(|(start, _)| start);
        planned.when = match judged.moment {
            Moment::Now => When::Now,
            Moment::Restart => When::Restart { with: None },
            Moment::Replacement if planned.effect == Effect::DataLoss => When::Never,
            Moment::Replacement => When::Now,
            Moment::WindowOrNow if self.starts_now() => {
                queue.start_with(planned);
                When::Now
            }
            Moment::WindowOrNow if planned.effect >= Effect::Downtime => {
                planned.also_releases = Some(queue.names());
                When::Window { at }
            }
            Moment::WindowOrNow if queue.is_harmless() => {
                queue.start_with(planned);
                When::Now
            }
            Moment::WindowOrNow => {
                planned.also_releases = Some(queue.names());
                planned.reason = format!(
                    "It could start at apply, but AWS would then also start what is queued: {}. \
                     So it waits for the window too.",
                    queue.names().join(", ")
                );
                When::Window { at }
            }
        };
    }

    fn set_asides(
        &self,
        planned: &mut PlannedChange,
        attribute: &Attribute,
        one: &AttributeChange,
        live: &Object,
        desired: &Object,
    ) {
        let case = Case {
            key: one.key.as_deref(),
            before: one.before.as_ref(),
            after: one.after.as_ref(),
            live,
            desired,
        };
        if let Some(ask) = attribute.follows {
            planned.follows = ask(&case, &self.desired.resources)
                .into_iter()
                .map(|(path, before, after)| Follow {
                    path: Path::new(path),
                    before,
                    after,
                })
                .collect();
        }
        if let Some(ask) = attribute.remarks {
            planned.remarks = ask(&case, &self.desired.resources);
        }
    }

    /// An upgrade that comes to replicas with their source is planned for the source alone.
    pub(super) fn drop_followers(&self, changes: &mut Vec<PlannedChange>) {
        let leading: Vec<pgward_model::Address> = self
            .changes
            .resources
            .iter()
            .filter(|change| change.verb == Verb::Update && self.takes_followers_along(change))
            .map(|change| change.address.clone())
            .chain(self.queued_leaders())
            .collect();
        changes.retain(|change| {
            !(self.upgrades(change)
                && leading
                    .iter()
                    .any(|leader| self.graph.reaches(&change.address, leader)))
        });
    }

    /// In the window, a source can be asked for a minor version only once its replicas have it:
    /// until then it waits, and a later apply sends it.
    pub(super) fn hold_leaders(&self, changes: &mut Vec<PlannedChange>) -> Vec<Waiting> {
        if self.starts_now() || self.circumstances.destroy {
            return Vec::new();
        }
        let planned = changes.iter().filter(|change| self.upgrades(change));
        let queued = self.changes.waiting.iter().filter(|waiting| {
            let row = waiting.attribute.as_deref();
            let row = row.and_then(|path| self.catalog.kind(&waiting.kind).attribute(path));
            row.is_some_and(|row| row.one_way == Some(pgward_model::Way::Upgrade))
        });
        let followers: BTreeSet<pgward_model::Address> = planned
            .map(|change| change.address.clone())
            .chain(queued.map(|waiting| waiting.address.clone()))
            .collect();
        let (held, rest): (Vec<PlannedChange>, Vec<PlannedChange>) =
            changes.drain(..).partition(|change| {
                self.upgrades(change)
                    && followers
                        .iter()
                        .any(|other| self.graph.reaches(other, &change.address))
            });
        *changes = rest;
        held.into_iter()
            .map(|change| Waiting {
                address: change.address,
                path: change.path,
                before_text: change.before_text,
                after_text: change.after_text,
                until: change.when,
                effect: change.effect,
                interruption: change.interruption,
                declared: true,
                overdue: false,
                note: "its replicas come first; apply again once they are upgraded".to_owned(),
            })
            .collect()
    }

    pub(super) fn takes_followers_along(&self, change: &ResourceChange) -> bool {
        let kind = self.catalog.kind(&change.kind);
        let (Some(live), Some(desired)) = (&change.live, &change.desired) else {
            return false;
        };
        change.attributes.iter().any(|one| {
            let Some(attribute) = kind.attribute(&one.attribute) else {
                return false;
            };
            let case = Case {
                key: one.key.as_deref(),
                before: one.before.as_ref(),
                after: one.after.as_ref(),
                live: &live.now,
                desired: &desired.attributes,
            };
            attribute.one_way == Some(pgward_model::Way::Upgrade)
                && attribute.followers_first.and_then(|ask| ask(&case)) == Some(false)
        })
    }

    /// Whether a change of values restarts its resource in any case.
    pub(super) fn surely_restarts(&self, change: &PlannedChange) -> bool {
        let row = change
            .attribute
            .as_ref()
            .and_then(|(path, _)| self.catalog.kind(&change.kind).attribute(path));
        change.verb == Verb::Update
            && change.effect == Effect::Downtime
            && !row.is_some_and(|row| row.may_spare)
    }

    /// Parameters that need a restart use one that the plan causes anyway.
    pub(super) fn use_restarts(&self, changes: &mut [PlannedChange]) {
        let restarts: Vec<(pgward_model::Address, Path, bool)> = changes
            .iter()
            .filter(|change| self.surely_restarts(change))
            .map(|change| {
                (
                    change.address.clone(),
                    change.path.clone(),
                    change.when == When::Now,
                )
            })
            .collect();
        for change in changes.iter_mut() {
            if !matches!(change.when, When::Restart { .. }) {
                continue;
            }
            let used = restarts.iter().find(|(address, _, _)| {
                *address == change.address || self.graph.reaches(address, &change.address)
            });
            if let Some((_, path, _)) = used {
                change.when = When::Restart {
                    with: Some(path.clone()),
                };
            }
        }
    }
}

/// Taking back what waits changes nothing by itself, but AWS then starts the rest of the queue.
fn take_back(planned: &mut PlannedChange, attribute: &Attribute, live: &Present, queue: &Queue) {
    if let Some(queued) = live.waiting.get(attribute.path) {
        planned.before_text = Some(format!("{} (queued)", attribute.print(None, queued)));
    }
    planned.when = When::Now;
    planned.flags.clear();
    planned.gate = Gate::Ready;
    planned.follows.clear();
    planned.remarks.clear();
    planned.effect = Effect::Online;
    planned.interruption = None;
    planned.also_releases = None;
    queue.start_with(planned);
    let others = queue.names();
    planned.reason = if others.is_empty() {
        "The value in effect stays; the one that is queued is taken back.".to_owned()
    } else {
        format!(
            "The queued value is taken back, and AWS starts at once what else is queued: {}.",
            others.join(", ")
        )
    };
}

/// P603 for a value that moves the way it can't.
fn backward_gate(attribute: &Attribute, judged: &Judgement, name: &str) -> Gate {
    if !judged.backward {
        return Gate::Ready;
    }
    let (why, instead) = match attribute.one_way {
        Some(pgward_model::Way::Upgrade) => (
            "PostgreSQL can't be downgraded".to_owned(),
            "declare the version that is in AWS, or restore a snapshot of before the upgrade",
        ),
        _ => (
            format!("storage of {name} can't shrink"),
            "declare the size that is in AWS, or move the data to a new instance",
        ),
    };
    Gate::Blocked {
        code: "P603".to_owned(),
        why,
        instead: vec![instead.to_owned()],
    }
}

/// The effects of several changes together: the strongest, and all flags.
pub(super) fn together<'a>(
    changes: impl Iterator<Item = &'a PlannedChange>,
) -> (Effect, BTreeSet<Flag>) {
    changes.fold(
        (Effect::Online, BTreeSet::new()),
        |(effect, mut flags), change| {
            flags.extend(change.flags.iter().copied());
            (effect.max(change.effect), flags)
        },
    )
}
