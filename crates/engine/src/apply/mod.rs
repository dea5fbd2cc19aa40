//! Does what an approved plan says, and nothing else: the loop between the machine and the ports.

mod adopt;
mod attempt;
mod delete;
mod machine;
mod run;
mod shown;
mod stop;
mod wait;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use pgward_model::{Address, Catalog, Value};
use tokio::task::JoinSet;

pub use stop::Stop;

use crate::{
    ApprovedPlan, Clock, Ending, Event, Journal, JournalLine, Lease, OperationReport, Outcome,
    Plan, Progress, Remote, Report, Verb, When,
};
use machine::Machine;
use run::Run;

/// The doors of a run.
#[derive(Clone)]
pub struct Ports {
    /// AWS.
    pub remote: Arc<dyn Remote>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// What is written before and after every call.
    pub journal: Arc<dyn Journal>,
    /// The right to write.
    pub lease: Arc<dyn Lease>,
    /// Who hears of events.
    pub progress: Arc<dyn Progress>,
    /// The wish to stop.
    pub stop: Arc<Stop>,
}

/// How a run behaves.
#[derive(Debug, Clone, Copy, Default)]
pub struct ApplyOptions {
    /// Return when AWS has accepted, where nothing else needs the result.
    pub no_wait: bool,
    /// Give up waiting for one operation after this; nothing for the usual deadline of its kind.
    pub timeout: Option<Duration>,
    /// Start nothing more after the first failure.
    pub fail_fast: bool,
}

/// What operations of one run tell each other: outputs and names of resources.
pub(crate) struct Shared {
    pub(crate) outputs: Mutex<BTreeMap<Address, BTreeMap<String, Value>>>,
    pub(crate) names: BTreeMap<Address, String>,
    pub(crate) project: String,
    pub(crate) environment: String,
}

/// Applies a plan. It never fails as a whole: every operation has an outcome.
pub async fn apply(
    approved: &ApprovedPlan,
    catalog: &'static Catalog,
    ports: &Ports,
    options: ApplyOptions,
) -> Report {
    let plan = approved.plan();
    let began = ports.clock.now();
    let shared = Arc::new(Shared {
        outputs: Mutex::new(plan.outputs.clone()),
        names: plan.names.clone(),
        project: plan.environment.project.clone(),
        environment: plan.environment.name.clone(),
    });
    let mut driver = Driver {
        plan,
        catalog,
        ports,
        options,
        shared,
        machine: Machine::new(&plan.operations, options.fail_fast),
        running: JoinSet::new(),
        elapsed: vec![0; plan.operations.len()],
        steps: BTreeSet::new(),
        ending: Ending::Complete,
    };
    driver.mark("start", &plan.id);
    driver.drive().await;
    driver.mark("end", "");
    driver.report(began)
}

struct Driver<'a> {
    plan: &'a Plan,
    catalog: &'static Catalog,
    ports: &'a Ports,
    options: ApplyOptions,
    shared: Arc<Shared>,
    machine: Machine,
    running: JoinSet<(usize, Outcome, u64, Option<Ending>)>,
    elapsed: Vec<u64>,
    steps: BTreeSet<u32>,
    ending: Ending,
}

