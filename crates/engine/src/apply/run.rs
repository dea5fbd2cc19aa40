//! One operation: the calls, the look after every doubtful answer, and the wait.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use pgward_model::{Catalog, Object, Resource};

use crate::{
    Change, Create, Ending, Fault, FaultKind, Observation, Operation, Outcome, Present, Readiness,
    Verb,
};

use super::{Ports, Shared, milliseconds, wait};

/// How many times what a creation could not set is sent after it.
const ROUNDS: u32 = 4;

/// How long AWS may show old values after it has accepted new ones.
const SHOWN_WITHIN_MS: u64 = 180_000;

/// One operation with everything it needs.
pub(crate) struct Run {
    pub(crate) operation: Operation,
    pub(crate) catalog: &'static Catalog,
    pub(crate) ports: Ports,
    pub(crate) shared: Arc<Shared>,
    pub(crate) no_wait: bool,
    pub(crate) timeout: Option<Duration>,
    pub(crate) sent: Mutex<Sent>,
}

/// What became of the calls of an operation so far.
#[derive(Debug, Default)]
pub(crate) enum Sent {
    /// None was made.
    #[default]
    Nothing,
    /// Every one was refused, so that nothing is under way; what AWS answered last.
    Refused(Fault),
    /// One was accepted, or may have been, at this moment.
    Accepted(Timestamp),
}

/// Why an operation ends early.
pub(super) enum Halt {
    Failed(Fault),
    InProgress(String),
    NotStarted,
    Ends(Ending),
}

impl From<Fault> for Halt {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault)
    }
}

pub(super) type Step<T> = Result<T, Halt>;

impl Run {
    /// Does it, and says what became of it and whether the whole run has to end.
    pub(crate) async fn perform(&self) -> (Outcome, Option<Ending>) {
        let result = match self.operation.verb {
            Verb::Create => self.create().await,
            Verb::Update => self.update().await,
            Verb::Delete => self.delete().await.map(|()| Outcome::Done),
            Verb::Replace => match self.delete().await {
                Ok(()) => self.create().await,
                Err(halt) => Err(halt),
            },
            Verb::Restart => self.restart().await,
            Verb::Await => self.finish().await,
            Verb::Adopt => self.adopt().await,
        };
        match result {
            Ok(outcome) => (outcome, None),
            Err(Halt::Failed(fault)) => {
                let code = fault.diagnostic_code().to_owned();
                (Outcome::Failed { fault, code }, None)
            }
            Err(Halt::InProgress(status)) => (Outcome::InProgress { status }, None),
            Err(Halt::NotStarted) => (self.broken_off(), None),
            Err(Halt::Ends(ending)) => (self.broken_off(), Some(ending)),
        }
    }

    /// What becomes of an operation that may make no further call.
    fn broken_off(&self) -> Outcome {
        match &*self.sent.lock().expect("no holder panics") {
            Sent::Nothing => Outcome::NotStarted,
            Sent::Refused(fault) => Outcome::Failed {
                code: fault.diagnostic_code().to_owned(),
                fault: fault.clone(),
            },
            Sent::Accepted(_) => Outcome::InProgress {
                status: "sent, not looked at".to_owned(),
            },
        }
    }

    async fn create(&self) -> Step<Outcome> {
        let resource = self.resolved()?;
        let request = Create {
            resource: resource.clone(),
            tags: self.operation.tags.clone(),
            names: self.shared.names.clone(),
        };
        if let Some(live) = &self.operation.live {
            // The name is free when its former holder is gone.
            self.gone(live, self.ports.clock.now()).await?;
        }
        let began = self.ports.clock.now();
        let mut attempts = 0;
        loop {
            self.intend()?;
            let answer = self.ports.remote.create(&request).await;
            self.record(answer.as_ref().err())?;
            let Err(fault) = answer else { break };
            if matches!(fault.kind, FaultKind::Ambiguous | FaultKind::AlreadyExists) {
                match self.look().await {
                    Observation::Present(present) if self.is_ours(&present) => break,
                    Observation::Present(_) => return Err(Halt::Failed(self.taken(fault))),
                    Observation::Unreadable(unreadable) => return Err(Halt::Failed(*unreadable)),
                    Observation::Absent => {}
                }
            }
            self.pause_or_fail(fault, began, &mut attempts, true)
                .await?;
        }
        if self.no_wait {
            return Ok(Outcome::Accepted);
        }
        let all: BTreeSet<String> = resource
            .attributes
            .iter()
            .map(|(path, _)| path.to_owned())
            .collect();
        self.settle(&resource, &all, true, began, None).await
    }

