//! One command on a simulated world: plan, approve, apply, and plan again.

use std::sync::Arc;

use aws_smithy_async::rt::sleep::SharedAsyncSleep;
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use jiff::{SignedDuration, Timestamp};
use pgward_aws::{Aws, Session, SessionOptions};
use pgward_engine::{
    ApplyOptions, ApprovedPlan, Circumstances, Live, Observation, Outcome, Plan, Ports, Present,
    Readiness, Record, Remote, Report, Stop, Timing, Verdict, applied, apply, approve, diff, drift,
    renew, teardown,
};
use pgward_kinds::CATALOG;
use pgward_model::{Diagnostic, Disruptive};
use pgward_review::text::{self, Aftermath, Style, diagnostics};
use pgward_review::{Bindings, Document};
use pgward_sandbox::{CallRecord, Sandbox};
use pgward_tests::stage::{Given, Wish, Written};
use tokio::runtime::Runtime;

use super::ports::{Defect, Diary, Listener, Ours, Planted, WorldClock};
use super::wire::{Cut, Meddler, Wire};

/// A plan with what it was made from.
pub(crate) struct Prepared {
    /// What exists.
    pub(crate) live: Live,
    /// The plan.
    pub(crate) plan: Plan,
    /// The calls it took.
    pub(crate) calls: Vec<CallRecord>,
    document: Document,
    remote: Arc<dyn Remote>,
    wire: Wire,
}

/// How a command ended.
pub(crate) enum End {
    /// There was nothing to do.
    Idle,
    /// The plan was not approved.
    Refused(Vec<Diagnostic>),
    /// The program was killed.
    Killed,
    /// It ended by itself.
    Ended {
        /// What became of every operation.
        report: Report,
        /// The calls it took.
        calls: Vec<CallRecord>,
        /// The plan after it, in the same circumstances.
        after: Box<Prepared>,
    },
}

/// What may happen to a run on its way.
#[derive(Default)]
pub(crate) struct Incident {
    /// At which call, and what.
    pub(crate) cut: Option<Cut>,
    /// What somebody else does then.
    pub(crate) meddler: Option<Meddler>,
}

/// A world and everything that was written while commands ran on it.
pub(crate) struct Play {
    /// The world.
    pub(crate) sandbox: Sandbox,
    /// What was written.
    pub(crate) written: Written,
    /// The record of the last apply.
    pub(crate) record: Option<Record>,
    defect: Option<Defect>,
    runtime: Runtime,
}

impl Prepared {
    /// Whether the plan could know all: everything could be read, and AWS was at work on nothing.
    pub(crate) fn saw_all(&self) -> bool {
        let all: Vec<&Present> = self
            .live
            .resources
            .values()
            .filter_map(Observation::as_present)
            .collect();
        // What copies a replica that is being deleted is on its own soon.
        let loses_source = |one: &&Present| {
            let source = one.now.text("*.source");
            all.iter().any(|other| {
                other.readiness == Readiness::Leaving && source == Some(other.name.as_str())
            })
        };
        let moves = |one: &&Present| one.readiness == Readiness::Busy || loses_source(one);
        self.plan.not_checked.is_empty() && !all.iter().any(moves)
    }

    /// Takes a plan that was saved, if it has not expired and what it relies on is as it was; else
    /// says why not.
    pub(crate) fn take_saved(&mut self, saved: &Plan) -> Option<String> {
        let week = saved.circumstances.now + SignedDuration::from_hours(7 * 24);
        let expires = saved.next_window.map_or(week, |(start, _)| start.min(week));
        if self.plan.circumstances.now > expires {
            return Some(format!("it expired at {expires}"));
        }
        let (renewed, moved) = renew(saved, &self.live, &CATALOG);
        if !moved.is_empty() {
            return Some(format!("moved: {moved:?}"));
        }
        self.document = pgward_review::document(&renewed, &Bindings::default());
        self.plan = renewed;
        None
    }
}

