//! The comment of a plan.

use std::collections::BTreeMap;

use pgward_engine::Verdict;

use super::details;
use super::escape::{fence, inline, prose, sentence, token};
use super::level::{Blocked, Level, fit};
use super::parts::{LeftOut, Mark, findings, folded, footer, marker, path, tool, value};
use super::{budget, table};
use crate::document::{Change, Document, GateState};
use crate::form::Setting;
use crate::text::layout::Page;
use crate::text::{Style, waiting};
use crate::wording;

/// The comment of a plan, within the budget.
pub(crate) fn plan(document: &Document, setting: &Setting) -> String {
    fit(budget(setting), |level| at(document, setting, level))
}

fn count(document: &Document, state: GateState) -> usize {
    document
        .changes
        .iter()
        .filter(|change| change.gate.state == state)
        .count()
}

fn at(document: &Document, setting: &Setting, level: &Level) -> String {
    let mut left = LeftOut::default();
    let mut out = data(document);
    out.push_str(&format_heading(document, setting));
    out.push_str(&table::table(document, setting, level, &mut left));
    out.push_str(&sums(document, setting, level));
    out.push_str(&blocked(document, setting, level, &mut left));
    out.push_str(&to_be_known(document, setting, level, &mut left));
    let folds = format!(
        "{}{}",
        details::folds(document, level, setting.style.ascii, &mut left),
        more_folds(document, setting, level, &mut left)
    );
    if !folds.is_empty() {
        out.push('\n');
        out.push_str(&folds);
    }
    out.push_str(&left.line(setting));
    let git = document.spec.git.as_ref();
    out.push_str(&footer(
        git.map(|git| (git.commit.as_str(), git.dirty)),
        Some(document.live.read_at),
        Some(&document.environment),
        &[
            format!("plan `{}`", token(&document.plan_id, 20)),
            tool(&document.tool_version),
        ],
        setting,
    ));
    out
}

/// Marker and data.
fn data(document: &Document) -> String {
    let command = match document.verb() {
        "apply" => "plan",
        verb => verb,
    };
    let git = document.spec.git.as_ref();
    marker(
        command,
        &document.title(),
        &[
            ("verdict", word(document.verdict)),
            ("worst_effect", &document.summary.worst_effect),
            ("plan_id", &document.plan_id),
            ("commit", git.map_or("", |git| git.commit.as_str())),
        ],
        &[
            ("changes", document.changes.len()),
            ("ready", count(document, GateState::Ready)),
            ("needs_allow", count(document, GateState::NeedsAllow)),
            ("blocked", count(document, GateState::Blocked)),
            ("unread", document.live.unread.len()),
        ],
    )
}

/// The verdict as JSON names it.
fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::NoChanges => "no_changes",
        Verdict::Ready => "ready",
        Verdict::NeedsAllow => "needs_allow",
        Verdict::Blocked => "blocked",
        Verdict::Incomplete => "incomplete",
    }
}

/// `### Plan for happytrip-b2b/prod: ⛔ 2 blocked, 2 need approval, 1 ready`.
fn format_heading(document: &Document, setting: &Setting) -> String {
    let what = match document.verb() {
        "destroy" => "Deletion of",
        "import" => "Adoption for",
        _ => "Plan for",
    };
    format!(
        "### {what} {}: {}\n",
        value(&document.title(), 60, setting),
        verdict(document, setting)
    )
}

