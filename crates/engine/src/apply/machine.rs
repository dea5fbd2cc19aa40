//! Which operation may start, and what a failure means for the others; pure.

use std::collections::BTreeSet;

use pgward_model::Address;

use crate::{Operation, Outcome};

/// The state of every operation of a run.
#[derive(Debug)]
pub(crate) struct Machine {
    cells: Vec<Cell>,
    stopping: bool,
    fail_fast: bool,
}

#[derive(Debug)]
struct Cell {
    address: Address,
    after: BTreeSet<usize>,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    Pending,
    Running,
    Ended(Outcome),
}

impl Machine {
    /// Everything pending.
    pub(crate) fn new(operations: &[Operation], fail_fast: bool) -> Self {
        let cells = operations
            .iter()
            .map(|one| Cell {
                address: one.address.clone(),
                after: one.after.clone(),
                phase: Phase::Pending,
            })
            .collect();
        Self {
            cells,
            stopping: false,
            fail_fast,
        }
    }

    /// The operations that may start now, which count as started.
    pub(crate) fn start(&mut self) -> Vec<usize> {
        if self.stopping {
            return Vec::new();
        }
        let ready: Vec<usize> = (0..self.cells.len())
            .filter(|number| matches!(self.cells[*number].phase, Phase::Pending))
            .filter(|number| {
                self.cells[*number]
                    .after
                    .iter()
                    .all(|before| self.succeeded(*before))
            })
            .collect();
        for number in &ready {
            self.cells[*number].phase = Phase::Running;
        }
        ready
    }

    /// Takes the outcome of an operation; answers what is skipped because of it.
    pub(crate) fn end(&mut self, number: usize, outcome: Outcome) -> Vec<usize> {
        let failed = matches!(outcome, Outcome::Failed { .. });
        self.cells[number].phase = Phase::Ended(outcome);
        if failed && self.fail_fast {
            self.stopping = true;
        }
        self.skip_unreachable()
    }

    /// Nothing starts any more.
    pub(crate) fn stop(&mut self) {
        self.stopping = true;
    }

    /// Whether anything still runs.
    pub(crate) fn is_running(&self) -> bool {
        self.cells
            .iter()
            .any(|cell| matches!(cell.phase, Phase::Running))
    }

    /// The failure that an operation was skipped for.
    pub(crate) fn because(&self, number: usize) -> Address {
        self.root(number)
    }

    /// What became of every operation; what never started is not started.
    pub(crate) fn outcomes(self) -> Vec<Outcome> {
        self.cells
            .into_iter()
            .map(|cell| match cell.phase {
                Phase::Ended(outcome) => outcome,
                Phase::Pending | Phase::Running => Outcome::NotStarted,
            })
            .collect()
    }

    fn succeeded(&self, number: usize) -> bool {
        matches!(
            &self.cells[number].phase,
            Phase::Ended(Outcome::Done | Outcome::Accepted)
        )
    }

    /// Pending operations whose way is barred by one that ended without success.
    fn skip_unreachable(&mut self) -> Vec<usize> {
        let mut skipped = Vec::new();
        loop {
            let next = (0..self.cells.len()).find_map(|number| {
                if !matches!(self.cells[number].phase, Phase::Pending) {
                    return None;
                }
                let barred = self.cells[number].after.iter().find(|before| {
                    matches!(&self.cells[**before].phase, Phase::Ended(_))
                        && !self.succeeded(**before)
                })?;
                Some((number, self.root(*barred)))
            });
            let Some((number, because)) = next else {
                return skipped;
            };
            self.cells[number].phase = Phase::Ended(Outcome::Skipped { because });
            skipped.push(number);
        }
    }

    /// The failure at the beginning of a chain of skipped operations.
    fn root(&self, number: usize) -> Address {
        match &self.cells[number].phase {
            Phase::Ended(Outcome::Skipped { because }) => because.clone(),
            _ => self.cells[number].address.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fault, FaultKind};

    fn machine(after: &[&[usize]]) -> Machine {
        Machine {
            cells: after
                .iter()
                .enumerate()
                .map(|(number, after)| Cell {
                    address: Address::named("book", &number.to_string()),
                    after: after.iter().copied().collect(),
                    phase: Phase::Pending,
                })
                .collect(),
            stopping: false,
            fail_fast: false,
        }
    }

    fn failure() -> Outcome {
        Outcome::Failed {
            fault: Fault::new(FaultKind::Quota, "library:Lend", "too many"),
            code: "P703".to_owned(),
        }
    }

    #[test]
    fn a_failure_skips_what_needs_it_and_nothing_else() {
        let mut machine = machine(&[&[], &[0], &[1], &[]]);
        assert_eq!(machine.start(), vec![0, 3]);
        assert_eq!(machine.end(0, failure()), vec![1, 2]);
        assert!(machine.is_running());
        assert!(machine.end(3, Outcome::Done).is_empty());
        assert!(!machine.is_running());
        let outcomes = machine.outcomes();
        assert_eq!(
            outcomes[2],
            Outcome::Skipped {
                because: Address::named("book", "0")
            }
        );
        assert_eq!(outcomes[3], Outcome::Done);
    }

    #[test]
    fn after_a_stop_nothing_starts() {
        let mut machine = machine(&[&[], &[0]]);
        assert_eq!(machine.start(), vec![0]);
        machine.stop();
        machine.end(0, Outcome::Done);
        assert!(machine.start().is_empty());
        assert_eq!(machine.outcomes()[1], Outcome::NotStarted);
    }
}