impl Play {
    /// A play on a world.
    pub(crate) fn new(sandbox: Sandbox, defect: Option<Defect>) -> Self {
        Self {
            sandbox,
            written: Written::default(),
            record: None,
            defect,
            runtime: runtime(),
        }
    }

    /// The moment it is there.
    pub(crate) fn now(&self) -> Timestamp {
        self.sandbox.clock().now()
    }

    /// The program is gone; the world is saved and loaded, as between two commands.
    pub(crate) fn restart(&mut self) {
        let world = self.sandbox.save();
        self.runtime = runtime();
        self.sandbox = Sandbox::load(&world).expect("it was saved by the same program");
    }

    /// `plan`, and `drift` with it.
    pub(crate) fn plan(&self, given: &Given, wish: &Wish) -> Prepared {
        let prepared = self.runtime.block_on(self.prepare(given, wish));
        let today = self.now().strftime("%Y-%m-%d").to_string();
        let found = drift(
            &given.desired,
            &prepared.live,
            &CATALOG,
            &prepared.plan,
            self.record.as_ref(),
            &today,
        );
        let told = serde_json::to_string(&found).expect("drift is plain data");
        self.written.keep(told);
        prepared
    }

    /// `apply`: what was approved is told before anything is done.
    pub(crate) fn apply(
        &mut self,
        given: &Given,
        wish: &Wish,
        incident: Incident,
        approved: impl FnOnce(&Plan),
        prepared: &Prepared,
    ) -> End {
        if prepared.plan.verdict == Verdict::NoChanges {
            return End::Idle;
        }
        let plan = match approve(prepared.plan.clone()) {
            Ok(plan) => plan,
            Err(refusals) => {
                let text = diagnostics(&refusals, &given.sources, Style::default());
                self.written.keep(text);
                return End::Refused(refusals);
            }
        };
        approved(plan.plan());
        self.sandbox.forget_calls();
        let plan = self.with_defect(plan);
        let report = self
            .runtime
            .block_on(self.perform(prepared, &plan, incident));
        let calls = self.sandbox.calls();
        let Some(report) = report else {
            return End::Killed;
        };
        let after = self.plan(given, wish);
        self.tell(&report, prepared, &after);
        self.keep_record(given, plan.plan(), &report, &after);
        End::Ended {
            report: self.with_false_report(report),
            calls,
            after: Box::new(after),
        }
    }

    async fn perform(
        &self,
        prepared: &Prepared,
        plan: &ApprovedPlan,
        incident: Incident,
    ) -> Option<Report> {
        let operations = &plan.plan().operations;
        let listener = Listener::new(&self.written, &prepared.document, operations);
        let stop = Arc::new(Stop::default());
        prepared.wire.arm(incident.cut, &stop, incident.meddler);
        let ports = Ports {
            remote: Arc::clone(&prepared.remote),
            clock: Arc::new(WorldClock(self.sandbox.clone())),
            journal: Arc::new(Diary {
                written: self.written.clone(),
                sandbox: self.sandbox.clone(),
                defect: self.defect,
            }),
            lease: Arc::new(Ours),
            progress: Arc::new(listener),
            stop,
        };
        let run = apply(plan, &CATALOG, &ports, ApplyOptions::default());
        tokio::select! {
            biased;
            () = prepared.wire.death() => None,
            report = run => Some(report),
        }
    }