/// The verdict in words, with its mark.
pub(crate) fn verdict(document: &Document, setting: &Setting) -> String {
    let unread = document.live.unread.len();
    let blocked = count(document, GateState::Blocked);
    let waits = count(document, GateState::NeedsAllow);
    let ready = count(document, GateState::Ready);
    let mut parts = Vec::new();
    if unread > 0 {
        parts.push(format!(
            "{} could not be read",
            wording::count(unread, "resource")
        ));
    }
    if document.is_refused() {
        parts.push("AWS would refuse it".to_owned());
    }
    if blocked > 0 {
        parts.push(format!("{blocked} blocked"));
    }
    if waits > 0 {
        let verb = if waits == 1 { "needs" } else { "need" };
        parts.push(format!("{waits} {verb} approval"));
    }
    if ready > 0 && document.destroy {
        parts.push(format!("{ready} to delete"));
    } else if ready > 0 && document.adoption.is_some() {
        parts.push(format!("{ready} to adopt"));
    } else if ready > 0 && document.only_creates() {
        parts.push(format!("{ready} to create"));
    } else if ready > 0 {
        parts.push(format!("{ready} ready"));
    }
    if parts.is_empty() {
        parts.push("no changes".to_owned());
    }
    let mark = if unread > 0 || document.is_refused() {
        Some(Mark::Failed)
    } else if blocked > 0 {
        Some(Mark::Blocked)
    } else if waits > 0 || (document.destroy && ready > 0) {
        Some(Mark::Approval)
    } else {
        None
    };
    let words = parts.join(", ");
    mark.map_or_else(
        || words.clone(),
        |mark| format!("{} {words}", mark.text(setting)),
    )
}

/// Money, what does not change, what others queued, and how long creations take.
fn sums(document: &Document, setting: &Setting, level: &Level) -> String {
    let mut parts = Vec::new();
    if let Some(cost) = &document.summary.cost {
        let zero = wording::is_zero(&cost.monthly_delta);
        let sum = wording::money(&cost.monthly_delta, "month");
        match (zero, cost.unpriced.len()) {
            (true, 0) => {}
            (false, 0) => parts.push(format!("**{sum}**.")),
            (true, _) => parts.push("Not all is priced.".to_owned()),
            (false, _) => parts.push(format!("**{sum}** as far as priced.")),
        }
    }
    let resources = &document.summary.resources;
    parts.push(format!(
        "{} of {} unchanged.",
        resources.unchanged,
        wording::count(resources.compared, "resource")
    ));
    let (from, to) = document.steps.iter().fold((0, 0), |sum, step| {
        (sum.0 + step.minutes.0, sum.1 + step.minutes.1)
    });
    if document.only_creates() && to > 0 {
        parts.push(sentence(&wording::about_minutes(from, to)));
    }
    let others = document
        .waiting
        .iter()
        .filter(|one| !one.requested_by_us)
        .count();
    let ours = document.waiting.len() - others;
    if ours > 0 {
        parts.push(format!("On its way, not in effect yet: {ours}."));
    }
    if others > 0 {
        parts.push(format!("Queued in AWS by someone else: {others}."));
    }
    let overdue = document.waiting.iter().filter(|one| one.overdue).count();
    if overdue > 0 {
        parts.push(format!("**Overdue: {overdue}.**"));
    }
    if let Some(window) = document.next_window.filter(|_| level.items > 0) {
        let range = wording::window_range(window.start, window.end);
        parts.push(format!("Next window {}.", value(&range, 60, setting)));
    }
    format!("\n{}\n", parts.join(" "))
}

/// What is blocked: never folded, and the last thing to be shortened.
fn blocked(document: &Document, setting: &Setting, level: &Level, left: &mut LeftOut) -> String {
    let blocked: Vec<&Change> = document.blocked().collect();
    if blocked.is_empty() {
        return String::new();
    }
    let mut out = "\n**Blocked**\n".to_owned();
    let code = |change: &Change| {
        change
            .gate
            .code
            .clone()
            .unwrap_or_else(|| "P601".to_owned())
    };
    match level.blocked {
        Blocked::Full => {
            for change in blocked {
                let why = sentence(
                    change
                        .gate
                        .why
                        .as_deref()
                        .unwrap_or("a plan never does that"),
                );
                let instead: Vec<String> = change
                    .gate
                    .instead
                    .iter()
                    .map(|text| format!(" {}", prose(&sentence(text))))
                    .collect();
                out.push_str(&item(&format!(
                    "{} [{}]: {}{}",
                    path(change.path.as_str(), setting),
                    inline(&code(change)),
                    prose(&why),
                    instead.concat()
                )));
            }
        }
        Blocked::Short => {
            left.add(blocked.len(), "reasons of blocked changes:");
            for change in blocked {
                let path = path(change.path.as_str(), setting);
                out.push_str(&item(&format!("{path} [{}]", inline(&code(change)))));
            }
        }
        Blocked::Counted => {
            left.add(blocked.len(), "names of blocked changes:");
            let mut codes: BTreeMap<String, usize> = BTreeMap::new();
            for change in &blocked {
                *codes.entry(code(change)).or_default() += 1;
            }
            for (code, number) in codes.iter().take(12) {
                let changes = wording::count(*number, "change");
                out.push_str(&item(&format!("{}: {changes}", token(code, 8))));
            }
        }
    }
    out
}

