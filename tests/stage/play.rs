//! Plans and runs on a stage, put together as the program does it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_smithy_async::rt::sleep::SharedAsyncSleep;
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use jiff::Timestamp;
use pgward_aws::{Aws, Session, SessionOptions};
use pgward_engine::{
    ApplyOptions, Checked, Circumstances, Clock, Discovery, Live, Outcome, Plan, Ports,
    Remote as _, Report, Stop, Timing, adoption, applied, apply, approve, diff, teardown,
};
use pgward_kinds::CATALOG;
use pgward_model::{Diagnostic, Disruptive, Effect};
use pgward_review::text::{self, Aftermath, Style};
use pgward_review::{Bindings, Document};
use pgward_sandbox::Sandbox;
use tokio::runtime::Runtime;

use super::written::{Listener, Ours};
use super::{Given, Recorder, Written};

/// What the command line would say.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// `--allow`.
    pub allow: BTreeSet<Effect>,
    /// `--only`.
    pub only: Vec<String>,
    /// `--now`.
    pub now: bool,
    /// `destroy` instead of `apply`.
    pub destroy: bool,
    /// `import --adopt` instead of `apply`.
    pub adopt: bool,
    /// `--keep`.
    pub keep: Vec<String>,
    /// `--no-final-snapshot`.
    pub no_final_snapshot: bool,
}

impl Wish {
    /// Everything that may be allowed, at once.
    #[must_use]
    pub fn everything_now() -> Self {
        Self {
            allow: Effect::ALL.into_iter().collect(),
            now: true,
            ..Self::default()
        }
    }
}

/// A plan with what it was made from.
#[derive(Debug)]
pub struct Planned {
    /// What should exist.
    pub given: Given,
    /// What exists.
    pub live: Live,
    /// The plan.
    pub plan: Plan,
    /// The plan as it is shown.
    pub document: Document,
    wish: Wish,
    aws: Arc<Aws>,
}

impl Planned {
    /// The plan as people read it.
    #[must_use]
    pub fn text(&self) -> String {
        if self.wish.destroy {
            text::destroy(&self.document, Style::default())
        } else if self.wish.adopt {
            text::adoption(&self.document, Style::default())
        } else {
            text::plan(&self.document, Style::default())
        }
    }

    /// The plan as programs read it.
    #[must_use]
    pub fn json(&self) -> String {
        pgward_review::json(&self.document)
    }
}

/// What became of an approved plan.
#[derive(Debug)]
pub struct Applied {
    /// The report.
    pub report: Report,
    /// The report as people read it.
    pub text: String,
    /// The plan after it, in the same circumstances.
    pub after: Planned,
}

impl Applied {
    /// Whether every operation is in effect, so that nothing may wait.
    #[must_use]
    pub fn is_in_effect(&self) -> bool {
        self.report
            .operations
            .iter()
            .all(|operation| operation.outcome == Outcome::Done)
    }
}

/// A simulated world with a run's ports.
#[derive(Debug)]
pub struct Stage {
    /// The world.
    pub sandbox: Sandbox,
    /// What was sent to it.
    pub recorder: Recorder,
    /// What was written.
    pub written: Written,
    runtime: Runtime,
}

