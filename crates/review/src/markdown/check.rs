//! The comments of a check of files, and of a command that ended without its result.

use super::budget;
use super::escape::inline;
use super::level::{Level, fit};
use super::parts::{LeftOut, Mark, findings, footer, marker, tool, value};
use crate::check::{CheckDocument, CheckVerdict};
use crate::document::Finding;
use crate::form::Setting;
use crate::refusal::FailureDocument;
use crate::wording;

/// The comment of a check, within the budget.
pub(crate) fn check(document: &CheckDocument, setting: &Setting) -> String {
    let (word, mark) = match document.verdict {
        CheckVerdict::Ok => ("ok", None),
        CheckVerdict::Warnings => ("warnings", Some(Mark::Approval)),
        CheckVerdict::Errors => ("errors", Some(Mark::Failed)),
    };
    let summary = document.summary;
    let data = marker(
        "check",
        "",
        &[("verdict", word)],
        &[
            ("errors", summary.errors),
            ("warnings", summary.warnings),
            ("notes", summary.notes),
        ],
    );
    let names: Vec<&str> = document.environments.iter().map(String::as_str).collect();
    let verdict = if document.verdict == CheckVerdict::Ok {
        "no errors, no warnings".to_owned()
    } else {
        format!(
            "{}, {}",
            wording::count(summary.errors, "error"),
            wording::count(summary.warnings, "warning")
        )
    };
    let mark = mark.map_or_else(String::new, |mark| format!("{} ", mark.text(setting)));
    let title = value(&wording::list(&names, 6), 200, setting);
    let head = format!("{data}### Check of {title}: {mark}{verdict}\n");
    let all: Vec<&Finding> = document.findings.iter().collect();
    let end = [tool(&document.tool_version)];
    fit(budget(setting), |level| {
        listed(&head, &all, &end, setting, level)
    })
}

/// The comment of a failure, within the budget; it takes the place of the comment that the
/// command would have made, so that an old one never stays up as if it held.
pub(crate) fn failure(document: &FailureDocument, setting: &Setting) -> String {
    let data = marker(
        &super::escape::token(&document.command, 20),
        &document.title(),
        &[("verdict", "failed")],
        &[("exit_code", usize::from(document.exit_code))],
    );
    let (what, outcome) = match document.command.as_str() {
        "plan" => ("Plan for", "could not be made"),
        "drift" => ("Drift of", "could not be looked for"),
        "check" => ("Check of", "could not be made"),
        "destroy" => ("Deletion of", "did not happen"),
        _ => ("Apply of", "did not happen"),
    };
    let title = match document.title() {
        title if title.is_empty() => "an environment".to_owned(),
        title => value(&title, 60, setting),
    };
    let mark = Mark::Failed.text(setting);
    let head = format!("{data}### {what} {title}: {mark} {outcome}\n");
    let all: Vec<&Finding> = document.findings.iter().collect();
    let end = [
        format!("exit {}", document.exit_code),
        inline(&tool(&document.tool_version)),
    ];
    fit(budget(setting), |level| {
        listed(&head, &all, &end, setting, level)
    })
}

fn listed(
    head: &str,
    all: &[&Finding],
    end: &[String],
    setting: &Setting,
    level: &Level,
) -> String {
    let mut left = LeftOut::default();
    let (text, gone) = findings(all, level.rows.min(level.items), setting);
    left.add(gone, "findings:");
    let space = if text.is_empty() { "" } else { "\n" };
    format!(
        "{head}{space}{text}{}{}",
        left.line(setting),
        footer(None, None, None, end, setting)
    )
}
