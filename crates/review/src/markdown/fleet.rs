//! The comment of several environments: a table of all, then as many of their comments as fit.

use super::budget;
use super::escape::inline;
use super::parts::{Mark, footer, marker, path, tool, value};
use super::{drift, plan};
use crate::document::{Document, EnvironmentPart};
use crate::drift::{DriftDocument, DriftVerdict};
use crate::form::Setting;
use crate::wording;
use pgward_engine::Verdict;

/// One environment of a fleet.
struct Member<'a> {
    environment: &'a EnvironmentPart,
    verdict: String,
    /// How much it matters; the largest come first.
    rank: u8,
    whole: Box<dyn Fn(&Setting) -> String + 'a>,
}

/// The comment of plans.
pub(crate) fn plans(documents: &[Document], setting: &Setting) -> String {
    let rank = |document: &Document| match document.verdict {
        Verdict::Incomplete => 4,
        Verdict::Blocked => 3,
        Verdict::NeedsAllow => 2,
        Verdict::Ready => 1,
        Verdict::NoChanges => u8::from(document.is_refused()),
    };
    let members = documents
        .iter()
        .map(|document| Member {
            environment: &document.environment,
            verdict: plan::verdict(document, setting),
            rank: rank(document),
            whole: Box::new(move |setting| plan::plan(document, setting)),
        })
        .collect();
    let changed = documents
        .iter()
        .filter(|one| one.verdict != Verdict::NoChanges)
        .count();
    let version = documents
        .first()
        .map_or("", |one| one.tool_version.as_str());
    let head = ("plan", "Plan for", "changes in", changed);
    fleet(members, head, version, setting)
}

/// The comment of comparisons.
pub(crate) fn drifts(documents: &[DriftDocument], setting: &Setting) -> String {
    let rank = |document: &DriftDocument| match document.verdict {
        DriftVerdict::Incomplete => 3,
        DriftVerdict::Drift => 2,
        DriftVerdict::Different => 1,
        DriftVerdict::NoDrift => 0,
    };
    let members = documents
        .iter()
        .map(|document| Member {
            environment: &document.environment,
            verdict: drift::verdict(document, setting),
            rank: rank(document),
            whole: Box::new(move |setting| drift::drift(document, setting)),
        })
        .collect();
    let drifted = documents
        .iter()
        .filter(|one| one.verdict != DriftVerdict::NoDrift)
        .count();
    let version = documents
        .first()
        .map_or("", |one| one.tool_version.as_str());
    let head = ("drift", "Drift of", "differences in", drifted);
    fleet(members, head, version, setting)
}

fn fleet(
    mut members: Vec<Member<'_>>,
    (command, what, differences, concerned): (&str, &str, &str, usize),
    version: &str,
    setting: &Setting,
) -> String {
    members.sort_by(|a, b| {
        let title = |member: &Member<'_>| member.environment.title();
        b.rank.cmp(&a.rank).then_with(|| title(a).cmp(&title(b)))
    });
    let all = members.len();
    let mark = if members.iter().any(|member| member.rank >= 3) {
        format!("{} ", Mark::Failed.text(setting))
    } else if concerned > 0 {
        format!("{} ", Mark::Approval.text(setting))
    } else {
        String::new()
    };
    let verdict = if concerned == 0 {
        "nothing to do".to_owned()
    } else {
        format!("{mark}{differences} {concerned} of {all}")
    };
    let head = format!(
        "{}### {what} {}: {verdict}\n",
        marker(
            command,
            "all",
            &[],
            &[("environments", all), ("concerned", concerned)]
        ),
        wording::count(all, "environment"),
    );
    let end = footer(None, None, None, &[tool(version)], setting);
    let mut room = budget(setting).saturating_sub(head.len() + end.len() + 200);
    let (table, rows) = table(&members, setting, &mut room);
    let (sections, left) = sections(&members, setting, room);
    let mut out = format!("{head}{table}");
    if rows < all {
        out = format!(
            "{out}\nLeft out for size: rows of {} environments.\n",
            all - rows
        );
    }
    out.push_str(&sections);
    if left > 0 {
        let words = wording::count(left, "environment");
        out = format!("{out}\nLeft out for size: details of {words}.\n");
    }
    out.push_str(&end);
    out
}

/// The table as far as there is room, and the number of its rows.
fn table(members: &[Member<'_>], setting: &Setting, room: &mut usize) -> (String, usize) {
    let mut out = "\n| Environment | Account | Region | Verdict |\n|---|---|---|---|\n".to_owned();
    let mut rows = 0;
    for member in members {
        let of = member.environment;
        let row = format!(
            "| {} | {} | {} | {} |\n",
            path(&of.title(), setting),
            value(&of.account, 20, setting),
            inline(&of.region),
            member.verdict
        );
        if out.len() + row.len() > *room {
            break;
        }
        out.push_str(&row);
        rows += 1;
    }
    *room = room.saturating_sub(out.len());
    (out, rows)
}

/// The comments of environments with something to say, worst first: those that matter share the
/// room, and what one does not need is there for the next.
fn sections(members: &[Member<'_>], setting: &Setting, mut room: usize) -> (String, usize) {
    let mut waiting = members.iter().filter(|member| member.rank > 0).count();
    let mut out = String::new();
    for member in members.iter().filter(|member| member.rank > 0) {
        if room <= super::MINIMUM {
            break;
        }
        let share = Setting {
            budget: (room / waiting).max(super::MINIMUM).min(room - 1),
            ..setting.clone()
        };
        let text = (member.whole)(&share);
        // The markers of single comments would be found by pipelines that look for those.
        let text = text.splitn(3, '\n').nth(2).unwrap_or_default();
        room = room.saturating_sub(text.len() + 1);
        out.push('\n');
        out.push_str(text);
        waiting -= 1;
    }
    (out, waiting)
}
