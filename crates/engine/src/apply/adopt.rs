//! Adopting: one call that sets our tags, between two looks.

use crate::{Adopt, Fault, FaultKind, Observation, Outcome, Present};

use super::run::{Halt, Run, Step};
use super::wait;

impl Run {
    /// Tags what exists, unless somebody else did since the plan was made.
    pub(super) async fn adopt(&self) -> Step<Outcome> {
        let began = self.ports.clock.now();
        let mut live = None;
        for looks in 0.. {
            match self.look().await {
                Observation::Present(present) => {
                    live = Some(present);
                    break;
                }
                Observation::Absent => return Err(Halt::Failed(self.is_gone())),
                Observation::Unreadable(fault) => self.tolerate(*fault, began)?,
            }
            self.sleep(wait::next_look(looks + 1), "adopting").await?;
        }
        let Some(live) = live else {
            return Err(Halt::NotStarted);
        };
        if self.is_ours(&live) {
            return Ok(Outcome::Done);
        }
        if let Some(fault) = self.is_of_others(&live) {
            return Err(Halt::Failed(fault));
        }
        let request = Adopt {
            kind: self.operation.kind.clone(),
            live,
            tags: self.operation.tags.clone(),
        };
        let mut attempts = 0;
        loop {
            self.intend()?;
            let answer = self.ports.remote.adopt(&request).await;
            self.record(answer.as_ref().err())?;
            let Err(fault) = answer else { break };
            self.pause_or_fail(fault, began, &mut attempts, true)
                .await?;
        }
        self.until_ours(began).await
    }

    /// Looks until the tags show.
    async fn until_ours(&self, began: jiff::Timestamp) -> Step<Outcome> {
        for looks in 0.. {
            self.sleep(wait::next_look(looks), "adopting").await?;
            match self.look().await {
                Observation::Present(present) if self.is_ours(&present) => {
                    return Ok(Outcome::Done);
                }
                Observation::Present(present) => {
                    if let Some(fault) = self.is_of_others(&present) {
                        return Err(Halt::Failed(fault));
                    }
                    self.past_deadline(began, "without the tags")?;
                }
                Observation::Absent => return Err(Halt::Failed(self.is_gone())),
                Observation::Unreadable(fault) => self.tolerate(*fault, began)?,
            }
        }
        Err(Halt::NotStarted)
    }

    fn is_of_others(&self, present: &Present) -> Option<Fault> {
        let owner = present.owner.as_ref()?;
        let another = owner.is_another(&self.shared.project, &self.shared.environment);
        let message = format!(
            "{} belongs to {} since the plan was made (P506)",
            self.operation.name,
            owner.title()
        );
        another.then(|| Fault::new(FaultKind::InUse, &self.words(), message))
    }

    fn is_gone(&self) -> Fault {
        let message = "it was deleted since the plan was made";
        Fault::new(FaultKind::NotFound, &self.words(), message)
    }

    fn words(&self) -> String {
        format!("{} {}", self.operation.verb.word(), self.operation.name)
    }
}