    async fn prepare(&self, given: &Given, wish: &Wish) -> Prepared {
        self.sandbox.forget_calls();
        let (wire, remote) = self.remote(given);
        let desired = &given.desired;
        let all = [desired];
        let (caller, mut lives) = tokio::join!(remote.caller(), remote.observe(&all));
        let live = lives.pop().expect("one environment gives one live state");
        let now = self.now();
        let today = now.strftime("%Y-%m-%d").to_string();
        let changes = if wish.destroy {
            teardown(desired, &live, &wish.keep)
        } else {
            diff(desired, &live, &CATALOG, &today)
        };
        let checked = if wish.destroy {
            pgward_engine::Checked::default()
        } else {
            remote.check(desired, &live, &changes).await
        };
        let starts_now = wish.now || desired.policy.disruptive == Disruptive::Now;
        let circumstances = Circumstances {
            now,
            sandbox: true,
            endpoint: None,
            tool_version: "0.0.0".to_owned(),
            commit: None,
            caller: caller.ok(),
            timing: if starts_now {
                Timing::Now
            } else {
                Timing::Window
            },
            allow: wish.allow.clone(),
            flags: Vec::new(),
            only: wish.only.clone(),
            destroy: wish.destroy,
            adopt: false,
            keep: wish.keep.clone(),
            final_snapshot: None,
            no_final_snapshot: wish.no_final_snapshot,
        };
        let findings = if wish.destroy {
            &[][..]
        } else {
            &given.findings[..]
        };
        let plan = pgward_engine::plan(
            desired,
            &live,
            &changes,
            &checked,
            findings,
            circumstances,
            &CATALOG,
        );
        let document = pgward_review::document(&plan, &Bindings::default());
        self.show(&document, &plan);
        Prepared {
            live,
            calls: self.sandbox.calls(),
            document,
            plan,
            remote,
            wire,
        }
    }

    fn remote(&self, given: &Given) -> (Wire, Arc<dyn Remote>) {
        let place = &given.desired.environment;
        let clock = self.sandbox.clock();
        let wire = Wire::new(self.sandbox.http_client());
        let mut options = SessionOptions::new(&place.region);
        options.http_client = Some(SharedHttpClient::new(wire.clone()));
        options.sleep = Some(SharedAsyncSleep::new(clock.clone()));
        options.time = Some(SharedTimeSource::new(clock));
        options.credentials = Some(format!("SANDBOX{}", place.account));
        let aws: Arc<dyn Remote> = Arc::new(Aws::new(Session::new(options)));
        let Some(defect) = self.defect else {
            return (wire, aws);
        };
        let planted = Planted {
            inner: aws,
            sandbox: self.sandbox.clone(),
            defect,
        };
        (wire, Arc::new(planted))
    }

    fn show(&self, document: &Document, plan: &Plan) {
        let text = if document.destroy {
            text::destroy(document, Style::default())
        } else {
            text::plan(document, Style::default())
        };
        self.written.keep(text);
        self.written.keep(pgward_review::json(document));
        let whole = serde_json::to_string(plan).expect("plans are plain data");
        self.written.keep(whole);
    }

    fn tell(&self, report: &Report, prepared: &Prepared, after: &Prepared) {
        let aftermath = Aftermath::of(&prepared.plan, report, Some(&after.plan));
        let told = text::report(report, &prepared.document, &aftermath, Style::default());
        self.written.keep(told);
        let whole = serde_json::to_string(report).expect("reports are plain data");
        self.written.keep(whole);
    }

    fn keep_record(&mut self, given: &Given, plan: &Plan, report: &Report, after: &Prepared) {
        let (previous, after) = (self.record.as_ref(), Some(&after.plan));
        let record = applied(previous, &given.desired, &CATALOG, plan, report, after);
        let text = serde_json::to_string(&record).expect("records are plain data");
        self.written.keep(text);
        self.record = Some(record);
    }

    /// [`Defect::LeavesOut`]: what was approved is more than what is done.
    fn with_defect(&self, plan: ApprovedPlan) -> ApprovedPlan {
        if self.defect != Some(Defect::LeavesOut) {
            return plan;
        }
        let mut less = plan.plan().clone();
        while let Some(last) = less.operations.len().checked_sub(1) {
            less.operations.pop();
            // One that others wait for takes them along, or the plan would speak of what it lacks.
            if !less.operations.iter().any(|one| one.after.contains(&last)) {
                break;
            }
        }
        approve(less).expect("it was approved with more in it")
    }

    fn with_false_report(&self, mut report: Report) -> Report {
        if self.defect == Some(Defect::LeavesOut) {
            for operation in &mut report.operations {
                operation.outcome = Outcome::Done;
            }
        }
        report
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without input and output needs nothing")
}
