//! What apply does, and in which order.

use std::collections::{BTreeMap, BTreeSet};

use pgward_graph::layers;
use pgward_model::{Address, Applies, Effect, Path, Value, Way};

use crate::{
    Operation, PlannedChange, ResourceChange, Step, Verb, When, planner::values::together,
};

use super::Planner;
use super::leftovers::users;
use super::removals::Removals;

impl Planner<'_> {
    /// The operations of every change that is not blocked, with steps; sets the steps of changes.
    pub(super) fn operations(&self, changes: &mut [PlannedChange]) -> Vec<Operation> {
        let mut operations = Vec::new();
        for change in &self.changes.resources {
            let planned: Vec<&PlannedChange> = changes
                .iter()
                .filter(|one| one.address == change.address && one.name == change.name)
                .filter(|one| !one.is_blocked() && one.verb == change.verb)
                .collect();
            if planned.is_empty() {
                continue;
            }
            match change.verb {
                Verb::Update => {
                    self.updates_and_removals(change, &planned, changes, &mut operations);
                }
                verb => operations.push(self.operation(change, verb, &planned)),
            }
        }
        self.restarts(changes, &mut operations);
        self.awaited(&mut operations);
        let removals = self.removals(changes, &operations);
        self.connect(&mut operations, &removals);
        self.number_steps(&mut operations);
        for change in changes.iter_mut().filter(|change| !change.is_blocked()) {
            let own: Vec<&Operation> = operations
                .iter()
                .filter(|one| one.address == change.address && one.paths.contains(&change.path))
                .collect();
            change.step = own.iter().map(|one| one.step).min();
            let before: BTreeSet<u32> = own
                .iter()
                .flat_map(|one| one.after.iter())
                .map(|number| operations[*number].step)
                .collect();
            change.after_steps = before.into_iter().collect();
        }
        operations
    }

    /// What AWS is still creating and nothing else is planned for is waited for.
    fn awaited(&self, operations: &mut Vec<Operation>) {
        if self.circumstances.destroy || self.circumstances.adopt {
            return;
        }
        for resource in self.desired.resources.values() {
            let address = &resource.address;
            let Some(live) = self.live.present(address) else {
                continue;
            };
            let ours = self.changes.compared.contains(address);
            let planned = operations.iter().any(|one| one.address == *address);
            if live.unfinished && ours && !planned && self.is_selected(&Path::new(address.as_str()))
            {
                let change = ResourceChange {
                    address: address.clone(),
                    kind: resource.kind.clone(),
                    name: live.name.clone(),
                    verb: Verb::Await,
                    desired: Some(resource.clone()),
                    live: Some(Box::new(live.clone())),
                    attributes: Vec::new(),
                };
                operations.push(self.operation(&change, Verb::Await, &[]));
            }
        }
    }

    fn operation(
        &self,
        change: &ResourceChange,
        verb: Verb,
        planned: &[&PlannedChange],
    ) -> Operation {
        let kind = self.catalog.kind(&change.kind);
        let usual = match verb {
            Verb::Create | Verb::Await => kind.create_time,
            Verb::Delete => kind.delete_time,
            Verb::Update | Verb::Restart => kind.change_time,
            Verb::Adopt => pgward_model::Usual::MOMENT,
            Verb::Replace => pgward_model::Usual {
                from: kind.delete_time.from + kind.create_time.from,
                to: kind.delete_time.to + kind.create_time.to,
                deadline: kind.delete_time.deadline + kind.create_time.deadline,
            },
        };
        let (effect, _) = together(planned.iter().copied());
        let mut tags = BTreeMap::new();
        if let Some(resource) = &change.desired {
            let declared = resource.attributes.map("tags.*");
            let declared = declared.filter(|_| verb != Verb::Adopt);
            for (key, value) in declared.into_iter().flatten() {
                tags.insert(key.clone(), value.as_text().unwrap_or_default().to_owned());
            }
            tags.extend(self.desired.owner_tags(&change.address));
        }
        let final_snapshot = (verb == Verb::Delete && kind.stateful)
            .then(|| self.final_snapshot(&change.name))
            .flatten();
        Operation {
            number: 0,
            address: change.address.clone(),
            kind: change.kind.clone(),
            verb,
            name: change.name.clone(),
            step: 0,
            after: BTreeSet::new(),
            resource: change.desired.clone(),
            live: change.live.clone(),
            attributes: BTreeSet::new(),
            immediate: false,
            deferred: false,
            tags,
            final_snapshot,
            effect,
            headline: planned
                .first()
                .filter(|_| verb == Verb::Create)
                .map_or_else(
                    || format!("{} {}", kind.noun, change.name),
                    |one| one.headline.clone(),
                ),
            minutes: (usual.from, usual.to, usual.deadline),
            paths: planned.iter().map(|one| one.path.clone()).collect(),
        }
    }

    /// One call, or two where something that starts at apply must not release what waits.
    pub(super) fn updates(
        &self,
        change: &ResourceChange,
        planned: &[&PlannedChange],
        restarts: &BTreeSet<Path>,
        operations: &mut Vec<Operation>,
    ) {
        let kind = self.catalog.kind(&change.kind);
        let attribute_of = |one: &PlannedChange| {
            one.attribute
                .clone()
                .map(|(path, _)| path)
                .unwrap_or_default()
        };
        let could_wait = |one: &&&PlannedChange| self.could_wait(change, one);
        let (later, sooner): (Vec<&PlannedChange>, Vec<&PlannedChange>) = planned
            .iter()
            .copied()
            .partition(|one| matches!(one.when, When::Window { .. }));
        let flagged = sooner.iter().filter(could_wait).count() > 0
            || planned.iter().any(|one| self.cancels(change, one));
        let part = |these: &[&PlannedChange], immediate: bool, deferred: bool| {
            let mut operation = self.operation(change, Verb::Update, these);
            operation.attributes = these.iter().map(|one| attribute_of(one)).collect();
            self.keep_ignored(&mut operation);
            operation.immediate = immediate;
            operation.deferred = deferred;
            let converts = operation
                .attributes
                .iter()
                .filter_map(|path| kind.attribute(path))
                .any(|attribute| attribute.cooldown_hours > 0);
            if converts && !deferred {
                // RDS may copy the data to other volumes, which takes hours.
                operation.minutes = (5, 60, 24 * 60);
            } else if !these
                .iter()
                .any(|one| one.effect >= Effect::Degraded && one.when == When::Now)
            {
                operation.minutes.0 = 0;
                operation.minutes.1 = operation.minutes.1.min(2);
            }
            operation
        };
        match (sooner.is_empty(), later.is_empty()) {
            (false, false) if !flagged => operations.push(part(planned, false, true)),
            (false, false) => {
                operations.push(part(&sooner, true, false));
                operations.push(part(&later, false, true));
            }
            (false, true) => {
                // Values that a restart must bring into effect are only stored by this call,
                // unless the restart is part of the plan.
                let stored = sooner.iter().all(|one| match &one.when {
                    When::Restart { with } => {
                        with.as_ref().is_none_or(|with| !restarts.contains(with))
                    }
                    When::Now | When::Window { .. } | When::Never => false,
                });
                operations.push(part(&sooner, flagged, stored));
            }
            (true, false) => operations.push(part(&later, false, true)),
            (true, true) => {}
        }
    }

    /// What `[ignore.*]` names stays: it is sent along as it is, since a keyed attribute is sent as
    /// a whole.
    fn keep_ignored(&self, operation: &mut Operation) {
        let today = self.circumstances.now.strftime("%Y-%m-%d").to_string();
        let (Some(resource), Some(live)) = (&mut operation.resource, &operation.live) else {
            return;
        };
        for path in &operation.attributes {
            let Some(Value::Map(mut declared)) = resource.attributes.get(path).cloned() else {
                continue;
            };
            for (key, value) in live.now.map(path).into_iter().flatten() {
                let shown = resource.path_of(path, Some(key));
                let ignored =
                    self.desired.ignores.iter().any(|ignore| {
                        ignore.until >= today && shown.is_within(ignore.path.as_str())
                    });
                if ignored {
                    declared.insert(key.clone(), value.clone());
                }
            }
            resource.attributes.set(path.clone(), Value::Map(declared));
        }
    }

    /// Whether AWS would let the value wait for the window without the immediate flag.
    fn could_wait(&self, change: &ResourceChange, planned: &PlannedChange) -> bool {
        let kind = self.catalog.kind(&change.kind);
        let (Some((path, key)), Some(live), Some(desired)) =
            (&planned.attribute, &change.live, &change.desired)
        else {
            return false;
        };
        let case = pgward_model::Case {
            key: key.as_deref(),
            before: planned.before.as_ref(),
            after: planned.after.as_ref(),
            live: &live.now,
            desired: &desired.attributes,
        };
        kind.attribute(path)
            .is_some_and(|attribute| matches!(attribute.applies_in(&case), Applies::Window))
    }

    /// Whether a value that waits is taken back, which AWS does only with the immediate flag.
    fn cancels(&self, change: &ResourceChange, planned: &PlannedChange) -> bool {
        let (Some(live), Some(desired)) = (&change.live, &change.desired) else {
            return false;
        };
        let kind = self.catalog.kind(&change.kind);
        change
            .attributes
            .iter()
            .filter(|one| one.path == planned.path)
            .any(|one| {
                kind.attribute(&one.attribute).is_some_and(|attribute| {
                    self.takes_back(attribute, one, live, &desired.attributes)
                })
            })
    }

    /// Restarts that the plan names.
    fn restarts(&self, changes: &[PlannedChange], operations: &mut Vec<Operation>) {
        for one in changes
            .iter()
            .filter(|one| one.verb == Verb::Restart && !one.is_blocked())
        {
            let change = ResourceChange {
                address: one.address.clone(),
                kind: one.kind.clone(),
                verb: Verb::Restart,
                name: one.name.clone(),
                attributes: Vec::new(),
                desired: self.desired.resources.get(&one.address).cloned(),
                live: self
                    .live
                    .present(&one.address)
                    .map(|live| Box::new(live.clone())),
            };
            let mut operation = self.operation(&change, Verb::Restart, &[one]);
            operation.minutes = (1, 5, 40);
            operations.push(operation);
        }
    }

    /// What must come before what.
    fn connect(&self, operations: &mut [Operation], removals: &Removals) {
        let removes = |number: usize| removals.iter().any(|(removal, _)| *removal == number);
        for number in 0..operations.len() {
            operations[number].number = number;
            let after: BTreeSet<usize> = (0..operations.len())
                .filter(|other| *other != number)
                .filter(|other| match (removes(number), removes(*other)) {
                    // What is taken away last waits for its own, and nothing waits for it.
                    (true, _) => {
                        let same = operations[number].address == operations[*other].address;
                        removals.contains(&(number, *other)) || (same && *other < number)
                    }
                    (false, true) => false,
                    (false, false) => self.comes_after(operations, number, *other),
                })
                .collect();
            operations[number].after = after;
        }
    }

    /// Whether operation `number` must wait for operation `other`.
    fn comes_after(&self, operations: &[Operation], number: usize, other: usize) -> bool {
        let (one, before) = (&operations[number], &operations[other]);
        if one.verb == Verb::Adopt {
            return false;
        }
        if before.verb == Verb::Delete {
            return match one.verb {
                Verb::Delete => self.depends(before, one),
                _ => self.frees(before, one),
            };
        }
        if one.verb == Verb::Delete {
            // What is deleted waits until nothing uses it any more.
            return self.uses(before, one)
                && !operations.iter().any(|other| self.frees(one, other));
        }
        if one.address == before.address {
            return match (one.verb, before.verb) {
                (Verb::Restart, Verb::Restart) => false,
                (Verb::Restart, _) => true,
                (_, Verb::Restart) => false,
                _ => other < number,
            };
        }
        if one.verb == Verb::Restart && before.verb == Verb::Restart {
            return if self.followers_first(&one.address, &before.address) {
                self.graph.reaches(&before.address, &one.address)
            } else {
                self.graph.reaches(&one.address, &before.address)
            };
        }
        if before.verb == Verb::Restart {
            return false;
        }
        if self.is_replaced_before(operations, before, one) {
            return true;
        }
        if self.is_replaced_before(operations, one, before) {
            return false;
        }
        if self.upgrades_together(one, before) {
            // The follower is the one that reaches the other, and it goes first.
            return self.graph.reaches(&before.address, &one.address);
        }
        self.graph.reaches(&one.address, &before.address)
    }

    /// Whether a deletion takes away what follows a resource that is to be interrupted: AWS
    /// neither upgrades a source before its followers nor ends its backups while it has some.
    fn frees(&self, deletion: &Operation, other: &Operation) -> bool {
        let kind = self.catalog.kind(&other.kind);
        deletion.verb == Verb::Delete
            && other.verb == Verb::Update
            && kind.stateful
            && other.effect >= Effect::Downtime
            && self.catalog.kind(&deletion.kind).type_name == kind.type_name
            && self.uses(deletion, other)
    }

    /// Whether a replica gives way to a new one before a source of it is upgraded: AWS refuses the
    /// upgrade for as long as the replica runs an older version. What it copies now counts, and what
    /// that copies in turn; where the new one copies from another replica comes first.
    fn is_replaced_before(
        &self,
        operations: &[Operation],
        follower: &Operation,
        leader: &Operation,
    ) -> bool {
        // The cheap questions first: this is asked of every pair of operations.
        if follower.verb != Verb::Replace
            || leader.verb != Verb::Update
            || !self.upgrades_version(leader)
        {
            return false;
        }
        let copies = |source: &Operation| {
            self.uses(follower, source)
                && (source.address == leader.address
                    || self.graph.reaches(&source.address, &leader.address))
        };
        let leads = self.changes.resources.iter().any(|change| {
            change.address == leader.address
                && change.verb == Verb::Update
                && !self.takes_followers_along(change)
        });
        leads && operations.iter().any(copies)
    }

    /// Whether two operations change the version of a source and of its replica.
    fn upgrades_together(&self, one: &Operation, other: &Operation) -> bool {
        self.upgrades_version(one) && self.upgrades_version(other)
    }

    fn upgrades_version(&self, operation: &Operation) -> bool {
        let kind = self.catalog.kind(&operation.kind);
        operation
            .attributes
            .iter()
            .filter_map(|path| kind.attribute(path))
            .any(|attribute| attribute.one_way == Some(Way::Upgrade))
    }

    /// Whether what depends restarts before what it depends on (resource semantics, 7).
    fn followers_first(&self, one: &Address, other: &Address) -> bool {
        let answers = self.changes.resources.iter().filter_map(|change| {
            let shared = [one, other]
                .iter()
                .all(|address| self.graph.reaches(address, &change.address));
            let kind = self.catalog.kind(&change.kind);
            shared.then(|| {
                change.attributes.iter().filter_map(|value| {
                    let attribute = kind.attribute(&value.attribute)?;
                    let live = change.live.as_ref()?;
                    let desired = change.desired.as_ref()?;
                    let case = pgward_model::Case {
                        key: value.key.as_deref(),
                        before: value.before.as_ref(),
                        after: value.after.as_ref(),
                        live: &live.now,
                        desired: &desired.attributes,
                    };
                    attribute.followers_first.and_then(|ask| ask(&case))
                })
            })
        });
        answers.flatten().next().unwrap_or(true)
    }

    /// Whether the resource of `holder` uses that of `held`, as it exists.
    fn depends(&self, holder: &Operation, held: &Operation) -> bool {
        if self.may_need(&holder.kind, &held.kind) {
            return true;
        }
        let Some(live) = &holder.live else {
            return false;
        };
        holder.kind == held.kind
            && live
                .now
                .iter()
                .any(|(_, value)| value == &Value::text(&held.name))
    }

    /// Whether the resource of `holder`, as it exists, names that of `held`.
    fn uses(&self, holder: &Operation, held: &Operation) -> bool {
        let may = holder.kind == held.kind || self.may_need(&holder.kind, &held.kind);
        match (&holder.live, &held.live) {
            (Some(holder), Some(held)) => may && users(holder, held).next().is_some(),
            _ => false,
        }
    }

    pub(super) fn may_need(&self, kind: &str, needed: &str) -> bool {
        let needs = self.catalog.kind(kind).needs;
        needs.contains(&needed) || needs.iter().any(|next| self.may_need(next, needed))
    }

    fn number_steps(&self, operations: &mut [Operation]) {
        let needs: Vec<BTreeSet<usize>> = operations.iter().map(|one| one.after.clone()).collect();
        let layers = layers(&needs).expect("kinds and spec have no circles");
        for (step, layer) in (1_u32..).zip(layers) {
            for number in layer {
                operations[number].step = step;
            }
        }
    }

    /// The steps, for the reader.
    pub(super) fn steps(&self, operations: &[Operation]) -> Vec<Step> {
        let last = operations.iter().map(|one| one.step).max().unwrap_or(0);
        (1..=last)
            .map(|number| {
                let mut own: Vec<&Operation> =
                    operations.iter().filter(|one| one.step == number).collect();
                own.sort_by_key(|one| self.rank(one));
                Step {
                    number,
                    addresses: own.iter().map(|one| one.address.clone()).collect(),
                    minutes: (
                        own.iter().map(|one| one.minutes.0).max().unwrap_or(0),
                        own.iter().map(|one| one.minutes.1).max().unwrap_or(0),
                    ),
                }
            })
            .collect()
    }

    /// Kinds in the order of the catalog, resources in the order of the files.
    fn rank(&self, operation: &Operation) -> (usize, Option<pgward_model::Origin>, Address) {
        let kind = self
            .catalog
            .kinds
            .iter()
            .position(|kind| kind.name == operation.kind);
        let origin = operation
            .resource
            .as_ref()
            .and_then(|resource| resource.origin.clone());
        (
            kind.unwrap_or(usize::MAX),
            origin,
            operation.address.clone(),
        )
    }
}