impl Stage {
    /// An empty world, always the same for a seed.
    ///
    /// # Panics
    ///
    /// If the system gives no runtime.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::with(Sandbox::new(seed))
    }

    /// A world that is there already.
    ///
    /// # Panics
    ///
    /// If the system gives no runtime.
    #[must_use]
    pub fn with(sandbox: Sandbox) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime without input and output needs nothing");
        Self {
            recorder: Recorder::new(sandbox.http_client()),
            sandbox,
            written: Written::default(),
            runtime,
        }
    }

    /// Plans an environment, with the reads that takes.
    #[must_use]
    pub fn plan(&self, given: &Given, wish: &Wish) -> Planned {
        given.provide(&self.sandbox);
        self.runtime.block_on(self.make(given, wish))
    }

    /// Applies a plan and plans again in the same circumstances.
    ///
    /// # Errors
    ///
    /// Why it is refused.
    pub fn apply(&self, planned: &Planned) -> Result<Applied, Vec<Diagnostic>> {
        self.apply_while(planned, async |_| ())
    }

    /// Applies a plan while something else happens in the world, and plans again.
    ///
    /// # Errors
    ///
    /// Why it is refused.
    pub fn apply_while(
        &self,
        planned: &Planned,
        others: impl AsyncFnOnce(&Sandbox),
    ) -> Result<Applied, Vec<Diagnostic>> {
        let approved = approve(planned.plan.clone())?;
        let listener = Listener::new(&self.written, &planned.document, &planned.plan.operations);
        let ports = Ports {
            remote: Arc::clone(&planned.aws) as _,
            clock: Arc::new(StageClock(self.sandbox.clone())),
            journal: Arc::new(self.written.clone()),
            lease: Arc::new(Ours),
            progress: Arc::new(listener),
            stop: Arc::new(Stop::default()),
        };
        let run = apply(&approved, &CATALOG, &ports, ApplyOptions::default());
        let (report, ()) = self
            .runtime
            .block_on(async { tokio::join!(run, others(&self.sandbox)) });
        let sent = self.recorder.take();
        let wish = Wish {
            adopt: false,
            ..planned.wish.clone()
        };
        let after = self.plan(&planned.given, &wish);
        self.recorder.replace(sent);
        let aftermath = Aftermath::of(approved.plan(), &report, Some(&after.plan));
        let text = text::report(&report, &planned.document, &aftermath, Style::default());
        self.written.keep(&text);
        self.written
            .keep(serde_json::to_string(&report).expect("reports are plain data"));
        self.keep_record(planned, &report, &after);
        Ok(Applied {
            report,
            text,
            after,
        })
    }

    /// Everything that belongs to a DB instance of an environment's place.
    ///
    /// # Panics
    ///
    /// If there is no such instance, or it can't be read.
    #[must_use]
    pub fn discover(&self, given: &Given, instance: &str) -> Discovery {
        let place = &given.desired.environment;
        let aws = Aws::new(self.session(&place.account, &place.region));
        let found = self.runtime.block_on(aws.discover(instance));
        found
            .expect("it can be read")
            .expect("there is such an instance")
    }

    async fn make(&self, given: &Given, wish: &Wish) -> Planned {
        let place = &given.desired.environment;
        let aws = Arc::new(Aws::new(self.session(&place.account, &place.region)));
        let desired = &given.desired;
        let all = [desired];
        let (caller, mut lives) = tokio::join!(aws.caller(), aws.observe(&all));
        let live = lives.pop().expect("one environment gives one live state");
        let now = self.sandbox.clock().now();
        let today = now.strftime("%Y-%m-%d").to_string();
        let (changes, checked) = if wish.destroy {
            (teardown(desired, &live, &wish.keep), Checked::default())
        } else if wish.adopt {
            let changes = adoption(desired, &live, &CATALOG, &today);
            (changes, Checked::default())
        } else {
            let changes = diff(desired, &live, &CATALOG, &today);
            let checked = aws.check(desired, &live, &changes).await;
            (changes, checked)
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
            flags: if wish.now {
                vec!["--now".to_owned()]
            } else {
                Vec::new()
            },
            only: wish.only.clone(),
            destroy: wish.destroy,
            adopt: wish.adopt,
            keep: wish.keep.clone(),
            final_snapshot: None,
            no_final_snapshot: wish.no_final_snapshot,
        };
        let findings = if wish.destroy || wish.adopt {
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
        let planned = Planned {
            given: given.clone(),
            live,
            document: pgward_review::document(&plan, &Bindings::default()),
            plan,
            wish: wish.clone(),
            aws,
        };
        self.keep(&planned);
        planned
    }

    fn session(&self, account: &str, region: &str) -> Session {
        let clock = self.sandbox.clock();
        let mut options = SessionOptions::new(region);
        options.http_client = Some(SharedHttpClient::new(self.recorder.clone()));
        options.sleep = Some(SharedAsyncSleep::new(clock.clone()));
        options.time = Some(SharedTimeSource::new(clock));
        options.credentials = Some(format!("SANDBOX{account}"));
        Session::new(options)
    }

    fn keep(&self, planned: &Planned) {
        self.written.keep(planned.text());
        self.written.keep(planned.json());
        let whole = serde_json::to_string(&planned.plan).expect("plans are plain data");
        self.written.keep(whole);
    }

    fn keep_record(&self, planned: &Planned, report: &Report, after: &Planned) {
        let (desired, after) = (&planned.given.desired, Some(&after.plan));
        let record = applied(None, desired, &CATALOG, &planned.plan, report, after);
        let text = serde_json::to_string(&record).expect("records are plain data");
        self.written.keep(text);
    }
}

/// Time of the simulated world.
struct StageClock(Sandbox);

#[async_trait]
impl Clock for StageClock {
    fn now(&self) -> Timestamp {
        self.0.clock().now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
