//! The end of a run as text: what was done, what waits, what failed, and what to type.

use std::collections::BTreeMap;

use jiff::Timestamp;
use pgward_engine::{Ending, OperationReport, Outcome, Plan, Report, When, unforeseen};
use pgward_model::{Address, Value};

use super::layout::{Ink, Page, Style};
use super::{Sources, diagnostic, failure, head};
use crate::document::{Document, command};
use crate::wording;

/// What is known after a run, beside its report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Aftermath {
    /// Where clients connect, applications first.
    pub endpoints: Vec<Endpoint>,
    /// Names of the secrets in Secrets Manager.
    pub secrets: Vec<String>,
    /// How many changes can be made now that could not before: what waited is in effect.
    pub due: usize,
}

impl Aftermath {
    /// What the plan after a run shows; secrets are not named.
    #[must_use]
    pub fn of(before: &Plan, report: &Report, after: Option<&Plan>) -> Self {
        let foreseen = after.filter(|after| unforeseen(before, report, after).is_empty());
        Self {
            endpoints: after
                .map(|after| endpoints(&after.outputs))
                .unwrap_or_default(),
            secrets: Vec::new(),
            due: foreseen.map_or(0, |after| after.changes.len()),
        }
    }
}

/// An address that clients connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// `host:port`.
    pub address: String,
    /// Who uses it: `applications`, `administration`, or a replica's name.
    pub used_for: String,
}

/// The endpoints among the outputs of an environment's resources: proxy, instance, replicas.
#[must_use]
pub fn endpoints(outputs: &BTreeMap<Address, BTreeMap<String, Value>>) -> Vec<Endpoint> {
    const USES: [(&str, &str); 3] = [
        ("proxy", "applications"),
        ("instance", "administration"),
        ("replica", "reading"),
    ];
    let text = |value: &Value| match value {
        Value::Text(text) => Some(text.clone()),
        Value::Int(number) => Some(number.to_string()),
        _ => None,
    };
    let port = |address: &Address| {
        let own = outputs.get(address).and_then(|outputs| outputs.get("port"));
        own.or_else(|| outputs.values().find_map(|outputs| outputs.get("port")))
            .and_then(text)
    };
    let mut found = Vec::new();
    for (section, used_for) in USES {
        for (address, values) in outputs
            .iter()
            .filter(|(address, _)| address.section() == section)
        {
            if let Some(host) = values.get("endpoint").and_then(text) {
                let address_text = match port(address).filter(|_| !host.contains(':')) {
                    Some(port) => format!("{host}:{port}"),
                    None => host,
                };
                let used_for = address.name().unwrap_or(used_for).to_owned();
                found.push(Endpoint {
                    address: address_text,
                    used_for,
                });
            }
        }
    }
    found
}

/// The text of a report.
#[must_use]
pub fn report(report: &Report, document: &Document, aftermath: &Aftermath, style: Style) -> String {
    let mut page = Page::new(style);
    let word = headline(&mut page, report, document);
    match word {
        "DONE" | "ACCEPTED" => complete(&mut page, document, aftermath),
        "STOPPED" => stopped(&mut page, report, document),
        _ => {}
    }
    let failures: Vec<_> = report
        .operations
        .iter()
        .filter_map(|one| failure(one, report, document))
        .collect();
    let mut text = page.finish();
    let sources = Sources::default();
    for failed in &failures {
        text.push('\n');
        text.push_str(&diagnostic(failed, &sources, style));
    }
    text
}

/// The first line; returns its word.
fn headline(page: &mut Page, report: &Report, document: &Document) -> &'static str {
    let (word, parts) = report_headline(report, document);
    head::headline(page, word, &parts);
    word
}

/// The word and the parts of the first line.
pub(crate) fn report_headline(report: &Report, document: &Document) -> (&'static str, Vec<String>) {
    let done = report.count(|outcome| matches!(outcome, Outcome::Done));
    let failed = report.count(|outcome| matches!(outcome, Outcome::Failed { .. }));
    let skipped = report.count(|outcome| matches!(outcome, Outcome::Skipped { .. }));
    let running = report.count(|outcome| matches!(outcome, Outcome::InProgress { .. }));
    let untouched = report.count(|outcome| matches!(outcome, Outcome::NotStarted));
    let accepted: Vec<&OperationReport> = report
        .operations
        .iter()
        .filter(|one| one.outcome == Outcome::Accepted)
        .collect();
    let word = if report.ending != Ending::Complete {
        "STOPPED"
    } else if failed + skipped + running + untouched > 0 {
        "INCOMPLETE"
    } else if accepted.is_empty() {
        "DONE"
    } else {
        "ACCEPTED"
    };
    let did = if document.adoption.is_some() {
        "adopted"
    } else {
        "done"
    };
    let mut parts = vec![format!("{done} {did}")];
    if failed > 0 {
        parts.push(format!("{failed} failed"));
    }
    if skipped > 0 {
        parts.push(format!("{skipped} skipped"));
    }
    parts.extend(waits(&accepted, document, report.ended_at));
    if running > 0 {
        parts.push(format!("{running} in progress at AWS"));
    }
    if untouched > 0 {
        parts.push(format!("{untouched} not started"));
    }
    if word != "ACCEPTED" {
        parts.push(wording::elapsed(report.elapsed_ms));
        let released = match &report.ending {
            Ending::LeaseLost(_) => "lost",
            Ending::Complete | Ending::Interrupted | Ending::JournalFailed(_) => "released",
        };
        parts.push(format!("lock {released}"));
    }
    (word, parts)
}

