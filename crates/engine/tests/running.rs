//! Runs on toy kinds, with a remote that answers as it is told: what is reported, and what is kept.

mod library;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use library::{CATALOG, Values, circumstances, existing, lines, operations, planned, wanted};
use pgward_engine::{
    Adopt, ApplyOptions, Caller, Change, Changes, Checked, Circumstances, Clock, Create, Delete,
    Event, Fault, FaultKind, Journal, JournalLine, Lease, Live, Observation, Outcome, Plan, Ports,
    Present, Progress, Readiness, Record, Remote, Report, Requested, Snapshot, Stop, Timing,
    applied, apply, approve, plan, requests, teardown,
};
use pgward_model::{Address, Desired, Effect, Path, Value};

/// A clock that runs when somebody sleeps.
struct Toy(Mutex<Timestamp>);

#[async_trait]
impl Clock for Toy {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("no holder panics")
    }

    async fn sleep(&self, duration: Duration) {
        *self.0.lock().expect("no holder panics") +=
            SignedDuration::try_from(duration).expect("it is short");
        tokio::task::yield_now().await;
    }
}

/// A journal that takes so many lines.
struct Room {
    left: AtomicUsize,
    intents: Mutex<BTreeSet<String>>,
}

impl Journal for Room {
    fn write(&self, line: &JournalLine<'_>) -> Result<(), std::io::Error> {
        let left = self.left.load(Ordering::Relaxed);
        let Some(less) = left.checked_sub(1) else {
            return Err(std::io::Error::other("no room"));
        };
        self.left.store(less, Ordering::Relaxed);
        if line.what == "intent" {
            self.intents
                .lock()
                .expect("no holder panics")
                .insert(line.address.to_owned());
        }
        Ok(())
    }
}

struct Ours;

impl Lease for Ours {
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

impl Progress for Ours {
    fn event(&self, _: Timestamp, _: &Event) {}
}

/// What exists, and how the remote behaves.
struct Desk {
    clock: Arc<Toy>,
    begin: Timestamp,
    there: Mutex<Option<(Timestamp, Present)>>,
    /// Creations are throttled for this long.
    throttled: i64,
    /// What was created shows after this long.
    hidden: i64,
    /// What is being deleted is gone this long after the beginning.
    gone: i64,
    snapshot: Snapshot,
    deletions: AtomicUsize,
}

impl Desk {
    fn new() -> Self {
        let begin = "2026-01-05T09:00:00Z".parse().expect("a moment");
        Self {
            clock: Arc::new(Toy(Mutex::new(begin))),
            begin,
            there: Mutex::new(None),
            throttled: 0,
            hidden: 0,
            gone: 0,
            snapshot: Snapshot::Absent,
            deletions: AtomicUsize::new(0),
        }
    }

    fn since(&self, moment: Timestamp) -> i64 {
        self.clock.now().duration_since(moment).as_secs()
    }
}

#[async_trait]
impl Remote for Desk {
    async fn caller(&self) -> Result<Caller, Fault> {
        unreachable!("the plan is made")
    }

    async fn observe(&self, _: &[&Desired]) -> Vec<Live> {
        unreachable!("the plan is made")
    }

    async fn check(&self, _: &Desired, _: &Live, _: &Changes) -> Checked {
        unreachable!("the plan is made")
    }

    async fn look(&self, _: &str, _: &str) -> Observation {
        match &*self.there.lock().expect("no holder panics") {
            Some((at, present)) if self.since(*at) >= self.hidden => {
                Observation::present(present.clone())
            }
            _ => Observation::Absent,
        }
    }

    async fn look_again(&self, _: &str, seen: &Present) -> Observation {
        if self.since(self.begin) < self.gone {
            Observation::present(seen.clone())
        } else {
            Observation::Absent
        }
    }

    async fn snapshot(&self, _: &Present, _: Option<&str>) -> Result<Snapshot, Fault> {
        Ok(self.snapshot)
    }

    async fn create(&self, request: &Create) -> Result<(), Fault> {
        if self.since(self.begin) < self.throttled {
            return Err(Fault::new(FaultKind::Throttled, "create", "slower"));
        }
        let mut present = Present::new(&request.resource.name, &request.resource.name);
        present.now = request.resource.attributes.clone();
        *self.there.lock().expect("no holder panics") = Some((self.clock.now(), present));
        Ok(())
    }

    async fn change(&self, _: &Change) -> Result<(), Fault> {
        Ok(())
    }

    async fn adopt(&self, _: &Adopt) -> Result<(), Fault> {
        Ok(())
    }

