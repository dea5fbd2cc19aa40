//! The event stream of `apply`, `destroy` and `import --adopt` with `--json`: JSON Lines without gaps in `seq`.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use pgward_engine::{Event, Fault, Operation, Outcome, Report};
use pgward_model::Diagnostic;
use serde::Serialize;

use crate::document::{Document, EnvironmentPart, Finding, ResourceName, command};
use crate::text::{hint, is_recent};

/// What happened to the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LockState {
    /// It is ours.
    Taken,
    /// It is ours for longer.
    Renewed,
    /// It was given back.
    Released,
    /// Somebody else has it.
    Lost,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunResult {
    /// Everything was done or accepted.
    Done,
    /// Some of it was done.
    Partial,
    /// Nothing was done, as AWS or the network failed.
    Failed,
    /// Nothing was done, as the run was refused.
    Refused,
    /// Somebody stopped it.
    Interrupted,
}

/// One line of the stream: the fields that all have, then its own.
#[derive(Serialize)]
struct Line<'a, T> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a str>,
    ts: String,
    seq: u64,
    #[serde(flatten)]
    fields: T,
}

#[derive(Serialize)]
struct Start<'a> {
    command: &'a str,
    plan_id: &'a str,
    project: &'a str,
    environment: &'a str,
    account: &'a str,
    region: &'a str,
    tool_version: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    sandbox: bool,
}

#[derive(Serialize)]
struct Lock<'a> {
    state: LockState,
    #[serde(skip_serializing_if = "str::is_empty")]
    holder: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
}

#[derive(Serialize)]
struct Step {
    step: u32,
    of: u32,
    addresses: Vec<String>,
}

#[derive(Serialize)]
struct Resource<'a> {
    #[serde(rename = "type")]
    type_name: &'a str,
    id: &'a str,
}

#[derive(Serialize)]
struct Aws<'a> {
    operation: &'a str,
    error: Option<&'a str>,
    request_id: Option<&'a str>,
}

#[derive(Default, Serialize)]
struct Change<'a> {
    address: &'a str,
    action: &'a str,
    state: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<Resource<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    elapsed_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aws: Option<Aws<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aws_status: Option<&'a str>,
}

#[derive(Serialize)]
struct Waiting<'a> {
    address: &'a str,
    aws_status: &'a str,
    elapsed_ms: u64,
    usual_ms: [u64; 2],
    deadline_at: String,
}

#[derive(Serialize)]
struct Summary<'a> {
    result: RunResult,
    exit_code: u8,
    done: usize,
    failed: usize,
    skipped: usize,
    waiting: usize,
    elapsed_ms: u64,
    next: Option<&'a str>,
}

#[derive(Serialize)]
struct Refused<'a> {
    command: &'a str,
    tool_version: &'a str,
}

/// The stream of one run.
#[derive(Debug, Clone)]
pub struct Events {
    sequence: u64,
    environment: EnvironmentPart,
    names: BTreeMap<String, ResourceName>,
    again: String,
    started: BTreeMap<usize, Timestamp>,
    waits: BTreeMap<usize, (String, Timestamp)>,
}

impl Events {
    /// A stream for a plan; nothing is sent yet.
    #[must_use]
    pub fn new(document: &Document) -> Self {
        let names = document
            .changes
            .iter()
            .map(|change| (change.address.clone(), change.resource.clone()))
            .collect();
        let again = command(&document.environment, &document.again());
        Self {
            sequence: 0,
            environment: document.environment.clone(),
            names,
            again,
            started: BTreeMap::new(),
            waits: BTreeMap::new(),
        }
    }

    /// The first event.
    pub fn start(&mut self, at: Timestamp, document: &Document) -> String {
        let environment = &document.environment;
        let fields = Start {
            command: document.verb(),
            plan_id: &document.plan_id,
            project: &environment.project,
            environment: &environment.name,
            account: &environment.account,
            region: &environment.region,
            tool_version: &document.tool_version,
            sandbox: environment.sandbox,
        };
        self.line(at, "start", Some("pgward.events/1"), fields)
    }

    /// Something happened to the lock; an empty `holder` is left out.
    pub fn lock(
        &mut self,
        at: Timestamp,
        state: LockState,
        holder: &str,
        expires_at: Option<Timestamp>,
    ) -> String {
        let fields = Lock {
            state,
            holder,
            expires_at: expires_at.map(crate::wording::stamp),
        };
        self.line(at, "lock", None, fields)
    }

    /// An event of the run. A repeated call is none, and a wait is one if AWS's word is another
    /// or after five minutes.
    pub fn event(
        &mut self,
        at: Timestamp,
        event: &Event,
        operations: &[Operation],
    ) -> Option<String> {
        let find = |number: &usize| operations.iter().find(|one| one.number == *number);
        match event {
            Event::Step {
                step,
                of,
                addresses,
            } => {
                let addresses = addresses.iter().map(ToString::to_string).collect();
                Some(self.line(
                    at,
                    "step",
                    None,
                    Step {
                        step: *step,
                        of: *of,
                        addresses,
                    },
                ))
            }
            Event::Started { number } => {
                self.started.insert(*number, at);
                let operation = find(number)?;
                let name = self.names.get(operation.address.as_str());
                let type_name = name.map_or(&operation.kind, |name| &name.type_name).clone();
                let fields = Change {
                    resource: Some(Resource {
                        type_name: &type_name,
                        id: &operation.name,
                    }),
                    ..change(operation, "started")
                };
                Some(self.line(at, "change", None, fields))
            }
            Event::Waiting {
                number,
                status,
                elapsed_ms,
            } => {
                let operation = find(number)?;
                if is_recent(self.waits.get(number), status, at) {
                    return None;
                }
                self.waits.insert(*number, (status.clone(), at));
                let started = self.started.get(number).copied().unwrap_or(at);
                let (from, to, deadline) = operation.minutes;
                let fields = Waiting {
                    address: operation.address.as_str(),
                    aws_status: status,
                    elapsed_ms: *elapsed_ms,
                    usual_ms: [u64::from(from) * 60_000, u64::from(to) * 60_000],
                    deadline_at: crate::wording::stamp(
                        started + SignedDuration::from_mins(i64::from(deadline)),
                    ),
                };
                Some(self.line(at, "waiting", None, fields))
            }
            Event::Retrying { .. } => None,
            Event::Ended {
                number,
                outcome,
                elapsed_ms,
            } => self.ended(at, find(number)?, outcome, *elapsed_ms),
        }
    }

