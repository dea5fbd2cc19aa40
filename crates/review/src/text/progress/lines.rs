//! One line per change of state, with a UTC time: for logs and pipelines.

use std::collections::BTreeMap;

use jiff::Timestamp;
use pgward_engine::{Event, Operation, Outcome};

use super::{is_recent, is_small, usual};
use crate::document::Document;
use crate::text::layout::{Ink, Line, Style};
use crate::wording;

/// From how many small operations of a step one line speaks for all.
const GROUP: usize = 4;
/// Width of the column of addresses.
const ADDRESS: usize = 19;
/// Width of the column of verbs.
const VERB: usize = 9;

/// The lines of a run, made from its events.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    style: Style,
    steps: u32,
    waits: BTreeMap<usize, (String, Timestamp)>,
    retries: BTreeMap<usize, (String, Timestamp)>,
    started: BTreeMap<usize, Timestamp>,
    ended: BTreeMap<usize, bool>,
}

impl Lines {
    /// No lines yet.
    #[must_use]
    pub fn new(style: Style) -> Self {
        Self {
            style,
            ..Self::default()
        }
    }

    /// What is about to be done.
    #[must_use]
    pub fn start(&self, at: Timestamp, document: &Document) -> String {
        let verb = document.verb();
        let text = format!(
            "{verb} {}: {} in {}, account {}, plan {}",
            document.title(),
            wording::count(document.changes.len(), "change"),
            wording::count(document.steps.len(), "step"),
            document.environment.account,
            document.plan_id
        );
        self.note(at, &text)
    }

    /// A saved plan was compared with AWS.
    #[must_use]
    pub fn still_holds(&self, at: Timestamp) -> String {
        self.note(
            at,
            "plan still holds: spec, live state and account are as reviewed",
        )
    }

    /// The lock was taken.
    #[must_use]
    pub fn lock(&self, at: Timestamp, holder: &str, until: Timestamp) -> String {
        let until = wording::time(until);
        self.note(
            at,
            &format!("lock taken by {holder}, until {until} unless renewed"),
        )
    }

    /// Any sentence with its time.
    #[must_use]
    pub fn note(&self, at: Timestamp, text: &str) -> String {
        self.begin(at).text(text).finish()
    }

    /// The lines for an event; most events have none or one.
    pub fn event(&mut self, at: Timestamp, event: &Event, operations: &[Operation]) -> Vec<String> {
        let find = |number: usize| operations.iter().find(|one| one.number == number);
        if self.steps == 0 {
            self.steps = operations
                .iter()
                .map(|operation| operation.step)
                .max()
                .unwrap_or(0);
        }
        match event {
            Event::Step { of, .. } => {
                self.steps = *of;
                Vec::new()
            }
            Event::Started { number } => {
                self.started.insert(*number, at);
                find(*number)
                    .filter(|operation| !is_small(operation))
                    .map(|operation| self.started(at, operation))
                    .into_iter()
                    .collect()
            }
            Event::Waiting {
                number,
                status,
                elapsed_ms,
            } => find(*number)
                .and_then(|operation| self.waiting(at, operation, status, *elapsed_ms))
                .into_iter()
                .collect(),
            Event::Retrying { number, fault } => {
                let word = fault.code.clone().unwrap_or_else(|| fault.message.clone());
                let Some(operation) = find(*number) else {
                    return Vec::new();
                };
                if is_recent(self.retries.get(number), &word, at) {
                    return Vec::new();
                }
                self.retries.insert(*number, (word.clone(), at));
                let line = self.line(at, operation, "retrying", Ink::Notice);
                vec![line.text(format!("{}: {word}", fault.action)).finish()]
            }
            Event::Ended {
                number,
                outcome,
                elapsed_ms,
            } => {
                let done = matches!(outcome, Outcome::Done | Outcome::Accepted);
                self.ended.insert(*number, done);
                match find(*number) {
                    Some(operation) => self.ended(at, operation, outcome, *elapsed_ms, operations),
                    None => Vec::new(),
                }
            }
        }
    }

    fn begin(&self, at: Timestamp) -> Line {
        Line::new(self.style)
            .ink(Ink::Dim, wording::stamp(at))
            .text(" ")
    }

    fn named(&self, at: Timestamp, step: u32, name: &str, verb: &str, ink: Ink) -> Line {
        let line = self.begin(at).text(format!("step {step}/{} ", self.steps));
        let column = line.width() + ADDRESS;
        let line = line.ink(Ink::Bold, name).to(column, 2);
        let column = line.width() + VERB;
        line.ink(ink, verb).to(column, 1)
    }

