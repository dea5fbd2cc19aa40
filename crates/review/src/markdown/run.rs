//! The comment of a run: what was done, what waits, what failed.

use pgward_engine::{OperationReport, Outcome, Report};

use super::budget;
use super::escape::{inline, token};
use super::level::{Level, fit};
use super::parts::{LeftOut, Mark, findings, footer, marker, path, tool, value};
use crate::alert::participle;
use crate::document::{Document, Finding};
use crate::form::Setting;
use crate::text::{Aftermath, Style, failure, report_headline};
use crate::wording;

/// The comment of a run, within the budget.
pub(crate) fn run(
    report: &Report,
    document: &Document,
    aftermath: &Aftermath,
    setting: &Setting,
) -> String {
    fit(budget(setting), |level| {
        at(report, document, aftermath, setting, level)
    })
}

fn at(
    report: &Report,
    document: &Document,
    aftermath: &Aftermath,
    setting: &Setting,
    level: &Level,
) -> String {
    let mut left = LeftOut::default();
    let command = document.verb();
    let mut out = data(command, report, document);
    let what = match document.verb() {
        "destroy" => "Deletion of",
        "import" => "Adoption for",
        _ => "Apply of",
    };
    out = format!(
        "{out}### {what} {}: {}\n",
        value(&document.title(), 60, setting),
        verdict(report, document, setting)
    );
    out.push_str(&failures(report, document, setting, level, &mut left));
    out.push_str(&table(report, setting, level, &mut left));
    if level.items > 0 && document.verb() == "apply" {
        for endpoint in aftermath.endpoints.iter().take(level.items.min(20)) {
            let used_for = value(&endpoint.used_for, 60, setting);
            let address = path(&endpoint.address, setting);
            out = format!("{out}\nEndpoint for {used_for}: {address}\n");
        }
    }
    if aftermath.due > 0 {
        let due = wording::count(aftermath.due, "change");
        out = format!("{out}\nThe next plan shows {due} that had to wait for this.\n");
    }
    out.push_str(&left.line(setting));
    let git = document.spec.git.as_ref();
    out.push_str(&footer(
        git.map(|git| (git.commit.as_str(), git.dirty)),
        None,
        Some(&document.environment),
        &[
            format!("ended {}", wording::date_and_time(report.ended_at)),
            format!("took {}", wording::elapsed(report.elapsed_ms)),
            format!("plan `{}`", token(&document.plan_id, 20)),
            tool(&document.tool_version),
        ],
        setting,
    ));
    out
}

fn data(command: &str, report: &Report, document: &Document) -> String {
    let count = |test: fn(&Outcome) -> bool| report.count(test);
    marker(
        command,
        &document.title(),
        &[
            (
                "verdict",
                if report.is_complete() {
                    "done"
                } else {
                    "incomplete"
                },
            ),
            ("plan_id", &document.plan_id),
        ],
        &[
            ("done", count(|one| matches!(one, Outcome::Done))),
            ("waiting", count(|one| matches!(one, Outcome::Accepted))),
            ("failed", count(|one| matches!(one, Outcome::Failed { .. }))),
            (
                "skipped",
                count(|one| matches!(one, Outcome::Skipped { .. })),
            ),
        ],
    )
}

/// The words of the text form's first line.
fn verdict(report: &Report, document: &Document, setting: &Setting) -> String {
    let style = Style {
        ascii: setting.style.ascii,
        ..Style::default()
    };
    let (word, parts) = report_headline(report, document);
    let mark = match word {
        "DONE" => String::new(),
        "ACCEPTED" => format!("{} ", Mark::Approval.text(setting)),
        _ => format!("{} ", Mark::Failed.text(setting)),
    };
    let joint = if style.ascii { " - " } else { " · " };
    let parts: Vec<String> = parts.iter().map(|part| value(part, 100, setting)).collect();
    let word = word.to_lowercase();
    let word = if word == "done" { None } else { Some(word) };
    let parts: Vec<String> = word.into_iter().chain(parts).collect();
    format!("{mark}{}", parts.join(joint))
}

fn failures(
    report: &Report,
    document: &Document,
    setting: &Setting,
    level: &Level,
    left: &mut LeftOut,
) -> String {
    let all: Vec<Finding> = report
        .operations
        .iter()
        .filter_map(|one| failure(one, report, document))
        .map(|one| Finding::from(&one))
        .collect();
    let all: Vec<&Finding> = all.iter().collect();
    let (text, gone) = findings(&all, level.items, setting);
    left.add(gone, "failures:");
    if text.is_empty() {
        text
    } else {
        format!("\n{text}")
    }
}

fn table(report: &Report, setting: &Setting, level: &Level, left: &mut LeftOut) -> String {
    let mut rows: Vec<&OperationReport> = report.operations.iter().collect();
    rows.sort_by_key(|operation| rank(&operation.outcome));
    let shown = rows.len().min(level.rows);
    left.add(rows.len() - shown, "rows of the table:");
    if shown == 0 {
        return String::new();
    }
    let mut out = "\n| | What | Step | Result | Took |\n|---|---|---:|---|---:|\n".to_owned();
    for operation in &rows[..shown] {
        let mark = match &operation.outcome {
            Outcome::Failed { .. } => Mark::Failed.text(setting),
            Outcome::Accepted | Outcome::InProgress { .. } => Mark::Approval.text(setting),
            Outcome::Done | Outcome::Skipped { .. } | Outcome::NotStarted => "",
        };
        let space = if mark.is_empty() { "" } else { " " };
        out = format!(
            "{out}| {mark}{space}| {} {} | {} | {} | {} |\n",
            path(operation.address.as_str(), setting),
            value(&operation.headline, level.value, setting),
            operation.step,
            result(operation, setting),
            took(operation),
        );
    }
    out
}

/// What failed first, what was done last.
fn rank(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Failed { .. } => 0,
        Outcome::InProgress { .. } => 1,
        Outcome::Skipped { .. } => 2,
        Outcome::NotStarted => 3,
        Outcome::Accepted => 4,
        Outcome::Done => 5,
    }
}

fn result(operation: &OperationReport, setting: &Setting) -> String {
    match &operation.outcome {
        Outcome::Done => participle(operation.verb).to_owned(),
        Outcome::Accepted => "accepted, not in effect yet".to_owned(),
        Outcome::Failed { code, .. } => format!("**failed**, {}", inline(code)),
        Outcome::Skipped { because } => {
            format!("skipped, needs {}", path(because.as_str(), setting))
        }
        Outcome::InProgress { status } => {
            format!("AWS goes on: {}", value(status, 40, setting))
        }
        Outcome::NotStarted => "not started".to_owned(),
    }
}

fn took(operation: &OperationReport) -> String {
    match operation.outcome {
        Outcome::Skipped { .. } | Outcome::NotStarted => String::new(),
        Outcome::Done | Outcome::Accepted | Outcome::Failed { .. } | Outcome::InProgress { .. } => {
            wording::elapsed(operation.elapsed_ms)
        }
    }
}
