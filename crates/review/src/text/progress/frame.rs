//! The frame of a terminal: finished steps scroll away, the rest is redrawn.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use pgward_engine::{Event, Operation, Outcome};

use super::usual;
use crate::text::layout::{Ink, Line, Style, columns};
use crate::wording;

/// Column of the text behind an address.
const TEXT: usize = 24;
/// Rows of one step that are redrawn at most.
const ROWS: usize = 12;
const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// One operation as the frame shows it.
#[derive(Debug, Clone)]
struct Row {
    step: u32,
    section: String,
    address: String,
    headline: String,
    minutes: (u32, u32, u32),
    status: String,
    started: Option<Timestamp>,
    ended: Option<(Timestamp, Outcome, u64)>,
}

/// What a terminal shows while a run goes on, made from its events.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    style: Style,
    rows: BTreeMap<usize, Row>,
    steps: u32,
    printed: BTreeSet<u32>,
    lock_until: Option<Timestamp>,
    closed: bool,
}

impl Frame {
    /// An empty frame.
    #[must_use]
    pub fn new(style: Style) -> Self {
        Self {
            style,
            ..Self::default()
        }
    }

    /// The lock was taken or renewed until this moment.
    pub fn lock(&mut self, until: Timestamp) {
        self.lock_until = Some(until);
    }

    /// Takes an event.
    pub fn event(&mut self, at: Timestamp, event: &Event, operations: &[Operation]) {
        if self.rows.is_empty() {
            self.rows = operations
                .iter()
                .map(|one| (one.number, row(one)))
                .collect();
            self.steps = operations.iter().map(|one| one.step).max().unwrap_or(0);
        }
        let number = match event {
            Event::Step { of, .. } => {
                self.steps = *of;
                return;
            }
            Event::Started { number }
            | Event::Waiting { number, .. }
            | Event::Retrying { number, .. }
            | Event::Ended { number, .. } => *number,
        };
        let Some(row) = self.rows.get_mut(&number) else {
            return;
        };
        match event {
            Event::Step { .. } => {}
            Event::Started { .. } => row.started = Some(at),
            Event::Waiting { status, .. } => row.status = format!("AWS: {status}"),
            Event::Retrying { fault, .. } => {
                let word = fault.code.as_deref().unwrap_or(&fault.action);
                row.status = format!("repeating after {word}");
            }
            Event::Ended {
                outcome,
                elapsed_ms,
                ..
            } => {
                row.ended = Some((at, outcome.clone(), *elapsed_ms));
            }
        }
    }

    /// The lines that are finished since the last call, and those to be redrawn, at this moment
    /// and for this many columns.
    pub fn render(&mut self, now: Timestamp, width: usize) -> (Vec<String>, Vec<String>) {
        self.style = self.style.with_width(width);
        let mut finished = Vec::new();
        let mut redrawn = Vec::new();
        for step in 1..=self.steps {
            let rows: Vec<&Row> = self.rows.values().filter(|row| row.step == step).collect();
            let begun = rows
                .iter()
                .any(|row| row.started.is_some() || row.ended.is_some());
            let over = self.closed || rows.iter().all(|row| row.ended.is_some());
            if rows.is_empty() || !begun || self.printed.contains(&step) {
                continue;
            }
            if over {
                finished.push(self.heading(step, &rows, true));
                finished.extend(rows.iter().filter_map(|row| self.row(row, now)));
                self.printed.insert(step);
            } else {
                redrawn.push(self.heading(step, &rows, false));
                redrawn.extend(self.some_rows(&rows, now));
            }
        }
        if !redrawn.is_empty() {
            redrawn.extend(self.next());
            redrawn.extend(self.lock_line());
        }
        (finished, redrawn)
    }

    /// All lines that were not printed yet, when the run is over.
    pub fn close(&mut self, now: Timestamp, width: usize) -> Vec<String> {
        self.closed = true;
        self.render(now, width).0
    }

    /// `Step 1 of 4 · 6/6 · 0:21`.
    fn heading(&self, step: u32, rows: &[&Row], over: bool) -> String {
        let ended = rows.iter().filter(|row| row.ended.is_some()).count();
        let mut text = format!("Step {step} of {} · {ended}/{}", self.steps, rows.len());
        let first = rows.iter().filter_map(|row| row.started).min();
        let last = rows
            .iter()
            .filter_map(|row| row.ended.as_ref())
            .map(|ended| ended.0)
            .max();
        if let (true, Some(first), Some(last)) = (over, first, last) {
            text = format!("{text} · {}", wording::clock(between(first, last)));
        }
        Line::new(self.style).text(text).finish()
    }

    /// The rows of a step that goes on: what is at work first if there are too many.
    fn some_rows(&self, rows: &[&Row], now: Timestamp) -> Vec<String> {
        let begun = rows
            .iter()
            .filter(|row| row.started.is_some() || row.ended.is_some());
        let mut shown: Vec<&Row> = begun.copied().collect();
        let all = shown.len();
        if all > ROWS {
            shown.sort_by_key(|row| row.ended.is_some());
            shown.truncate(ROWS);
        }
        let mut lines: Vec<String> = shown
            .into_iter()
            .filter_map(|row| self.row(row, now))
            .collect();
        if all > ROWS {
            let more = format!("    … and {} more", all - ROWS);
            lines.push(Line::new(self.style).ink(Ink::Dim, more).finish());
        }
        lines
    }

