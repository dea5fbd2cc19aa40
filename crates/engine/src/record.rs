//! What the record keeps of a run, for `drift` and for the words about what waits.

use std::collections::BTreeMap;

use pgward_model::{Address, Catalog, Desired, Path};

use crate::{
    OperationReport, Outcome, Plan, Record, Report, Requested, Verb, When, drift::values_of,
    since::requests,
};

/// The record after a run.
///
/// What the read at the end found decides. What could not be read then is as the run left it, and
/// where the run did nothing, as it was before.
#[must_use]
pub fn applied(
    previous: Option<&Record>,
    desired: &Desired,
    catalog: &Catalog,
    plan: &Plan,
    report: &Report,
    after: Option<&Plan>,
) -> Record {
    let circumstances = &plan.circumstances;
    let caller = circumstances.caller.as_ref();
    let (at, by) = (report.ended_at, caller.map(|caller| caller.arn.clone()));
    let mut record = Record {
        format: "pgward.record/1".to_owned(),
        at,
        commit: circumstances
            .commit
            .as_ref()
            .map(|commit| commit.hash.clone()),
        by: by.unwrap_or_default(),
        account: plan.environment.account.clone(),
        region: plan.environment.region.clone(),
        plan: plan.id.clone(),
        values: BTreeMap::new(),
        waiting: BTreeMap::new(),
        names: BTreeMap::new(),
    };
    if let Some(after) = after {
        record.waiting = requests(previous, after, at, &record.by);
    } else if let Some(previous) = previous {
        record.values.clone_from(&previous.values);
        record.waiting.clone_from(&previous.waiting);
        record.names.clone_from(&previous.names);
    }
    let run = Run {
        previous,
        plan,
        report,
    };
    for resource in desired.resources.values() {
        let address = &resource.address;
        let values = values_of(resource, catalog);
        match after.filter(|after| after.unread.iter().all(|one| one.address != *address)) {
            Some(after) => run.keep_seen(&mut record, address, values, after),
            None => run.keep_unseen(&mut record, address, values),
        }
    }
    if after.is_none() {
        run.forget_deleted(&mut record);
    }
    record
}

struct Run<'a> {
    previous: Option<&'a Record>,
    plan: &'a Plan,
    report: &'a Report,
}

impl Run<'_> {
    /// A resource that was read: what is still to be done was not applied, so the record keeps what
    /// AWS has, or what it had.
    fn keep_seen(
        &self,
        record: &mut Record,
        address: &Address,
        mut values: BTreeMap<Path, String>,
        after: &Plan,
    ) {
        let left = || after.changes.iter().filter(|one| one.address == *address);
        if left().any(|change| change.verb == Verb::Create) {
            return;
        }
        for change in left() {
            let earlier = self
                .previous
                .and_then(|one| one.values.get(&change.path).cloned());
            match earlier.or_else(|| change.before_text.clone()) {
                Some(value) => values.insert(change.path.clone(), value),
                None => values.remove(&change.path),
            };
        }
        record.values.extend(values);
        self.name(record, address);
    }

    /// A resource that could not be read: what was done for it counts, and nothing else.
    fn keep_unseen(&self, record: &mut Record, address: &Address, values: BTreeMap<Path, String>) {
        let done: Vec<&OperationReport> =
            self.done().filter(|one| one.address == *address).collect();
        let made = |one: &&OperationReport| matches!(one.verb, Verb::Create | Verb::Replace);
        let is_new = done.iter().any(made);
        for (path, value) in values {
            let earlier = self.previous.and_then(|one| one.values.get(&path).cloned());
            let sent = done
                .iter()
                .find(|one| one.verb == Verb::Update && one.paths.contains(&path));
            let kept = if is_new || sent.is_some() {
                Some(value)
            } else {
                earlier
            };
            match sent {
                Some(sent) => self.await_effect(record, sent, &path),
                None => self.go_on_waiting(record, &path),
            }
            record.values.extend(kept.map(|value| (path, value)));
        }
        if done.iter().any(|one| one.verb != Verb::Delete) {
            self.name(record, address);
        } else if let Some(name) = self.previous.and_then(|one| one.names.get(address)) {
            record.names.insert(address.clone(), name.clone());
        }
    }

    /// What was sent for the window waits since this run; anything else that was sent has ended
    /// what waited before it.
    fn await_effect(&self, record: &mut Record, sent: &OperationReport, path: &Path) {
        record.waiting.remove(path);
        let changes = self.plan.changes.iter();
        let waits = changes
            .filter(|change| change.path == *path && sent.outcome == Outcome::Accepted)
            .find(|change| matches!(change.when, When::Window { .. }));
        if let Some(change) = waits {
            let request = Requested {
                at: record.at,
                by: record.by.clone(),
                value: change.after_text.clone().unwrap_or_default(),
            };
            record.waiting.insert(path.clone(), request);
        }
    }

    fn go_on_waiting(&self, record: &mut Record, path: &Path) {
        if let Some(request) = self.previous.and_then(|one| one.waiting.get(path)) {
            record.waiting.insert(path.clone(), request.clone());
        }
    }

    fn forget_deleted(&self, record: &mut Record) {
        for one in self.done().filter(|one| one.verb == Verb::Delete) {
            // Something else may have that address by now.
            if record.names.get(&one.address) != Some(&one.name) {
                continue;
            }
            record.names.remove(&one.address);
            let address = one.address.as_str();
            record.values.retain(|path, _| !path.is_within(address));
        }
    }

    fn done(&self) -> impl Iterator<Item = &OperationReport> {
        let all = self.report.operations.iter();
        all.filter(|one| matches!(one.outcome, Outcome::Done | Outcome::Accepted))
    }

    fn name(&self, record: &mut Record, address: &Address) {
        if let Some(name) = self.plan.names.get(address) {
            record.names.insert(address.clone(), name.clone());
        }
    }
}