fn item(text: &str) -> String {
    format!("- {text}\n")
}

/// What could not be read, what is not ours, and findings: never folded.
fn to_be_known(
    document: &Document,
    setting: &Setting,
    level: &Level,
    left: &mut LeftOut,
) -> String {
    let mut out = String::new();
    let unread = &document.live.unread;
    if !unread.is_empty() && level.items > 0 {
        out.push_str("\n**Could not be read**\n");
        for one in unread.iter().take(level.items) {
            let address = path(&one.address, setting);
            out.push_str(&item(&format!("{address}: {}", inline(&one.reason))));
        }
    }
    left.add(
        unread.len().saturating_sub(level.items),
        "resources that could not be read:",
    );
    let unmanaged = &document.unmanaged;
    if !unmanaged.is_empty() && level.items > 0 {
        out.push_str("\n**Exists and is not managed here**\n");
        for one in unmanaged.iter().take(level.items) {
            let owner = match &one.owner {
                Some(owner) => format!(", belongs to {}", inline(owner)),
                None => String::new(),
            };
            let (address, name) = (path(&one.address, setting), inline(&one.name));
            out.push_str(&item(&format!(
                "{address} [{}]: {name}{owner}",
                inline(&one.code)
            )));
        }
    }
    left.add(
        unmanaged.len().saturating_sub(level.items),
        "resources not managed here:",
    );
    let unsaid = document.unsaid();
    let (text, gone) = findings(&unsaid, level.items, setting);
    if !text.is_empty() {
        out.push_str("\n**Findings**\n");
        out.push_str(&text);
    }
    left.add(gone, "findings:");
    out
}

/// What waits, what could not be checked, and notes.
fn more_folds(document: &Document, setting: &Setting, level: &Level, left: &mut LeftOut) -> String {
    let mut out = String::new();
    let style = Style {
        color: false,
        ascii: setting.style.ascii,
        width: Style::WIDTH,
    };
    let others = document
        .waiting
        .iter()
        .filter(|one| !one.requested_by_us)
        .count();
    let ours = document.waiting.len() - others;
    type Lines = fn(&mut Page, &Document);
    let groups: [(usize, &str, Lines); 2] = [
        (ours, "On its way", waiting::lines),
        (others, "Queued in AWS by someone else", waiting::others),
    ];
    for (number, title, lines) in groups {
        if number > level.items {
            left.add(number, "what waits:");
        } else if number > 0 {
            let mut page = Page::new(style);
            lines(&mut page, document);
            out.push_str(&folded(
                &format!("{title}: {number}"),
                &fence("text", &page.finish()),
            ));
        }
    }
    for (title, sentences) in [
        ("Not checked", &document.not_checked),
        ("Notes", &document.notes),
    ] {
        let number = sentences.len();
        if number > level.items {
            left.add(
                number,
                if title == "Notes" {
                    "notes:"
                } else {
                    "what was not checked:"
                },
            );
            continue;
        }
        let body: String = sentences.iter().map(|one| item(&inline(one))).collect();
        out.push_str(&folded(&format!("{title}: {number}"), &body));
    }
    out
}
