//! Deleting: the call, the wait until nothing is left, and the final snapshot.

use jiff::Timestamp;

use crate::{Delete, Fault, FaultKind, Observation, Present, Readiness, Snapshot};

use super::run::{Halt, Run, Step};
use super::{milliseconds, wait};

impl Run {
    pub(super) async fn delete(&self) -> Step<()> {
        let began = self.ports.clock.now();
        let Some(live) = self.operation.live.clone() else {
            return Ok(());
        };
        let begun =
            live.readiness == Readiness::Leaving && self.is_on_its_way(&live, began).await?;
        if !begun {
            self.send_deletion(&live, began).await?;
        }
        if self.no_wait {
            return Ok(());
        }
        self.gone(&live, began).await?;
        self.snapshot(&live, begun, began).await
    }

    /// Whether a deletion is under way that an earlier run or somebody else began.
    async fn is_on_its_way(&self, live: &Present, began: Timestamp) -> Step<bool> {
        for looks in 1.. {
            match self.look_again(live).await {
                Observation::Absent => return Ok(true),
                Observation::Present(present) => {
                    return Ok(present.readiness == Readiness::Leaving);
                }
                Observation::Unreadable(fault) => self.tolerate(*fault, began)?,
            }
            self.sleep(wait::next_look(looks), "deleting").await?;
        }
        Err(Halt::NotStarted)
    }

    async fn send_deletion(&self, live: &Present, began: Timestamp) -> Step<()> {
        let request = Delete {
            kind: self.operation.kind.clone(),
            live: Box::new(live.clone()),
            final_snapshot: self.operation.final_snapshot.clone(),
        };
        let mut attempts = 0;
        loop {
            self.intend()?;
            let answer = self.ports.remote.delete(&request).await;
            self.record(answer.as_ref().err())?;
            let Err(fault) = answer else { return Ok(()) };
            if fault.kind == FaultKind::NotFound {
                return Ok(());
            }
            if fault.kind == FaultKind::Ambiguous {
                match self.look_again(live).await {
                    Observation::Absent => return Ok(()),
                    Observation::Present(present) if present.readiness == Readiness::Leaving => {
                        return Ok(());
                    }
                    Observation::Present(_) | Observation::Unreadable(_) => {}
                }
            }
            self.pause_or_fail(fault, began, &mut attempts, true)
                .await?;
        }
    }

    /// Waits until it is gone; a namesake is not waited for.
    pub(super) async fn gone(&self, live: &Present, began: Timestamp) -> Step<()> {
        for looks in 0.. {
            self.sleep(wait::next_look(looks), "deleting").await?;
            match self.look_again(live).await {
                Observation::Absent => return Ok(()),
                Observation::Present(present) => {
                    self.waiting(&present.status, began);
                    self.past_deadline(began, &present.status)?;
                }
                Observation::Unreadable(fault) => self.tolerate(*fault, began)?,
            }
        }
        Ok(())
    }

    /// Nothing that a restore needs may go before the final snapshot can be restored.
    ///
    /// Only AWS knows whether a deletion leaves one that was under way before, and its name.
    async fn snapshot(&self, live: &Present, begun: bool, began: Timestamp) -> Step<()> {
        let Some(promised) = &self.operation.final_snapshot else {
            return Ok(());
        };
        let name = (!begun).then_some(promised.as_str());
        let gone = self.ports.clock.now();
        for looks in 1.. {
            match self.ports.remote.snapshot(live, name).await {
                Ok(Snapshot::Available) => return Ok(()),
                Ok(Snapshot::InTheMaking) => self.waiting("creating the final snapshot", began),
                Ok(Snapshot::Absent) if begun => return Ok(()),
                Ok(Snapshot::Absent) => self.is_still_to_come(promised, gone)?,
                Err(fault) => self.tolerate(fault, began)?,
            }
            self.past_deadline(began, "creating the final snapshot")?;
            self.sleep(wait::next_look(looks), "creating the final snapshot")
                .await?;
        }
        Ok(())
    }

    /// AWS may know a snapshot a little later than it forgets the instance, and no more than that.
    fn is_still_to_come(&self, snapshot: &str, gone: Timestamp) -> Step<()> {
        let waited = milliseconds(gone, self.ports.clock.now());
        if u128::from(waited) < wait::APPEARS_WITHIN.as_millis() {
            return Ok(());
        }
        let name = &self.operation.name;
        Err(Halt::Failed(Fault::new(
            FaultKind::Other,
            &format!("delete {name}"),
            format!(
                "{name} is gone and AWS knows no snapshot {snapshot}: somebody else may have \
                 deleted it"
            ),
        )))
    }

    async fn look_again(&self, live: &Present) -> Observation {
        self.ports
            .remote
            .look_again(&self.operation.kind, live)
            .await
    }
}
