//! What serves a user of its resource until another change of the plan is done: the rule that a
//! proxy needs, the rules of the port that an instance leaves. It goes with that change, and last.

use std::collections::BTreeSet;

use pgward_model::{Effect, Value};

use crate::{Gate, Operation, PlannedChange, ResourceChange, Verb, When};

use super::Planner;
use super::leftovers::users;

/// Pairs of operations: one that takes something away, and one that must be done before it.
pub(super) type Removals = BTreeSet<(usize, usize)>;

impl Planner<'_> {
    /// The changes after which what a removal takes away serves nobody any more; none if it can go
    /// at once.
    pub(super) fn served_until<'c>(
        &self,
        removal: &PlannedChange,
        others: &'c [PlannedChange],
    ) -> Vec<&'c PlannedChange> {
        let (Some((path, Some(key))), None) = (&removal.attribute, &removal.after) else {
            return Vec::new();
        };
        let row = self.catalog.kind(&removal.kind).attribute(path);
        let held = self.live.present(&removal.address);
        let (Some(serves), Some(held)) = (row.and_then(|row| row.serves), held) else {
            return Vec::new();
        };
        let uses = |other: &PlannedChange| {
            let same = |one: &&ResourceChange| {
                one.address == other.address && one.name == other.name && one.verb == other.verb
            };
            let resources = self.changes.resources.iter().filter(same);
            resources
                .filter_map(|one| one.live.as_ref())
                .any(|live| users(live, held).next().is_some())
        };
        let serving = |other: &&PlannedChange| {
            let served = match other.verb {
                Verb::Delete | Verb::Replace => serves(key, None),
                Verb::Update => {
                    let left = other.before.as_ref();
                    other.effect >= Effect::Downtime
                        && left.is_some_and(|left| serves(key, Some(left)))
                }
                Verb::Create | Verb::Restart | Verb::Await | Verb::Adopt => false,
            };
            served && uses(other)
        };
        others.iter().filter(serving).collect()
    }

    /// A removal needs the consent of the changes that it waits for.
    pub(super) fn hold_removals(&self, changes: &mut [PlannedChange]) {
        let gates: Vec<Option<(Gate, String)>> = changes
            .iter()
            .map(|change| {
                let others = self.served_until(change, changes);
                let blocked = others.iter().find(|one| one.is_blocked());
                let first = blocked.or_else(|| others.iter().max_by_key(|one| one.effect))?;
                let paths: Vec<&str> = match blocked {
                    Some(one) => vec![one.path.as_str()],
                    None => others.iter().map(|one| one.path.as_str()).collect(),
                };
                Some((first.gate.clone(), paths.join(" and ")))
            })
            .collect();
        for (change, gate) in changes.iter_mut().zip(gates) {
            let Some((gate, path)) = gate.filter(|_| !change.is_blocked()) else {
                continue;
            };
            let sentence = format!("{path}, which it serves until then");
            change.remarks.push(("after".to_owned(), sentence));
            change.gate = match gate {
                Gate::Blocked { .. } => {
                    change.when = When::Never;
                    Gate::Blocked {
                        code: "P607".to_owned(),
                        why: format!("it serves {path}, which is blocked"),
                        instead: vec![format!("first do what {path} says")],
                    }
                }
                gate => gate,
            };
        }
    }

    /// Adds the operations that change one resource: first all but what must wait, then that.
    pub(super) fn updates_and_removals(
        &self,
        change: &ResourceChange,
        planned: &[&PlannedChange],
        changes: &[PlannedChange],
        operations: &mut Vec<Operation>,
    ) {
        let (held, free): (Vec<&PlannedChange>, Vec<&PlannedChange>) = planned
            .iter()
            .copied()
            .partition(|one| !self.served_until(one, changes).is_empty());
        let first = operations.len();
        self.updates(change, &free, &restarted(changes), operations);
        if held.is_empty() {
            return;
        }
        for operation in &mut operations[first..] {
            keep(operation, &held);
        }
        self.updates(change, &held, &BTreeSet::new(), operations);
    }

    /// Which operation takes something away, and what must be done before.
    pub(super) fn removals(&self, changes: &[PlannedChange], operations: &[Operation]) -> Removals {
        let mut pairs = Removals::new();
        for change in changes.iter().filter(|change| !change.is_blocked()) {
            let of = |wanted: &PlannedChange| {
                operations.iter().rposition(|one| {
                    one.address == wanted.address
                        && one.verb == wanted.verb
                        && one.name == wanted.name
                        && one.paths.contains(&wanted.path)
                })
            };
            for other in self.served_until(change, changes) {
                pairs.extend(of(change).zip(of(other)));
            }
        }
        pairs
    }
}

/// The restarts that the plan names, by path.
fn restarted(changes: &[PlannedChange]) -> BTreeSet<pgward_model::Path> {
    changes
        .iter()
        .filter(|change| change.verb == Verb::Restart)
        .map(|change| change.path.clone())
        .collect()
}

/// A keyed attribute is sent as a whole: what a later operation takes away is sent along as it is.
fn keep(operation: &mut Operation, held: &[&PlannedChange]) {
    let (Some(resource), Some(live)) = (&mut operation.resource, &operation.live) else {
        return;
    };
    for (path, key) in held.iter().filter_map(|one| one.attribute.as_ref()) {
        let Some(key) = key.as_ref().filter(|_| operation.attributes.contains(path)) else {
            continue;
        };
        let value = live.now.map(path).and_then(|entries| entries.get(key));
        let declared = resource.attributes.get(path).cloned();
        if let (Some(value), Some(Value::Map(mut declared))) = (value, declared) {
            declared.insert(key.clone(), value.clone());
            resource.attributes.set(path.clone(), Value::Map(declared));
        }
    }
}