/// `1 waits for the window Sun 16 Nov 03:00 UTC`, `1 for the restart there`.
fn waits(accepted: &[&OperationReport], document: &Document, now: Timestamp) -> Vec<String> {
    let mut windows: BTreeMap<Option<Timestamp>, usize> = BTreeMap::new();
    let (mut with_window, mut restarts) = (0, 0);
    for operation in accepted {
        let moments: Vec<&When> = document
            .changes
            .iter()
            .filter(|change| operation.paths.contains(&change.path))
            .map(|change| &change.when)
            .collect();
        let window = moments.iter().find_map(|when| match when {
            When::Window { at } => Some(*at),
            When::Now | When::Restart { .. } | When::Never => None,
        });
        let restart = moments.iter().find_map(|when| match when {
            When::Restart { with } => Some(with.is_some()),
            When::Now | When::Window { .. } | When::Never => None,
        });
        match (window, restart) {
            (None, Some(true)) => with_window += 1,
            (None, Some(false)) => restarts += 1,
            (Some(at), _) => *windows.entry(at).or_default() += 1,
            (None, None) => *windows.entry(None).or_default() += 1,
        }
    }
    let verb = |number: usize| if number == 1 { "waits" } else { "wait" };
    let mut parts = Vec::new();
    for (at, number) in &windows {
        let window = match at {
            Some(at) => match wording::window_start(*at, now).as_str() {
                text if text.starts_with("window") => format!("for the {text}"),
                text => format!("for the window {text}"),
            },
            None => "for the next maintenance window".to_owned(),
        };
        parts.push(format!("{number} {} {window}", verb(*number)));
    }
    if with_window > 0 {
        parts.push(if windows.is_empty() {
            format!("{with_window} {} for the next restart", verb(with_window))
        } else {
            format!("{with_window} for the restart there")
        });
    }
    if restarts > 0 {
        parts.push(format!("{restarts} {} for a restart", verb(restarts)));
    }
    parts
}

/// Endpoints, secrets and the command that checks the result.
fn complete(page: &mut Page, document: &Document, aftermath: &Aftermath) {
    if document.destroy {
        return;
    }
    if let Some(adoption) = document.adoption {
        let plan = format!("plan {}", document.environment.name);
        let line = page.start().text("  next").to(12, 2);
        let line = line.text(command(&document.environment, &plan));
        let shows = match adoption.differing {
            0 => "    compares everything with the spec".to_owned(),
            some => format!(
                "    shows {} that the spec changes",
                wording::count(some, "value")
            ),
        };
        page.push(line.text(&shows));
        return;
    }
    for (index, endpoint) in aftermath.endpoints.iter().enumerate() {
        let label = if index == 0 { "  endpoint" } else { "" };
        let line = page.start().text(label).to(12, 2).text(&endpoint.address);
        let used_for = format!("({})", endpoint.used_for);
        let width = page.style().width;
        page.push(line.ending_at(width, 2, Ink::Dim, &used_for));
    }
    if !aftermath.secrets.is_empty() {
        let line = page.start().text("  secrets").to(12, 2);
        page.wrap(line, Ink::Plain, &aftermath.secrets.join(", "));
    }
    if aftermath.due > 0 {
        let plan = format!("plan {}", document.environment.name);
        let line = page.start().text("  next").to(12, 2);
        let line = line.text(command(&document.environment, &plan));
        let shows = wording::count(aftermath.due, "change");
        page.push(line.text(format!("    shows {shows} that had to wait for this")));
        return;
    }
    let drift = command(
        &document.environment,
        &format!("drift {}", document.environment.name),
    );
    let line = page.start().text("  check").to(12, 2).text(drift);
    page.push(line.text("    should say: no drift"));
}

/// What goes on at AWS, why the run ended, and how to go on.
fn stopped(page: &mut Page, report: &Report, document: &Document) {
    let mut running: Vec<String> = Vec::new();
    for operation in &report.operations {
        if let Outcome::InProgress { .. } = operation.outcome {
            let article = if operation.address.name().is_none() {
                "the "
            } else {
                ""
            };
            running.push(format!("{article}{}", operation.address));
            let line = page.start().text("  in progress").to(15, 2);
            let line = line.ink(Ink::Bold, operation.address.as_str()).text("  ");
            let doing = match operation.verb {
                pgward_engine::Verb::Create | pgward_engine::Verb::Await => "creating",
                pgward_engine::Verb::Update => "changing",
                pgward_engine::Verb::Replace => "replacing",
                pgward_engine::Verb::Delete => "deleting",
                pgward_engine::Verb::Restart => "restarting",
                pgward_engine::Verb::Adopt => "adopting",
            };
            let text = format!(
                "AWS goes on {doing} {}; stopping here does not stop it",
                operation.name
            );
            page.wrap(line, Ink::Plain, &text);
        }
    }
    let why = match &report.ending {
        Ending::Complete | Ending::Interrupted => None,
        Ending::LeaseLost(why) => Some(("  lock", why)),
        Ending::JournalFailed(why) => Some(("  journal", why)),
    };
    if let Some((label, why)) = why {
        let line = page.start().ink(Ink::Danger, label).to(15, 2);
        page.wrap(line, Ink::Plain, why);
    }
    let step = report
        .operations
        .iter()
        .filter(|operation| matches!(operation.outcome, Outcome::NotStarted))
        .map(|operation| operation.step)
        .min();
    let mut then = Vec::new();
    if !running.is_empty() {
        then.push(format!("waits for {}", wording::list(&running, 3)));
    }
    if let Some(step) = step {
        then.push(format!("continues with step {step}"));
    }
    let line = page.start().text("  next").to(15, 2);
    let line = line
        .text(command(&document.environment, &document.again()))
        .text("    ");
    page.wrap(line, Ink::Plain, &then.join(" and "));
}
