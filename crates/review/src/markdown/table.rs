//! The table of a plan's comment: one row per change, the worst first.

use std::collections::BTreeMap;

use pgward_engine::{Verb, When};
use pgward_model::{Effect, Flag};

use super::escape::{code, cut, inline};
use super::level::Level;
use super::parts::{LeftOut, Mark, arrow, path, place, value};
use crate::alert::participle;
use crate::document::{Change, Document, GateState, Group, groups};
use crate::form::Setting;
use crate::wording;

/// Whether a change is one of those that are counted per kind when space is short.
fn is_plain(change: &Change) -> bool {
    change.effect == Effect::Online
        && change.gate.state == GateState::Ready
        && change.flags.is_empty()
}

/// The table as far as the level goes, with what is counted in its place.
pub(crate) fn table(
    document: &Document,
    setting: &Setting,
    level: &Level,
    left: &mut LeftOut,
) -> String {
    let many = many(document, level.online_rows);
    let is_counted = |change: &Change| is_plain(change) && many.contains_key(&kind_of(change));
    let rows = groups(document.changes.iter().filter(|change| !is_counted(change)));
    let shown = rows.len().min(level.rows);
    let mut out = String::new();
    if shown > 0 {
        let priced = document.summary.cost.is_some();
        let (head, line) = if priced {
            (" $/month |", "---:|")
        } else {
            ("", "")
        };
        out =
            format!("\n| | Change | Effect | When |{head} Source |\n|---|---|---|---|{line}---|\n");
        for group in &rows[..shown] {
            out.push_str(&row(document, group, setting, level, priced));
        }
    }
    left.add(rows.len() - shown, "rows of the table:");
    out.push_str(&counted(&many, setting));
    if shown < rows.len()
        && let Some(worst) = rows
            .iter()
            .map(|one| one.change)
            .max_by_key(|one| one.effect)
    {
        out = format!(
            "{out}\nStrongest effect: **{}**, {}\n",
            worst.effect.word(),
            code(&cut(worst.path.as_str(), 40, setting.style.ascii)),
        );
    }
    out
}

/// What is done with what.
type Kind<'a> = (&'a str, &'static str);

fn kind_of(change: &Change) -> Kind<'_> {
    (&change.resource.noun, participle(change.action))
}

/// The plain changes of which there are more than `most` of a kind.
fn many(document: &Document, most: usize) -> BTreeMap<Kind<'_>, usize> {
    let mut numbers = BTreeMap::new();
    for change in document.changes.iter().filter(|change| is_plain(change)) {
        *numbers.entry(kind_of(change)).or_default() += 1;
    }
    numbers.retain(|_, number| *number > most);
    numbers
}

/// `41 alarms created, 3 parameter groups changed`.
fn counted(numbers: &BTreeMap<Kind<'_>, usize>, setting: &Setting) -> String {
    if numbers.is_empty() {
        return String::new();
    }
    let total: usize = numbers.values().sum();
    let all: Vec<String> = numbers
        .iter()
        .take(8)
        .map(|((noun, done), number)| {
            let noun = value(noun, 20, setting);
            match (*done, *number) {
                ("created" | "deleted", 1) => format!("1 {noun} {done}"),
                ("created" | "deleted", number) => format!("{number} {noun}s {done}"),
                (done, 1) => format!("1 value of {noun}s {done}"),
                (done, number) => format!("{number} values of {noun}s {done}"),
            }
        })
        .collect();
    let words = wording::count(total, "online change");
    format!("\nNot in the table, {words}: {}.\n", all.join(", "))
}

fn row(
    document: &Document,
    group: &Group<'_>,
    setting: &Setting,
    level: &Level,
    priced: bool,
) -> String {
    let change = group.change;
    let mark = match change.gate.state {
        GateState::Blocked => Mark::Blocked.text(setting),
        GateState::NeedsAllow => Mark::Approval.text(setting),
        GateState::Ready => "",
    };
    let space = if mark.is_empty() { "" } else { " " };
    let money = if priced {
        format!(" {} |", money(change))
    } else {
        String::new()
    };
    let cells = [
        what(change, setting, level.value) + &group.suffix(),
        effect(change),
        when(document, change),
    ];
    format!(
        "| {mark}{space}| {} |{money} {} |\n",
        cells.join(" | "),
        place(group.source(), setting)
    )
}

/// Path and values.
fn what(change: &Change, setting: &Setting, most: usize) -> String {
    let path = path(change.path.as_str(), setting);
    let shown = |text: &str| value(text, most, setting);
    if change.is_whole() {
        let sign = match change.action {
            Verb::Create => "+ ",
            Verb::Delete => "− ",
            Verb::Replace => "± ",
            Verb::Update | Verb::Restart | Verb::Await => "",
            Verb::Adopt => "< ",
        };
        let sign = match (sign, setting.style.ascii) {
            ("− ", true) => "- ",
            ("± ", true) => "+/- ",
            (sign, _) => sign,
        };
        return format!("{path} {sign}{}", shown(&change.headline));
    }
    match (&change.before_text, &change.after_text) {
        _ if change.sensitive => format!("{path} (sensitive)"),
        (Some(before), Some(after)) => {
            format!(
                "{path} {} {} {}",
                shown(before),
                arrow(setting),
                shown(after)
            )
        }
        (None, Some(after)) => format!("{path} + {}", shown(after)),
        (Some(before), None) => format!("{path} {} removed", shown(before)),
        (None, None) => format!("{path} {}", shown(&change.headline)),
    }
}

/// `**downtime 1-2 min**`, `online, **exposure**`.
pub(crate) fn effect(change: &Change) -> String {
    let words = change.effect_text.to_lowercase();
    let mut parts = words.split(", ");
    let first = parts.next().unwrap_or_default();
    if change.effect.interrupts() {
        return format!("**{}**", inline(&words));
    }
    let mut text = inline(first);
    for part in parts {
        text = match part {
            "exposure" | "one-way" => format!("{text}, **{part}**"),
            part => format!("{text}, {}", inline(part)),
        };
    }
    text
}

fn when(document: &Document, change: &Change) -> String {
    match (change.gate.state, &change.gate.code) {
        (GateState::Blocked, Some(code)) => format!("never, {}", inline(code)),
        (GateState::Blocked, None) => "never".to_owned(),
        (GateState::Ready | GateState::NeedsAllow, _) => {
            let moment = wording::moment(&change.when, document.created_at);
            let long = change.when == When::Now
                && change.effect == Effect::Degraded
                && change.flags.contains(&Flag::Cooldown);
            let moment = moment.strip_prefix("window ").unwrap_or(&moment);
            format!(
                "{}{}",
                inline(moment),
                if long { ", for hours" } else { "" }
            )
        }
    }
}

fn money(change: &Change) -> String {
    match &change.cost {
        Some(cost) => inline(&wording::difference(&cost.monthly_delta)),
        None if change.gate.state == GateState::Blocked => String::new(),
        None => "not priced".to_owned(),
    }
}