    fn ended(
        &mut self,
        at: Timestamp,
        operation: &Operation,
        outcome: &Outcome,
        elapsed_ms: u64,
    ) -> Option<String> {
        let elapsed_ms = Some(elapsed_ms);
        let next = |fault: &Fault| {
            let name = self.names.get(operation.address.as_str());
            let noun = name.map_or("resource", |name| name.noun.as_str());
            match hint(&self.environment, operation.verb, fault, noun) {
                Some(hint) => format!("{hint}, then run: {}", self.again),
                None => self.again.clone(),
            }
        };
        let fields = match outcome {
            Outcome::Done => Change {
                elapsed_ms,
                ..change(operation, "done")
            },
            Outcome::Accepted => Change {
                elapsed_ms,
                ..change(operation, "accepted")
            },
            Outcome::Failed { fault, code } => Change {
                elapsed_ms,
                code: Some(code),
                aws: Some(Aws {
                    operation: &fault.action,
                    error: fault.code.as_deref(),
                    request_id: fault.request_id.as_deref(),
                }),
                message: Some(&fault.message),
                next: Some(next(fault)),
                ..change(operation, "failed")
            },
            Outcome::Skipped { because } => Change {
                because: Some(because.as_str()),
                ..change(operation, "skipped")
            },
            Outcome::InProgress { status } => Change {
                elapsed_ms,
                aws_status: Some(status),
                ..change(operation, "in_progress")
            },
            Outcome::NotStarted => return None,
        };
        Some(self.line(at, "change", None, fields))
    }

    /// A finding.
    pub fn diagnostic(&mut self, at: Timestamp, diagnostic: &Diagnostic) -> String {
        self.line(at, "diagnostic", None, Finding::from(diagnostic))
    }

    /// The whole stream of a run that ended before there was a plan: why, and how.
    #[must_use]
    pub fn failure(
        at: Timestamp,
        command: &str,
        diagnostics: &[Diagnostic],
        (result, exit_code): (RunResult, u8),
        tool_version: &str,
    ) -> Vec<String> {
        let mut stream = Self {
            sequence: 0,
            environment: EnvironmentPart {
                project: String::new(),
                name: String::new(),
                account: String::new(),
                region: String::new(),
                sandbox: false,
                endpoint: None,
            },
            names: BTreeMap::new(),
            again: String::new(),
            started: BTreeMap::new(),
            waits: BTreeMap::new(),
        };
        let fields = Refused {
            command,
            tool_version,
        };
        let mut lines = vec![stream.line(at, "start", Some("pgward.events/1"), fields)];
        for diagnostic in diagnostics {
            lines.push(stream.diagnostic(at, diagnostic));
        }
        let summary = Summary {
            result,
            exit_code,
            done: 0,
            failed: 0,
            skipped: 0,
            waiting: 0,
            elapsed_ms: 0,
            next: None,
        };
        lines.push(stream.line(at, "summary", None, summary));
        lines
    }

    /// The last event of a run, also of one that failed.
    pub fn summary(
        &mut self,
        at: Timestamp,
        result: RunResult,
        exit_code: u8,
        report: Option<&Report>,
    ) -> String {
        let count = |test: fn(&Outcome) -> bool| report.map_or(0, |report| report.count(test));
        let again = self.again.clone();
        let fields = Summary {
            result,
            exit_code,
            done: count(|outcome| matches!(outcome, Outcome::Done)),
            failed: count(|outcome| matches!(outcome, Outcome::Failed { .. })),
            skipped: count(|outcome| matches!(outcome, Outcome::Skipped { .. })),
            waiting: count(|outcome| matches!(outcome, Outcome::Accepted)),
            elapsed_ms: report.map_or(0, |report| report.elapsed_ms),
            next: (result != RunResult::Done).then_some(again.as_str()),
        };
        self.line(at, "summary", None, fields)
    }

    fn line<T: Serialize>(
        &mut self,
        at: Timestamp,
        kind: &str,
        format: Option<&str>,
        fields: T,
    ) -> String {
        self.sequence += 1;
        let line = Line {
            kind,
            format,
            ts: format!("{at:.3}"),
            seq: self.sequence,
            fields,
        };
        serde_json::to_string(&line).expect("events have text keys only")
    }
}

fn change<'a>(operation: &'a Operation, state: &'a str) -> Change<'a> {
    let action = match operation.verb {
        pgward_engine::Verb::Create => "create",
        pgward_engine::Verb::Update => "update",
        pgward_engine::Verb::Replace => "replace",
        pgward_engine::Verb::Delete => "delete",
        pgward_engine::Verb::Restart => "restart",
        pgward_engine::Verb::Await => "wait",
        pgward_engine::Verb::Adopt => "adopt",
    };
    Change {
        address: operation.address.as_str(),
        action,
        state,
        ..Change::default()
    }
}