    fn line(&self, at: Timestamp, operation: &Operation, verb: &str, ink: Ink) -> Line {
        self.named(at, operation.step, operation.address.as_str(), verb, ink)
    }

    fn started(&self, at: Timestamp, operation: &Operation) -> String {
        let line = self.line(at, operation, operation.verb.word(), Ink::Plain);
        let line = line.text(&operation.headline);
        match usual(operation.minutes) {
            Some(usual) => line.text(format!(", usually {usual}")).finish(),
            None => line.finish(),
        }
    }

    /// A line if AWS's word is another one, or after five minutes of silence.
    fn waiting(
        &mut self,
        at: Timestamp,
        operation: &Operation,
        status: &str,
        elapsed_ms: u64,
    ) -> Option<String> {
        let momentary = operation.minutes.1 == 0 && elapsed_ms < 60_000;
        if momentary || is_recent(self.waits.get(&operation.number), status, at) {
            return None;
        }
        self.waits.insert(operation.number, (status.to_owned(), at));
        let mut line = self
            .line(at, operation, "waiting", Ink::Plain)
            .text(format!("AWS: {status}"));
        if elapsed_ms >= 60_000 {
            line = line.text(format!("   {}", wording::elapsed(elapsed_ms)));
        }
        Some(line.finish())
    }

    fn ended(
        &mut self,
        at: Timestamp,
        operation: &Operation,
        outcome: &Outcome,
        elapsed_ms: u64,
        operations: &[Operation],
    ) -> Vec<String> {
        let elapsed = wording::elapsed(elapsed_ms);
        let group = group(operation, operations);
        let line = match outcome {
            Outcome::Done if group.len() >= GROUP => None,
            Outcome::Done if is_small(operation) => {
                let line = self.line(at, operation, "done", Ink::Calm);
                Some(line.text(format!("{}   {elapsed}", operation.headline)))
            }
            Outcome::Done => Some(self.line(at, operation, "done", Ink::Calm).text(&elapsed)),
            Outcome::Accepted => {
                let line = self.line(at, operation, "accepted", Ink::Notice);
                Some(line.text(format!("{elapsed}   takes effect later")))
            }
            Outcome::Failed { fault, code } => {
                let line = self.line(at, operation, "FAILED", Ink::Danger);
                let word = fault.code.as_deref().unwrap_or(&fault.message);
                Some(line.text(format!("{code} {word}   {elapsed}")))
            }
            Outcome::Skipped { because } => {
                let line = self.line(at, operation, "skipped", Ink::Notice);
                Some(line.text(format!("needs {because}")))
            }
            Outcome::InProgress { status } => {
                let line = self.line(at, operation, "left", Ink::Notice);
                Some(line.text(format!("AWS goes on: {status}   {elapsed}")))
            }
            Outcome::NotStarted => None,
        };
        let mut lines: Vec<String> = line.map(Line::finish).into_iter().collect();
        lines.extend(self.whole_group(at, operation, &group));
        lines
    }

    /// The line that speaks for many small operations, when the last of them has ended.
    fn whole_group(
        &self,
        at: Timestamp,
        operation: &Operation,
        group: &[&Operation],
    ) -> Option<String> {
        if group.len() < GROUP || !group.iter().all(|one| self.ended.contains_key(&one.number)) {
            return None;
        }
        let done = group
            .iter()
            .filter(|one| self.ended.get(&one.number) == Some(&true))
            .count();
        let first = group
            .iter()
            .filter_map(|one| self.started.get(&one.number))
            .min()?;
        let took = u64::try_from(at.duration_since(*first).as_millis()).unwrap_or(0);
        let name = wording::count(done, operation.address.section());
        let line = self.named(at, operation.step, &name, "done", Ink::Calm);
        (done > 0).then(|| line.text(wording::elapsed(took)).finish())
    }
}

/// The small operations of the same step, section and verb.
fn group<'a>(operation: &Operation, operations: &'a [Operation]) -> Vec<&'a Operation> {
    operations
        .iter()
        .filter(|other| {
            is_small(other)
                && is_small(operation)
                && other.step == operation.step
                && other.verb == operation.verb
                && other.address.section() == operation.address.section()
        })
        .collect()
}
