//! Progress of a run: lines in a pipe, redrawn lines on a terminal, events as JSON.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::sync::{Arc, Mutex, OnceLock};

use jiff::Timestamp;
use pgward_engine::{Ending, Event, Operation, Outcome, Plan, Progress, Report};
use pgward_review::text::{Frame, Lines, Style};
use pgward_review::{Document, Events, LockState, RunResult};
use pgward_store::{Held, Holder};

use crate::assemble::Ground;
use crate::commands::{Context, Made};
use crate::exit::Exit;
use crate::ui::complain;

/// Who hears of events and shows them.
pub(crate) struct Watcher {
    shown: Mutex<Shown>,
    copy: Option<Mutex<Copy>>,
    grouped: bool,
    lease: OnceLock<Arc<Held>>,
    operations: Vec<Operation>,
    ground: Ground,
}

/// The events of a run in a file, beside whatever is shown.
struct Copy {
    events: Events,
    file: File,
}

impl Copy {
    /// The file, if one is asked for; one that can't be written is complained about.
    fn open(context: &Context, document: &Document) -> Option<Self> {
        let path = context.forms.events()?;
        match File::create(path) {
            Ok(file) => Some(Self {
                events: Events::new(document),
                file,
            }),
            Err(error) => {
                complain(&format!(
                    "warning: cannot write {}: {error}",
                    path.display()
                ));
                None
            }
        }
    }

    fn line(&mut self, line: &str) {
        drop(writeln!(self.file, "{line}"));
    }
}

struct Shown {
    form: Form,
    style: Style,
    redrawn: usize,
}

enum Form {
    Nothing,
    Lines(Lines),
    Frame(Box<Frame>),
    Events(Box<Events>),
}

impl Watcher {
    /// A watcher for a run.
    pub(crate) fn new(context: &Context, made: &Made, plan: &Plan, document: &Document) -> Self {
        let style = context.ui.err;
        let form = if context.json() {
            Form::Events(Box::new(Events::new(document)))
        } else if context.ui.quiet {
            Form::Nothing
        } else if context.ui.live {
            Form::Frame(Box::new(Frame::new(style)))
        } else {
            Form::Lines(Lines::new(style))
        };
        let grouped = context.forms.github && matches!(form, Form::Lines(_));
        Self {
            copy: Copy::open(context, document).map(Mutex::new),
            grouped,
            shown: Mutex::new(Shown {
                form,
                style,
                redrawn: 0,
            }),
            lease: OnceLock::new(),
            operations: plan.operations.clone(),
            ground: made.ground.clone(),
        }
    }

    /// Shows until when this lease is held, as it is renewed.
    pub(crate) fn follow(&self, lease: &Arc<Held>) {
        drop(self.lease.set(Arc::clone(lease)));
    }

    /// The first lines.
    pub(crate) fn begin(&self, document: &Document, holder: &Holder) {
        let now = self.ground.now();
        self.copied(|copy| {
            let start = copy.events.start(now, document);
            copy.line(&start);
            let lock = taken(&mut copy.events, now, holder);
            copy.line(&lock);
        });
        if self.grouped {
            complain(&format!("::group::{}", document.title()));
        }
        let mut shown = self.shown.lock().expect("no printer panics");
        match &mut shown.form {
            Form::Lines(lines) => {
                complain(&lines.start(now, document));
                complain(&lines.lock(now, &holder.holder, holder.expires_at));
            }
            Form::Events(events) => {
                out(&events.start(now, document));
                out(&taken(events, now, holder));
            }
            Form::Frame(frame) => frame.lock(holder.expires_at),
            Form::Nothing => {}
        }
    }

    /// The last state of the redrawn lines.
    pub(crate) fn finish(&self) {
        let now = self.ground.now();
        let mut shown = self.shown.lock().expect("no printer panics");
        shown.close(now);
        if self.grouped {
            complain("::endgroup::");
        }
        self.keep_world();
    }