    async fn delete(&self, _: &Delete) -> Result<(), Fault> {
        self.deletions.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn restart(&self, _: &str, _: &str) -> Result<(), Fault> {
        Ok(())
    }
}

fn text(value: &str) -> Value {
    Value::text(value)
}

/// A run with room for so many lines in the journal, and the addresses that it meant to touch.
fn run(plan: &Plan, desk: Desk, room: usize) -> (Report, BTreeSet<String>, Arc<Desk>) {
    let desk = Arc::new(desk);
    let journal = Arc::new(Room {
        left: AtomicUsize::new(room),
        intents: Mutex::default(),
    });
    let ports = Ports {
        remote: Arc::clone(&desk) as Arc<dyn Remote>,
        clock: Arc::clone(&desk.clock) as Arc<dyn Clock>,
        journal: Arc::clone(&journal) as Arc<dyn Journal>,
        lease: Arc::new(Ours),
        progress: Arc::new(Ours),
        stop: Arc::new(Stop::default()),
    };
    let approved = approve(plan.clone()).expect("it is allowed");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime needs nothing");
    let options = ApplyOptions::default();
    let report = runtime.block_on(apply(&approved, &CATALOG, &ports, options));
    let intents = journal.intents.lock().expect("no holder panics").clone();
    (report, intents, desk)
}

/// The creation of a shelf and a book on it.
fn creation() -> (Desired, Plan) {
    let desired = wanted(&[
        ("shelf", "shelf", &[("shelf.room", text("hall"))]),
        ("book.x", "book", &[("*.title", text("Emma"))]),
    ]);
    let plan = planned(
        &desired,
        &existing(&[]),
        circumstances(Timing::Now, &Effect::ALL),
    );
    (desired, plan)
}

#[test]
fn what_was_sent_is_never_told_as_not_started() {
    let (_, plan) = creation();
    assert_eq!(
        operations(&plan),
        ["2 create book.x []", "1 create shelf []"]
    );
    // The start and the end of the run, and two lines for each of the two calls.
    for room in 0..6 {
        let (report, intents, _) = run(&plan, Desk::new(), room);
        let touched: BTreeSet<String> = report
            .operations
            .iter()
            .filter(|one| !matches!(one.outcome, Outcome::Skipped { .. } | Outcome::NotStarted))
            .map(|one| one.address.to_string())
            .collect();
        assert_eq!(touched, intents, "room for {room} lines: {report:?}");
    }
}

#[test]
fn what_was_created_late_has_its_time_to_appear() {
    let (_, plan) = creation();
    let desk = Desk {
        throttled: 150,
        hidden: 30,
        ..Desk::new()
    };
    let (report, _, _) = run(&plan, desk, 100);
    assert!(report.is_complete(), "{report:?}");
}

/// The plan that deletes a book, which is leaving already or not.
fn destruction(readiness: Readiness) -> Plan {
    let desired = wanted(&[("book.x", "book", &[("*.title", text("Emma"))])]);
    let mut live = existing(&[("book.x", &[("*.title", text("Emma"))], &[])]);
    for observation in live.resources.values_mut() {
        let Observation::Present(present) = observation else {
            continue;
        };
        present.readiness = readiness;
    }
    let circumstances = Circumstances {
        destroy: true,
        ..circumstances(Timing::Now, &Effect::ALL)
    };
    let changes = teardown(&desired, &live, &[]);
    let checked = Checked::default();
    plan(
        &desired,
        &live,
        &changes,
        &checked,
        &[],
        circumstances,
        &CATALOG,
    )
}

#[test]
fn a_deletion_that_is_under_way_is_neither_sent_again_nor_promised_a_snapshot() {
    let plan = destruction(Readiness::Leaving);
    assert_eq!(lines(&plan), ["delete book.x: data-loss, now, ready"]);
    let kept = &plan.changes[0].remarks[0];
    assert!(kept.1.contains("if one was asked for"), "{kept:?}");
    let desk = Desk {
        gone: 60,
        ..Desk::new()
    };
    let (report, _, desk) = run(&plan, desk, 100);
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(desk.deletions.load(Ordering::Relaxed), 0);
}

#[test]
fn a_promised_snapshot_that_never_comes_is_told() {
    let plan = destruction(Readiness::Ready);
    for (snapshot, complete) in [(Snapshot::Available, true), (Snapshot::Absent, false)] {
        let desk = Desk {
            snapshot,
            ..Desk::new()
        };
        let (report, _, desk) = run(&plan, desk, 100);
        assert_eq!(report.is_complete(), complete, "{report:?}");
        assert_eq!(desk.deletions.load(Ordering::Relaxed), 1);
        assert!(desk.since(desk.begin) < 600, "nobody waits for an hour");
    }
}

#[test]
fn a_final_snapshot_is_named_by_the_second() {
    let plan = destruction(Readiness::Ready);
    let name = plan.operations[0].final_snapshot.as_deref();
    assert_eq!(name, Some("book.x-final-20260105-090000"));
}

/// The record of an apply long ago: (path, value).
fn record(values: &[(&str, &str)], names: &[&str]) -> Record {
    Record {
        format: "pgward.record/1".to_owned(),
        at: "2025-12-01T09:00:00Z".parse().expect("a moment"),
        commit: None,
        by: "arn:aws:iam::111122223333:user/a".to_owned(),
        account: "111122223333".to_owned(),
        region: "eu-central-1".to_owned(),
        plan: String::new(),
        values: values
            .iter()
            .map(|(path, value)| (Path::new(*path), (*value).to_owned()))
            .collect(),
        waiting: [].into(),
        names: names
            .iter()
            .map(|name| (Address::new(*name), (*name).to_owned()))
            .collect(),
    }
}

fn kept(record: &Record) -> Vec<(&str, &str)> {
    let values = record.values.iter();
    values
        .map(|(path, value)| (path.as_str(), value.as_str()))
        .collect()
}

#[test]
fn the_record_claims_nothing_that_was_not_done_when_the_result_cannot_be_read() {
    let (desired, plan) = creation();
    // Room for the start and for the creation of the shelf.
    let (report, _, _) = run(&plan, Desk::new(), 3);
    let found = applied(None, &desired, &CATALOG, &plan, &report, None);
    assert_eq!(kept(&found), [("shelf.room", "hall")]);
    assert_eq!(
        found.names.keys().map(Address::as_str).collect::<Vec<_>>(),
        ["shelf"]
    );

    let was: Values<'_> = &[("*.title", text("Ema")), ("*.pages", Value::Int(100))];
    let is: Values<'_> = &[("*.title", text("Emma")), ("*.pages", Value::Int(200))];
    let desired = wanted(&[("book.x", "book", is)]);
    let live = existing(&[("book.x", was, &[])]);
    let plan = planned(&desired, &live, circumstances(Timing::Now, &Effect::ALL));
    let previous = record(
        &[("book.x.title", "Ema"), ("book.x.pages", "100")],
        &["book.x"],
    );
    let (report, _, _) = run(&plan, Desk::new(), 0);
    let found = applied(Some(&previous), &desired, &CATALOG, &plan, &report, None);
    assert_eq!(found.values, previous.values);
    assert_eq!(found.names, previous.names);
}

#[test]
fn what_could_not_be_read_at_the_end_stays_as_it_was_recorded() {
    let title: Values<'_> = &[("*.title", text("Emma"))];
    let desired = wanted(&[("book.x", "book", title), ("book.y", "book", title)]);
    let old: Values<'_> = &[("*.title", text("Ema"))];
    let live = existing(&[("book.x", old, &[]), ("book.y", old, &[])]);
    let plan = planned(&desired, &live, circumstances(Timing::Now, &Effect::ALL));
    let (report, _, _) = run(&plan, Desk::new(), 0);
    let fault = Fault::new(FaultKind::Denied, "read", "no");
    let mut half = live.clone();
    let unread = Observation::Unreadable(Box::new(fault));
    half.resources.insert(Address::new("book.x"), unread);
    let after = planned(&desired, &half, circumstances(Timing::Now, &Effect::ALL));
    let previous = record(
        &[("book.x.title", "Ema"), ("book.y.title", "Ema")],
        &["book.x", "book.y"],
    );
    let after = Some(&after);
    let found = applied(Some(&previous), &desired, &CATALOG, &plan, &report, after);
    assert_eq!(found.values, previous.values);
}

#[test]
fn only_the_same_value_goes_on_waiting_since_then() {
    let desired = wanted(&[("book.x", "book", &[("*.binding", text("linen"))])]);
    let live = existing(&[(
        "book.x",
        &[("*.binding", text("paper"))],
        &[("*.binding", text("linen"))],
    )]);
    let after = planned(&desired, &live, circumstances(Timing::Window, &[]));
    let now: Timestamp = "2026-01-12T09:00:00Z".parse().expect("a moment");
    let path = Path::new("book.x.binding");
    for (earlier, goes_on) in [("linen", true), ("leather", false)] {
        let mut previous = record(&[], &["book.x"]);
        let request = Requested {
            at: previous.at,
            by: previous.by.clone(),
            value: earlier.to_owned(),
        };
        previous.waiting.insert(path.clone(), request);
        let found = requests(Some(&previous), &after, now, "somebody");
        let since = if goes_on { previous.at } else { now };
        assert_eq!(found[&path].at, since, "{earlier}");
        assert_eq!(found[&path].value, "linen");
    }
}