impl Driver<'_> {
    async fn drive(&mut self) {
        loop {
            if self.ports.stop.is_set() {
                self.machine.stop();
                if self.ending == Ending::Complete {
                    self.ending = Ending::Interrupted;
                }
            }
            for number in self.machine.start() {
                self.start(number);
            }
            if !self.machine.is_running() {
                return;
            }
            let stop = Arc::clone(&self.ports.stop);
            let ended = tokio::select! {
                ended = self.running.join_next() => ended,
                () = stop.wait(), if !stop.is_set() => continue,
            };
            let Some(ended) = ended else { return };
            let (number, outcome, elapsed_ms, ending) = ended.expect("operations never panic");
            self.end(number, outcome, elapsed_ms);
            if let Some(ending) = ending {
                self.ending = ending;
                self.machine.stop();
                self.ports.stop.set();
            }
        }
    }

    fn start(&mut self, number: usize) {
        let operation = self.plan.operations[number].clone();
        if self.steps.insert(operation.step) {
            let step = self
                .plan
                .steps
                .iter()
                .find(|step| step.number == operation.step);
            self.tell(&Event::Step {
                step: operation.step,
                of: u32::try_from(self.plan.steps.len()).unwrap_or(u32::MAX),
                addresses: step.map(|step| step.addresses.clone()).unwrap_or_default(),
            });
        }
        self.tell(&Event::Started { number });
        let needed = self
            .plan
            .operations
            .iter()
            .any(|other| other.after.contains(&number));
        let run = Run {
            operation,
            catalog: self.catalog,
            ports: self.ports.clone(),
            shared: Arc::clone(&self.shared),
            no_wait: self.options.no_wait && !needed,
            timeout: self.options.timeout,
            sent: Mutex::default(),
        };
        self.running.spawn(async move {
            let began = run.ports.clock.now();
            let (outcome, ending) = run.perform().await;
            (
                number,
                outcome,
                milliseconds(began, run.ports.clock.now()),
                ending,
            )
        });
    }

    fn end(&mut self, number: usize, outcome: Outcome, elapsed_ms: u64) {
        self.elapsed[number] = elapsed_ms;
        self.tell(&Event::Ended {
            number,
            outcome: outcome.clone(),
            elapsed_ms,
        });
        let skipped = self.machine.end(number, outcome);
        if skipped.is_empty() {
            return;
        }
        // The machine knows why each was skipped; the report asks it again at the end.
        for number in skipped {
            let because = self.machine.because(number);
            self.tell(&Event::Ended {
                number,
                outcome: Outcome::Skipped { because },
                elapsed_ms: 0,
            });
        }
    }

    fn tell(&self, event: &Event) {
        self.ports.progress.event(self.ports.clock.now(), event);
    }

    /// A line about the run as a whole; a journal that fails shows at the first operation.
    fn mark(&self, what: &str, note: &str) {
        let line = JournalLine {
            at: self.ports.clock.now(),
            what,
            address: "",
            verb: "",
            name: "",
            note: note.to_owned(),
        };
        if self.ports.journal.write(&line).is_err() {
            // Reported by the operation that tries to write next; a plan without operations
            // changes nothing that a journal would have to tell of.
        }
    }

    fn report(self, began: Timestamp) -> Report {
        let ended_at = self.ports.clock.now();
        let operations = self
            .plan
            .operations
            .iter()
            .zip(brought_into_effect(self.plan, self.machine.outcomes()))
            .zip(self.elapsed)
            .map(|((operation, outcome), elapsed_ms)| OperationReport {
                number: operation.number,
                address: operation.address.clone(),
                kind: operation.kind.clone(),
                verb: operation.verb,
                name: operation.name.clone(),
                step: operation.step,
                headline: operation.headline.clone(),
                outcome,
                elapsed_ms,
                paths: operation.paths.clone(),
            })
            .collect();
        Report {
            operations,
            ending: self.ending,
            elapsed_ms: milliseconds(began, ended_at),
            ended_at,
        }
    }
}

/// The outcomes, where values that only waited for restarts are done if those are.
fn brought_into_effect(plan: &Plan, outcomes: Vec<Outcome>) -> Vec<Outcome> {
    let is_done = |number: usize| outcomes.get(number) == Some(&Outcome::Done);
    let waits_for_restarts = |number: usize| {
        let operation = &plan.operations[number];
        plan.changes
            .iter()
            .filter(|change| {
                change.address == operation.address && operation.paths.contains(&change.path)
            })
            .all(|change| matches!(change.when, When::Restart { .. }))
    };
    let settled = |number: usize| {
        let restarts: Vec<usize> = plan
            .operations
            .iter()
            .filter(|one| one.verb == Verb::Restart && one.after.contains(&number))
            .map(|one| one.number)
            .collect();
        waits_for_restarts(number) && !restarts.is_empty() && restarts.into_iter().all(is_done)
    };
    outcomes
        .iter()
        .enumerate()
        .map(|(number, outcome)| match outcome {
            Outcome::Accepted if settled(number) => Outcome::Done,
            other => other.clone(),
        })
        .collect()
}

/// Milliseconds between two moments; 0 if the clock went back.
pub(crate) fn milliseconds(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_millis()).unwrap_or(0)
}