    /// Waits until AWS shows the values, and sends again what it does not show.
    ///
    /// `sent` is when they were sent last; nothing for a creation, whose call could not take all.
    async fn settle(
        &self,
        resource: &Resource,
        paths: &BTreeSet<String>,
        immediate: bool,
        began: Timestamp,
        mut sent: Option<Timestamp>,
    ) -> Step<Outcome> {
        let mut rounds = 0;
        loop {
            let present = self.ready(began).await?;
            let missing = self.missing(resource, &present, paths);
            if missing.is_empty() {
                self.publish(&present);
                return Ok(Outcome::Done);
            }
            let now = self.ports.clock.now();
            // AWS may show the old values as available for a minute before it starts.
            let on_its_way = sent.is_some_and(|at| milliseconds(at, now) < SHOWN_WITHIN_MS)
                || sent.is_some()
                    && missing
                        .iter()
                        .any(|path| present.waiting.get(path).is_some());
            if !on_its_way {
                rounds += 1;
                if rounds > ROUNDS {
                    return Err(Halt::Failed(Fault::new(
                        FaultKind::Other,
                        &format!("{} {}", self.operation.verb.word(), self.operation.name),
                        format!(
                            "AWS accepted the values and does not show them: {}",
                            list(&missing)
                        ),
                    )));
                }
                self.send(resource, present, missing, immediate, began)
                    .await?;
                sent = Some(now);
                continue;
            }
            self.sleep(Duration::from_secs(5), "available").await?;
            self.past_deadline(began, "available")?;
        }
    }

    async fn update(&self) -> Step<Outcome> {
        let resource = self.resolved()?;
        let began = self.ports.clock.now();
        let Some(live) = self.operation.live.clone() else {
            return Err(Halt::Failed(Fault::new(
                FaultKind::NotFound,
                "change",
                "the plan names no resource to change",
            )));
        };
        let attributes = self.operation.attributes.clone();
        if self.operation.immediate {
            self.queue_is_as_planned(&live, began).await?;
        }
        self.send(
            &resource,
            live,
            attributes.clone(),
            self.operation.immediate,
            began,
        )
        .await?;
        if self.operation.deferred || self.no_wait {
            return self.accepted(&resource, &attributes, began).await;
        }
        let sent = Some(self.ports.clock.now());
        self.settle(
            &resource,
            &attributes,
            self.operation.immediate,
            began,
            sent,
        )
        .await
    }

    /// The immediate flag starts everything that waits, so nothing may wait that the plan did not
    /// show.
    async fn queue_is_as_planned(&self, planned: &Present, began: Timestamp) -> Step<()> {
        for looks in 1.. {
            let present = match self.look().await {
                Observation::Present(present) => present,
                // The call itself will tell.
                Observation::Absent => return Ok(()),
                Observation::Unreadable(fault) => {
                    self.tolerate(*fault, began)?;
                    self.sleep(wait::next_look(looks), "waiting").await?;
                    continue;
                }
            };
            let values = present.waiting.iter();
            let news = values.filter(|(path, value)| planned.waiting.get(path) != Some(*value));
            let others = present.waiting_too.iter();
            let other_news =
                others.filter(|(name, value)| planned.waiting_too.get(*name) != Some(*value));
            let news: Vec<String> = news
                .map(|(path, _)| self.shown_path(path))
                .chain(other_news.map(|(name, _)| name.clone()))
                .collect();
            if news.is_empty() {
                return Ok(());
            }
            return Err(Halt::Failed(Fault::new(
                FaultKind::Moved,
                &format!("{} {}", self.operation.verb.word(), self.operation.name),
                format!(
                    "queued since the plan was made, and this change would start it: {}",
                    news.join(", ")
                ),
            )));
        }
        Ok(())
    }

    fn shown_path(&self, path: &str) -> String {
        let resource = self.operation.resource.as_ref();
        resource.map_or_else(
            || path.to_owned(),
            |resource| resource.path_of(path, None).to_string(),
        )
    }

    /// Looks until AWS shows the values as in effect or waiting.
    async fn accepted(
        &self,
        resource: &Resource,
        attributes: &BTreeSet<String>,
        began: Timestamp,
    ) -> Step<Outcome> {
        for looks in 0.. {
            self.sleep(wait::next_look(looks), "accepted").await?;
            if let Observation::Present(present) = self.look().await {
                let missing = self.missing(resource, &present, attributes);
                let not_waiting: BTreeSet<String> = missing
                    .into_iter()
                    .filter(|path| present.waiting.get(path).is_none())
                    .collect();
                if not_waiting.is_empty() {
                    return Ok(Outcome::Accepted);
                }
            }
            self.past_deadline(began, "accepted")?;
            if milliseconds(began, self.ports.clock.now()) > 300_000 {
                break;
            }
        }
        Ok(Outcome::Accepted)
    }

    /// Waits for what an earlier run began.
    async fn finish(&self) -> Step<Outcome> {
        if self.no_wait {
            return Ok(Outcome::Accepted);
        }
        let present = self.ready(self.ports.clock.now()).await?;
        self.publish(&present);
        Ok(Outcome::Done)
    }

