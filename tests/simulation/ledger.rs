//! What may happen: what approved plans named, and what somebody else did.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use pgward_engine::{Operation, Plan, Verb, When, next_window};
use pgward_model::{Effect, Resource, Value};

use super::census::{Census, Thing};

/// A database that may restart in a span of time.
#[derive(Debug, Clone)]
struct Leave {
    name: String,
    from: Timestamp,
    until: Timestamp,
}

/// What may happen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger {
    restarts: Vec<Leave>,
    deletions: BTreeSet<(String, String)>,
    creations: BTreeSet<(String, String)>,
    openings: BTreeSet<(String, String, String)>,
    /// Whether somebody else acted in the middle of the present run, so that anything may go.
    meddled: bool,
}

impl Ledger {
    /// A plan was approved: what it names may happen. What was opened may come about later.
    pub(crate) fn approve(&mut self, plan: &Plan, now: Timestamp) {
        self.deletions.clear();
        self.creations.clear();
        self.meddled = false;
        for change in &plan.changes {
            let releases = change
                .also_releases
                .as_ref()
                .is_some_and(|list| !list.is_empty());
            let interrupts = change.effect == Effect::Reboot || change.effect >= Effect::Downtime;
            let in_place = matches!(change.verb, Verb::Update | Verb::Restart);
            match &change.when {
                When::Now if in_place && (interrupts || releases) => {
                    self.may_restart(&change.name, now, 26);
                }
                When::Window { at } if in_place && interrupts => {
                    self.may_restart(&change.name, at.unwrap_or(now), 15 * 24);
                }
                When::Now | When::Window { .. } | When::Restart { .. } | When::Never => {}
            }
        }
        for operation in &plan.operations {
            self.operation(operation);
        }
    }

    fn operation(&mut self, operation: &Operation) {
        let key = (operation.kind.clone(), operation.name.clone());
        if matches!(operation.verb, Verb::Delete | Verb::Replace) {
            self.deletions.insert(key.clone());
        }
        if matches!(operation.verb, Verb::Create | Verb::Replace) {
            self.creations.insert(key);
        }
        if let Some(resource) = &operation.resource {
            let whole = operation.verb != Verb::Update;
            for (path, what) in openings(resource) {
                if whole || operation.attributes.contains(path) {
                    self.openings
                        .insert((operation.kind.clone(), operation.name.clone(), what));
                }
            }
        }
    }

    /// Somebody else did something that may restart a database at once.
    pub(crate) fn others_restart(&mut self, name: &str, now: Timestamp) {
        self.may_restart(name, now, 26);
    }

    /// Somebody else queued something that restarts a database in its window.
    pub(crate) fn others_queue(&mut self, database: &Thing, now: Timestamp) {
        let window = database.values.get("window").map(String::as_str);
        let opens = window.and_then(|window| next_window(now, window));
        self.may_restart(
            &database.name,
            opens.map_or(now, |(start, _)| start),
            15 * 24,
        );
    }

    /// Somebody else acts during the present run.
    pub(crate) fn others_meddle(&mut self) {
        self.meddled = true;
    }

    /// Whether somebody else acted during the present run.
    pub(crate) fn is_meddled(&self) -> bool {
        self.meddled
    }

    fn may_restart(&mut self, name: &str, from: Timestamp, hours: i64) {
        self.restarts.push(Leave {
            name: name.to_owned(),
            from,
            until: from + SignedDuration::from_hours(hours),
        });
    }

    /// Invariant (c): what was deleted, replaced, restarted or opened and that nobody named.
    pub(crate) fn surprises(&self, before: &Census, after: &Census) -> Vec<String> {
        let mut found = Vec::new();
        for (at, name) in &after.restarts {
            let is_new = !before.restarts.contains(&(*at, name.clone()));
            let allowed = self
                .restarts
                .iter()
                .any(|leave| leave.name == *name && leave.from <= *at && *at <= leave.until);
            if is_new && !allowed {
                found.push(format!("{name} was restarted at {at}"));
            }
        }
        if self.meddled {
            return found;
        }
        for (key, thing) in &before.things {
            let goes = !thing.leaving && after.things.get(key).is_none_or(|now| now.leaving);
            let named = (thing.kind.to_owned(), thing.name.clone());
            if goes && !self.deletions.contains(&named) {
                found.push(format!("{} {} was deleted", thing.kind, thing.name));
            }
        }
        for (key, thing) in &after.things {
            let former = before.things.get(key);
            if former.is_some_and(|former| former.kind != thing.kind) {
                // A replica whose source is gone is on its own.
                continue;
            }
            let known = former.map(|thing| &thing.open);
            for what in &thing.open {
                let is_new = known.is_none_or(|known| !known.contains(what));
                let named = (thing.kind.to_owned(), thing.name.clone(), what.clone());
                if is_new && !self.openings.contains(&named) {
                    found.push(format!("{} {} was opened: {what}", thing.kind, thing.name));
                }
            }
        }
        found
    }

    /// Invariant (d): what came into being and is not what a plan creates, or not marked as that.
    pub(crate) fn strays(&self, before: &Census, after: &Census) -> Vec<String> {
        if self.meddled {
            return Vec::new();
        }
        let mut seen = BTreeSet::new();
        let new = after
            .things
            .iter()
            .filter(|(key, thing)| {
                !thing.leaving && before.things.get(*key).is_none_or(|before| before.leaving)
            })
            .map(|(_, thing)| thing);
        new.filter_map(|thing| {
            let words = format!("{} {}", thing.kind, thing.name);
            // The section may have had another name when the tags were written.
            if thing.address().is_none() {
                return Some(format!("{words} came into being without our tags"));
            }
            let key = (thing.kind.to_owned(), thing.name.clone());
            if !self.creations.contains(&key) {
                return Some(format!("{words} came into being and no plan named it"));
            }
            (!seen.insert(key)).then(|| format!("{words} came into being twice"))
        })
        .collect()
    }
}

/// What a declared resource lets in or lets go, with the attribute that says so.
fn openings(resource: &Resource) -> Vec<(&'static str, String)> {
    let of = &resource.attributes;
    let mut found = Vec::new();
    let mut note = |path: &'static str, what: &str| found.push((path, what.to_owned()));
    match resource.kind.as_str() {
        "instance" => {
            if of.bool("instance.public") == Some(true) {
                note("instance.public", "public");
            }
            if of.bool("instance.deletion_protection") == Some(false) {
                note("instance.deletion_protection", "unprotected");
            }
            if of.int("backup.retention") == Some(0) {
                note("backup.retention", "without backups");
            }
        }
        "replica" if of.bool("*.public") == Some(true) => note("*.public", "public"),
        "security_group" => {
            for key in of.map("access.*").into_iter().flatten().map(|(key, _)| key) {
                note("access.*", key);
            }
        }
        "proxy" => {
            if of.bool("proxy.require_tls") == Some(false) {
                note("proxy.require_tls", "without TLS");
            }
            if of.get("proxy.iam").and_then(Value::as_text) != Some("required") {
                note("proxy.iam", "without IAM");
                // The list of secrets is sent with how each of them logs in.
                note("proxy.secrets", "without IAM");
            }
        }
        _ => {}
    }
    found
}