    /// The last event, which tells how the run ended.
    pub(crate) fn end(&self, report: &Report, exit: Exit) {
        let now = self.ground.now();
        let lock = match report.ending {
            Ending::LeaseLost(_) => LockState::Lost,
            Ending::Complete | Ending::Interrupted | Ending::JournalFailed(_) => {
                LockState::Released
            }
        };
        self.keep_world();
        self.copied(|copy| {
            let lock = copy.events.lock(now, lock, "", None);
            copy.line(&lock);
            let result = result(report);
            let summary = copy.events.summary(now, result, exit.code(), Some(report));
            copy.line(&summary);
        });
        let mut shown = self.shown.lock().expect("no printer panics");
        if let Form::Events(events) = &mut shown.form {
            out(&events.lock(now, lock, "", None));
            out(&events.summary(now, result(report), exit.code(), Some(report)));
        }
    }

    /// Does something with the copy in a file, if there is one.
    fn copied(&self, write: impl FnOnce(&mut Copy)) {
        if let Some(copy) = &self.copy {
            write(&mut copy.lock().expect("no printer panics"));
        }
    }

    /// A simulated world is kept whenever something has happened in it.
    fn keep_world(&self) {
        if let Ground::Sandbox(world) = &self.ground
            && let Err(failure) = world.save()
        {
            complain(&failure.last_line());
        }
    }
}

fn result(report: &Report) -> RunResult {
    let done = report.count(|outcome| matches!(outcome, Outcome::Done | Outcome::Accepted));
    if report.is_complete() {
        RunResult::Done
    } else if report.ending == Ending::Interrupted {
        RunResult::Interrupted
    } else if done > 0 {
        RunResult::Partial
    } else {
        RunResult::Failed
    }
}

fn taken(events: &mut Events, now: Timestamp, holder: &Holder) -> String {
    events.lock(
        now,
        LockState::Taken,
        &holder.holder,
        Some(holder.expires_at),
    )
}

/// The events of a run that has nothing to do, where events are asked for.
pub(crate) fn idle(context: &Context, document: &Document, now: Timestamp) {
    let mut events = Events::new(document);
    let start = events.start(now, document);
    let summary = events.summary(now, RunResult::Done, Exit::Done.code(), None);
    if context.json() {
        out(&start);
        out(&summary);
    }
    if let Some(mut copy) = Copy::open(context, document) {
        copy.line(&start);
        copy.line(&summary);
    }
}

impl Progress for Watcher {
    fn event(&self, at: Timestamp, event: &Event) {
        if matches!(event, Event::Started { .. } | Event::Ended { .. }) {
            self.keep_world();
        }
        self.copied(|copy| {
            if let Some(line) = copy.events.event(at, event, &self.operations) {
                copy.line(&line);
            }
        });
        let mut shown = self.shown.lock().expect("no printer panics");
        match &mut shown.form {
            Form::Nothing => {}
            Form::Lines(lines) => {
                lines
                    .event(at, event, &self.operations)
                    .iter()
                    .for_each(|line| complain(line));
            }
            Form::Events(events) => {
                if let Some(line) = events.event(at, event, &self.operations) {
                    out(&line);
                }
            }
            Form::Frame(frame) => {
                if let Some(lease) = self.lease.get() {
                    frame.lock(lease.holder().expires_at);
                }
                frame.event(at, event, &self.operations);
                shown.redraw(at);
            }
        }
    }
}

impl Shown {
    fn redraw(&mut self, now: Timestamp) {
        if let Form::Frame(frame) = &mut self.form {
            let (finished, current) = frame.render(now, self.style.width);
            self.print(&finished, &current);
        }
    }

    fn close(&mut self, now: Timestamp) {
        if let Form::Frame(frame) = &mut self.form {
            let finished = frame.close(now, self.style.width);
            self.print(&finished, &[]);
        }
    }

    /// Prints finished lines for good, and the redrawn ones over those of the last time.
    fn print(&mut self, finished: &[String], current: &[String]) {
        let mut text = String::new();
        if self.redrawn > 0 {
            write!(text, "\u{1b}[{}A\u{1b}[0J", self.redrawn).expect("a string takes everything");
        }
        for line in finished.iter().chain(current) {
            text.push_str(line);
            text.push('\n');
        }
        self.redrawn = current.len();
        let mut err = std::io::stderr().lock();
        drop(err.write_all(text.as_bytes()));
        drop(err.flush());
    }
}

/// Events are the result, so they go to stdout; a closed one is no reason to fail.
fn out(line: &str) {
    drop(writeln!(std::io::stdout().lock(), "{line}"));
}