    async fn restart(&self) -> Step<Outcome> {
        let began = self.ports.clock.now();
        let mut attempts = 0;
        loop {
            self.intend()?;
            let answer = self
                .ports
                .remote
                .restart(&self.operation.kind, &self.operation.name)
                .await;
            self.record(answer.as_ref().err())?;
            match answer {
                Ok(()) => break,
                // A restart whose answer was lost may have happened; a second one would interrupt
                // again, so it is looked for first.
                Err(fault) if fault.kind == FaultKind::Ambiguous => {
                    if let Observation::Present(present) = self.look().await
                        && (present.readiness == Readiness::Busy || !present.waits_for_restart)
                    {
                        break;
                    }
                    self.pause_or_fail(fault, began, &mut attempts, true)
                        .await?;
                }
                Err(fault) => {
                    self.pause_or_fail(fault, began, &mut attempts, true)
                        .await?;
                }
            }
        }
        if self.no_wait {
            return Ok(Outcome::Accepted);
        }
        loop {
            let present = self.ready(began).await?;
            if !present.waits_for_restart {
                return Ok(Outcome::Done);
            }
            self.sleep(Duration::from_secs(5), "rebooting").await?;
            self.past_deadline(began, "rebooting")?;
        }
    }

    /// Sends attributes, repeating what AWS is too busy for; changes are safe to repeat.
    async fn send(
        &self,
        resource: &Resource,
        live: Box<Present>,
        attributes: BTreeSet<String>,
        immediate: bool,
        began: Timestamp,
    ) -> Step<()> {
        let mut sent = Object::new();
        for path in &attributes {
            sent.set_some(path.clone(), resource.attributes.get(path).cloned());
        }
        let request = Change {
            resource: resource.clone(),
            live,
            attributes: sent,
            immediate,
            names: self.shared.names.clone(),
        };
        let mut attempts = 0;
        loop {
            self.intend()?;
            let answer = self.ports.remote.change(&request).await;
            self.record(answer.as_ref().err())?;
            match answer {
                Ok(()) => return Ok(()),
                Err(fault) => {
                    self.pause_or_fail(fault, began, &mut attempts, true)
                        .await?;
                }
            }
        }
    }

    /// Waits until the resource takes changes.
    async fn ready(&self, began: Timestamp) -> Step<Box<Present>> {
        for looks in 0.. {
            self.sleep(wait::next_look(looks), "waiting").await?;
            match self.look().await {
                Observation::Present(present) => match present.readiness {
                    Readiness::Ready => return Ok(present),
                    Readiness::Busy => {
                        self.waiting(&present.status, began);
                        self.past_deadline(began, &present.status)?;
                    }
                    // What was sent to mend it takes a moment to show.
                    Readiness::Mendable
                        if milliseconds(began, self.ports.clock.now()) < SHOWN_WITHIN_MS =>
                    {
                        self.waiting(&present.status, began);
                    }
                    Readiness::Mendable
                    | Readiness::Stuck
                    | Readiness::Failed
                    | Readiness::Leaving => {
                        return Err(Halt::Failed(failed_state(&self.operation, &present)));
                    }
                },
                Observation::Absent => {
                    let waited = milliseconds(self.accepted_at(began), self.ports.clock.now());
                    if u128::from(waited) > wait::APPEARS_WITHIN.as_millis() && looks > 3 {
                        return Err(Halt::Failed(Fault::new(
                            FaultKind::NotFound,
                            &format!("{} {}", self.operation.verb.word(), self.operation.name),
                            "AWS accepted it and does not know it: somebody may have deleted it",
                        )));
                    }
                }
                Observation::Unreadable(fault) => self.tolerate(*fault, began)?,
            }
        }
        Err(Halt::NotStarted)
    }

    /// The declared resource with the outputs of what was made before it.
    fn resolved(&self) -> Step<Resource> {
        let Some(mut resource) = self.operation.resource.clone() else {
            return Err(Halt::Failed(Fault::new(
                FaultKind::Other,
                self.operation.verb.word(),
                "the plan holds no declared resource",
            )));
        };
        let outputs = self
            .shared
            .outputs
            .lock()
            .expect("no holder panics")
            .clone();
        resource.attributes = resource.attributes.resolved(&|reference| {
            outputs
                .get(&reference.address)
                .and_then(|all| all.get(&reference.output))
                .cloned()
        });
        Ok(resource)
    }

    fn publish(&self, present: &Present) {
        self.shared
            .outputs
            .lock()
            .expect("no holder panics")
            .insert(self.operation.address.clone(), present.outputs.clone());
    }

    pub(super) fn is_ours(&self, present: &Present) -> bool {
        let owner = present.owner.as_ref();
        owner.is_some_and(|owner| owner.is_of(&self.shared.project, &self.shared.environment))
    }

    fn taken(&self, mut fault: Fault) -> Fault {
        fault.kind = FaultKind::AlreadyExists;
        fault.message = format!(
            "{} exists and is not managed here; it was made after the plan (P506)",
            self.operation.name
        );
        fault
    }
}

/// P707: the resource reached a state that only a person can mend.
pub(super) fn failed_state(operation: &Operation, present: &Present) -> Fault {
    let advice = if present.advice.is_empty() {
        String::new()
    } else {
        format!("; {}", present.advice)
    };
    let mut fault = Fault::new(
        FaultKind::Failed,
        &format!("{} {}", operation.verb.word(), operation.name),
        format!("{} is {}{advice}", present.name, present.status),
    );
    fault.code = Some(present.status.clone());
    fault
}

fn list(paths: &BTreeSet<String>) -> String {
    paths
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}
