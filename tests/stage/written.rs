//! Everything that a run writes: journal, events, progress, record, plans and texts.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use pgward_engine::{Event, Journal, JournalLine, Lease, Operation, Progress};
use pgward_review::text::{Lines, Style};
use pgward_review::{Document, Events};

/// What was written so far, in order; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Written(Arc<Mutex<Vec<String>>>);

impl Written {
    /// Keeps a text.
    pub fn keep(&self, text: impl Into<String>) {
        let mut texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        texts.push(text.into());
    }

    /// All texts.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Journal for Written {
    fn write(&self, line: &JournalLine<'_>) -> Result<(), std::io::Error> {
        self.keep(serde_json::to_string(line)?);
        Ok(())
    }
}

/// A lease that nobody else wants.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ours;

impl Lease for Ours {
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// Hears of events and writes them in every form.
#[derive(Debug)]
pub(crate) struct Listener {
    written: Written,
    operations: Vec<Operation>,
    forms: Mutex<(Events, Lines)>,
}

impl Listener {
    /// Listens to the run of a plan.
    pub(crate) fn new(written: &Written, document: &Document, operations: &[Operation]) -> Self {
        Self {
            written: written.clone(),
            operations: operations.to_vec(),
            forms: Mutex::new((Events::new(document), Lines::new(Style::default()))),
        }
    }
}

impl Progress for Listener {
    fn event(&self, at: Timestamp, event: &Event) {
        let mut forms = self.forms.lock().unwrap_or_else(PoisonError::into_inner);
        let (events, lines) = &mut *forms;
        if let Some(line) = events.event(at, event, &self.operations) {
            self.written.keep(line);
        }
        for line in lines.event(at, event, &self.operations) {
            self.written.keep(line);
        }
    }
}
