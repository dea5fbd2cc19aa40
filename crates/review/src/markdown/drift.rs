//! The comment of a comparison with the last apply.

use pgward_engine::DriftClass;
use pgward_model::Flag;

use super::budget;
use super::escape::{inline, sentence};
use super::level::{Level, fit};
use super::parts::{LeftOut, Mark, folded, footer, marker, path, place, tool, value};
use crate::document::DriftEntry;
use crate::drift::{DriftDocument, DriftVerdict};
use crate::form::Setting;
use crate::wording;

/// The comment of a comparison, within the budget.
pub(crate) fn drift(document: &DriftDocument, setting: &Setting) -> String {
    fit(budget(setting), |level| at(document, setting, level))
}

fn at(document: &DriftDocument, setting: &Setting, level: &Level) -> String {
    let mut left = LeftOut::default();
    let mut out = data(document);
    let title = value(&document.environment.title(), 60, setting);
    out.push_str(&format_heading(&title, &verdict(document, setting)));
    out.push_str(&table(document, setting, level, &mut left));
    out.push_str(&not_working(document, setting));
    out.push_str(&lists(document, setting, level, &mut left));
    out.push_str(&next(document, level));
    out.push_str(&left.line(setting));
    out.push_str(&footer(
        None,
        Some(document.read_at),
        Some(&document.environment),
        &[last_apply(document), tool(&document.tool_version)],
        setting,
    ));
    out
}

/// The first few databases that do not work: the one list that no budget shortens.
fn not_working(document: &DriftDocument, setting: &Setting) -> String {
    let mark = Mark::Failed.text(setting);
    let parts = document.not_working.iter().take(3);
    parts
        .map(|part| {
            let text = inline(&format!("{}: {}", part.state, part.advice));
            format!("\n{mark} {}\n", sentence(&text))
        })
        .collect()
}

fn data(document: &DriftDocument) -> String {
    marker(
        "drift",
        &document.environment.title(),
        &[("verdict", word(document.verdict))],
        &[
            ("outside", document.summary.outside),
            ("unread", document.summary.unread),
            ("compared", document.summary.compared),
            ("waiting", document.waiting.len()),
        ],
    )
}

/// The verdict as JSON names it.
fn word(verdict: DriftVerdict) -> &'static str {
    match verdict {
        DriftVerdict::NoDrift => "no_drift",
        DriftVerdict::Drift => "drift",
        DriftVerdict::Different => "different",
        DriftVerdict::Incomplete => "incomplete",
    }
}

fn format_heading(title: &str, verdict: &str) -> String {
    format!("### Drift of {title}: {verdict}\n")
}

/// The verdict in words, with its mark.
pub(crate) fn verdict(document: &DriftDocument, setting: &Setting) -> String {
    let summary = &document.summary;
    let resources = |number| wording::count(number, "resource");
    let unread = if summary.unread > 0 {
        format!(", {} could not be read", resources(summary.unread))
    } else {
        String::new()
    };
    match document.verdict {
        DriftVerdict::NoDrift => format!("no drift in {}", resources(summary.compared)),
        DriftVerdict::Incomplete => format!(
            "{} no drift in {}{unread}",
            Mark::Failed.text(setting),
            resources(summary.compared)
        ),
        DriftVerdict::Drift => format!(
            "{} {} changed outside{unread}",
            Mark::Approval.text(setting),
            resources(summary.outside)
        ),
        DriftVerdict::Different => {
            let verb = if summary.outside == 1 {
                "differs"
            } else {
                "differ"
            };
            format!(
                "{} {} {verb} from the spec{unread}",
                Mark::Approval.text(setting),
                resources(summary.outside)
            )
        }
    }
}

fn last_apply(document: &DriftDocument) -> String {
    match &document.last_apply {
        Some(last) => format!("last apply {}", wording::date_and_time(last.at)),
        None => "no record of an apply".to_owned(),
    }
}

fn table(document: &DriftDocument, setting: &Setting, level: &Level, left: &mut LeftOut) -> String {
    let outside: Vec<&DriftEntry> = document.of(DriftClass::Outside).collect();
    let shown = outside.len().min(level.rows);
    left.add(outside.len() - shown, "rows of the table:");
    if shown == 0 {
        return String::new();
    }
    let asked = outside.iter().any(|entry| entry.who.is_some());
    let (head, line) = if asked { (" Who |", "---|") } else { ("", "") };
    let last = if document.last_apply.is_some() {
        "Last applied"
    } else {
        "In the spec"
    };
    let mut out = format!(
        "\n| | What | {last} | Now in AWS |{head} Putting it back | Source |\n\
         |---|---|---|---|{line}---|---|\n"
    );
    for entry in &outside[..shown] {
        let exposes = entry.flags.contains(&Flag::Exposure);
        let mark = if exposes {
            Mark::Blocked.text(setting)
        } else {
            ""
        };
        let space = if mark.is_empty() { "" } else { " " };
        let side = |text: &Option<String>| match text {
            Some(text) => value(text, level.value, setting),
            None => "none".to_owned(),
        };
        let who = if asked {
            format!(" {} |", who(entry, setting))
        } else {
            String::new()
        };
        let flag = if exposes { ", **exposure**" } else { "" };
        let remarks: Vec<String> = entry
            .remarks
            .iter()
            .map(|remark| format!("<br>{}", value(remark, level.value.max(40) * 2, setting)))
            .collect();
        out = format!(
            "{out}| {mark}{space}| {}{} | {} | {} |{who} {}{flag} | {} |\n",
            path(entry.path.as_str(), setting),
            remarks.concat(),
            side(&entry.last_applied),
            side(&entry.live),
            inline(entry.effect.word()),
            place(entry.source.as_ref(), setting),
        );
    }
    out
}

fn who(entry: &DriftEntry, setting: &Setting) -> String {
    let name = entry.who.as_deref().unwrap_or("unknown");
    let name = value(name, 60, setting);
    match entry.at {
        Some(at) => format!("{name}, {}", wording::day_and_time(at)),
        None => name,
    }
}

fn lists(document: &DriftDocument, setting: &Setting, level: &Level, left: &mut LeftOut) -> String {
    let mut out = String::new();
    for (class, title) in [
        (DriftClass::Expected, "Expected, not counted"),
        (DriftClass::Ignored, "Ignored by the spec"),
        (DriftClass::NotApplied, "Not applied yet, not drift"),
    ] {
        let entries: Vec<&DriftEntry> = document.of(class).collect();
        let shown = entries.len().min(level.items);
        left.add(entries.len() - shown, &format!("{}:", title.to_lowercase()));
        let mut body = String::new();
        for entry in &entries[..shown] {
            let side = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
            let live = value(&side(&entry.live), 80, setting);
            let why = value(&entry.remarks.join("; "), 200, setting);
            let joint = if why.is_empty() { "" } else { ": " };
            let path = path(entry.path.as_str(), setting);
            body = format!("{body}- {path} {live}{joint}{why}\n");
        }
        out.push_str(&folded(&format!("{title}: {}", entries.len()), &body));
    }
    if out.is_empty() {
        out
    } else {
        format!("\n{out}")
    }
}

fn next(document: &DriftDocument, level: &Level) -> String {
    let mut out = String::new();
    for notice in document
        .next
        .iter()
        .filter(|one| one.command.len() <= 500 && level.rows > 0)
    {
        let label = sentence(notice.label.trim_end_matches(':'));
        let label = label.trim_end_matches('.');
        out = format!("{out}\n{label}: {}\n", super::escape::code(&notice.command));
    }
    out
}