    fn row(&self, row: &Row, now: Timestamp) -> Option<String> {
        let (mark, ink, text, end) = match (&row.ended, row.started) {
            (Some((_, outcome, elapsed)), _) => ended(row, outcome, *elapsed)?,
            (None, Some(started)) => {
                let elapsed = between(started, now);
                let frames = u64::try_from(SPINNER.len()).unwrap_or(1);
                let index = usize::try_from(elapsed / 100 % frames).unwrap_or(0);
                (
                    SPINNER[index],
                    Ink::Notice,
                    row.status.clone(),
                    running(row, elapsed),
                )
            }
            (None, None) => return None,
        };
        let start = if self.style.ascii { 5 } else { 4 };
        let line = Line::new(self.style).text("  ").ink(ink, mark).to(start, 1);
        let line = line.ink(Ink::Bold, &row.address).to(TEXT, 2);
        let room = self
            .style
            .width
            .saturating_sub(line.width() + columns(&end) + 2);
        let line = line.text(cut(&text, room));
        Some(
            line.ending_at(self.style.width, 2, Ink::Plain, &end)
                .finish(),
        )
    }

    /// `next: replica.reporting, 6 alarms · then proxy`.
    fn next(&self) -> Option<String> {
        let mut steps: Vec<String> = Vec::new();
        for step in 1..=self.steps {
            let rows: Vec<&Row> = self
                .rows
                .values()
                .filter(|row| row.step == step && row.started.is_none() && row.ended.is_none())
                .collect();
            if !rows.is_empty() {
                steps.push(grouped(&rows));
            }
        }
        let (first, rest) = steps.split_first()?;
        let mut text = format!("    next: {first}");
        for step in rest {
            text = format!("{text} · then {step}");
        }
        let text = cut(&text, self.style.width);
        Some(Line::new(self.style).ink(Ink::Dim, text).finish())
    }

    fn lock_line(&self) -> Option<String> {
        let until = wording::time(self.lock_until?);
        let text = format!(
            "    lock held until {until} UTC, renewed while this runs · Ctrl-C stops after the \
             current AWS call"
        );
        Some(
            Line::new(self.style)
                .ink(Ink::Dim, cut(&text, self.style.width))
                .finish(),
        )
    }
}

fn row(operation: &Operation) -> Row {
    Row {
        step: operation.step,
        section: operation.address.section().to_owned(),
        address: operation.address.to_string(),
        headline: operation.headline.clone(),
        minutes: operation.minutes,
        status: operation.headline.clone(),
        started: None,
        ended: None,
    }
}

/// Mark, color, text and right end of a row that ended.
fn ended(
    row: &Row,
    outcome: &Outcome,
    elapsed: u64,
) -> Option<(&'static str, Ink, String, String)> {
    let took = wording::clock(elapsed);
    Some(match outcome {
        Outcome::Done => ("✓", Ink::Calm, row.headline.clone(), took),
        Outcome::Accepted => (
            ">",
            Ink::Notice,
            format!("{}, takes effect later", row.headline),
            took,
        ),
        Outcome::Failed { fault, code } => {
            let word = fault.code.as_deref().unwrap_or(&fault.message);
            ("✗", Ink::Danger, format!("{code} {word}"), took)
        }
        Outcome::Skipped { because } => (
            "-",
            Ink::Notice,
            format!("skipped, needs {because}"),
            String::new(),
        ),
        Outcome::InProgress { status } => {
            (">", Ink::Notice, format!("AWS goes on: {status}"), took)
        }
        Outcome::NotStarted => return None,
    })
}

/// `9:13 of usually 12-20 min`; beyond that `21:40, longer than usual (12-20 min); gives up at
/// 60 min`.
fn running(row: &Row, elapsed: u64) -> String {
    let clock = wording::clock(elapsed);
    match usual(row.minutes) {
        None => clock,
        Some(usual) if elapsed <= u64::from(row.minutes.1) * 60_000 => {
            format!("{clock} of usually {usual}")
        }
        Some(usual) => {
            let end = match row.minutes.2 {
                minutes if minutes >= 120 => format!("{} h", minutes / 60),
                minutes => format!("{minutes} min"),
            };
            format!("{clock}, longer than usual ({usual}); gives up at {end}")
        }
    }
}

/// Addresses in order, several of a section as their number: `6 alarms`.
fn grouped(rows: &[&Row]) -> String {
    let mut order: Vec<&str> = Vec::new();
    let mut sections: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        if !order.contains(&row.section.as_str()) {
            order.push(&row.section);
        }
        sections.entry(&row.section).or_default().push(row);
    }
    let words = order.iter().filter_map(|section| {
        let rows = sections.get(section)?;
        Some(match rows.as_slice() {
            [one] => one.address.clone(),
            many => wording::count(many.len(), section),
        })
    });
    words.collect::<Vec<_>>().join(", ")
}

fn between(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_millis()).unwrap_or(0)
}

/// Text cut to a width, as a redrawn line must not wrap.
fn cut(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut short = String::new();
    for c in text.chars() {
        if columns(&short) + 2 > width {
            break;
        }
        short.push(c);
    }
    short.push('…');
    short
}
