//! Around every call: the lease and the journal before it, patience after it, and the waits.

use std::time::Duration;

use jiff::Timestamp;

use crate::{Ending, Event, Fault, FaultKind, JournalLine, Observation, Readiness, Verb};

use super::run::{Halt, Run, Sent, Step, failed_state};
use super::{milliseconds, wait};

impl Run {
    pub(super) async fn look(&self) -> Observation {
        self.ports
            .remote
            .look(&self.operation.kind, &self.operation.name)
            .await
    }

    /// The lease is ours and the journal has the intent: the call may be made.
    pub(super) fn intend(&self) -> Step<()> {
        if self.ports.stop.is_set() {
            return Err(Halt::NotStarted);
        }
        self.ports
            .lease
            .check()
            .map_err(|why| Halt::Ends(Ending::LeaseLost(why)))?;
        let paths: Vec<&str> = self
            .operation
            .paths
            .iter()
            .map(pgward_model::Path::as_str)
            .collect();
        self.write("intent", paths.join(", "))
    }

    /// Notes what a call came to, for the journal and for the end of the operation.
    pub(super) fn record(&self, fault: Option<&Fault>) -> Step<()> {
        self.note(fault);
        match fault {
            None => self.write("done", String::new()),
            Some(fault) => {
                let code = fault.code.clone().unwrap_or_default();
                self.write("fault", format!("{} {code}", fault.action))
            }
        }
    }

    fn note(&self, fault: Option<&Fault>) {
        let mut sent = self.sent.lock().expect("no holder panics");
        match fault.filter(|fault| fault.kind != FaultKind::Ambiguous) {
            None => *sent = Sent::Accepted(self.ports.clock.now()),
            Some(fault) if !matches!(*sent, Sent::Accepted(_)) => {
                *sent = Sent::Refused(fault.clone());
            }
            Some(_) => {}
        }
    }

    /// When AWS accepted the last call, as far as that is known.
    pub(super) fn accepted_at(&self, otherwise: Timestamp) -> Timestamp {
        match *self.sent.lock().expect("no holder panics") {
            Sent::Accepted(at) => at,
            Sent::Nothing | Sent::Refused(_) => otherwise,
        }
    }

    pub(super) fn write(&self, what: &str, note: String) -> Step<()> {
        let line = JournalLine {
            at: self.ports.clock.now(),
            what,
            address: self.operation.address.as_str(),
            verb: self.operation.verb.word(),
            name: &self.operation.name,
            note,
        };
        self.ports
            .journal
            .write(&line)
            .map_err(|error| Halt::Ends(Ending::JournalFailed(error.to_string())))
    }

    /// Waits before a call is repeated, or fails if that is of no use or has lasted too long.
    pub(super) async fn pause_or_fail(
        &self,
        fault: Fault,
        began: Timestamp,
        attempts: &mut u32,
        repeatable: bool,
    ) -> Step<()> {
        if fault.kind == FaultKind::Busy && self.operation.verb != Verb::Create {
            self.give_up_if_failed().await?;
        }
        let patience = wait::patience(fault.kind)
            .filter(|_| repeatable)
            .or_else(|| {
                // AWS names what was just made as existing and does not show it yet.
                (fault.kind == FaultKind::AlreadyExists && self.operation.verb == Verb::Create)
                    .then_some(wait::APPEARS_WITHIN)
            });
        let waited = milliseconds(began, self.ports.clock.now());
        match patience {
            Some(patience) if u128::from(waited) < patience.as_millis() => {
                *attempts += 1;
                self.tell(&Event::Retrying {
                    number: self.operation.number,
                    fault,
                });
                self.sleep(wait::next_attempt(*attempts), "retrying").await
            }
            _ => Err(Halt::Failed(fault)),
        }
    }

    /// AWS says busy of what failed as well, and would say so for ever.
    async fn give_up_if_failed(&self) -> Step<()> {
        match self.look().await {
            Observation::Present(present) => match present.readiness {
                Readiness::Ready | Readiness::Busy | Readiness::Leaving => Ok(()),
                Readiness::Mendable | Readiness::Stuck | Readiness::Failed => {
                    Err(Halt::Failed(failed_state(&self.operation, &present)))
                }
            },
            Observation::Absent | Observation::Unreadable(_) => Ok(()),
        }
    }

    /// A failed read while waiting is repeated for a while, unless repeating is of no use.
    pub(super) fn tolerate(&self, fault: Fault, began: Timestamp) -> Step<()> {
        let waited = milliseconds(began, self.ports.clock.now());
        let passing = matches!(
            fault.kind,
            FaultKind::Throttled | FaultKind::Ambiguous | FaultKind::Busy | FaultKind::Other
        );
        let patience =
            wait::READS_AGAIN_FOR.as_millis() + u128::from(self.operation.minutes.2) * 60_000;
        if passing && u128::from(waited) < patience {
            self.tell(&Event::Retrying {
                number: self.operation.number,
                fault,
            });
            Ok(())
        } else {
            Err(Halt::Failed(fault))
        }
    }

    pub(super) fn waiting(&self, status: &str, began: Timestamp) {
        self.tell(&Event::Waiting {
            number: self.operation.number,
            status: status.to_owned(),
            elapsed_ms: milliseconds(began, self.ports.clock.now()),
        });
    }

    pub(super) fn tell(&self, event: &Event) {
        self.ports.progress.event(self.ports.clock.now(), event);
    }

    /// Sleeps, unless the run is to stop: AWS then goes on alone.
    pub(super) async fn sleep(&self, duration: Duration, status: &str) -> Step<()> {
        if duration.is_zero() {
            return Ok(());
        }
        tokio::select! {
            () = self.ports.clock.sleep(duration) => Ok(()),
            () = self.ports.stop.wait() => Err(Halt::InProgress(status.to_owned())),
        }
    }

    pub(super) fn past_deadline(&self, began: Timestamp, status: &str) -> Step<()> {
        let limit = self
            .timeout
            .unwrap_or_else(|| Duration::from_secs(u64::from(self.operation.minutes.2) * 60));
        let waited = milliseconds(began, self.ports.clock.now());
        if u128::from(waited) < limit.as_millis() {
            return Ok(());
        }
        let minutes = waited / 60_000;
        Err(Halt::Failed(Fault::new(
            FaultKind::Busy,
            &format!("{} {}", self.operation.verb.word(), self.operation.name),
            format!("still {status} after {minutes} min; AWS goes on with it"),
        )))
    }
}
