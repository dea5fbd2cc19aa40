//! One change in full: the values, the effect, the moment, what follows, money and gate.

use pgward_engine::When;
use pgward_model::{Effect, Flag};

use super::head;
use super::layout::{Ink, Line, Page, is_right_to_left};
use crate::document::{Change, Document, GateState, Group};
use crate::wording::{self, Sigil};

/// Column of the rows' text.
const TEXT: usize = 13;

/// The color of a change's sigil and effect.
pub(crate) fn ink(change: &Change) -> Ink {
    match (change.sigil, change.effect) {
        (Sigil::Blocked, _) => Ink::Blocked,
        _ if change.flags.contains(&Flag::Exposure) => Ink::Danger,
        (_, Effect::Online) => Ink::Calm,
        (_, Effect::Degraded | Effect::Reboot) => Ink::Notice,
        (_, Effect::Downtime | Effect::Replace | Effect::DataLoss) => Ink::Danger,
    }
}

/// The block of one change, after an empty line.
pub(crate) fn detail(page: &mut Page, document: &Document, group: &Group<'_>) {
    let change = group.change;
    page.blank();
    let line = page.start().ink(ink(change), change.sigil.text()).text(" ");
    let line = line.ink(Ink::Bold, change.path.as_str());
    let end = page.start().ink(Ink::Dim, head::place(group.source()));
    page.push_with_end(line, end);
    if change.is_whole() {
        let line = page.start().text("    ");
        page.wrap(line, Ink::Plain, &change.headline);
        descriptions(page, change);
    } else {
        values(page, group);
    }
    on(page, group);
    rows(page, document, change);
}

/// Which resources, where there are several.
pub(crate) fn on(page: &mut Page, group: &Group<'_>) {
    if group.size() > 1 {
        row(page, "on", &group.names(8));
    }
}

/// What is said about a change beside its values: effect, moment, what follows, money and gate.
pub(crate) fn rows(page: &mut Page, document: &Document, change: &Change) {
    let blocked = change.gate.state == GateState::Blocked;
    if change.replaced_because.len() > 1 {
        let paths: Vec<&str> = change
            .replaced_because
            .iter()
            .map(pgward_model::Path::as_str)
            .collect();
        row(page, "because", &wording::list(&paths, 8));
    }
    row(
        page,
        "effect",
        &wording::with_reason(&change.effect_text, &change.reason),
    );
    if !blocked {
        moment(page, document, change);
    }
    if !change.follows.is_empty() {
        row(page, "follows", &follows(change));
    }
    for remark in change
        .remarks
        .iter()
        .filter(|remark| !remark.label.is_empty())
    {
        row(page, &remark.label, &remark.text);
    }
    if let Some(text) = cost(document, change) {
        row(page, "cost", &text);
    }
    if blocked {
        row(page, "blocked", &gate(change));
        for (index, text) in change.gate.instead.iter().enumerate() {
            row(page, if index == 0 { "instead" } else { "" }, text);
        }
    } else {
        row(page, "gate", &gate(change));
    }
}

/// What stands against a change, or `ready`.
pub(crate) fn gate(change: &Change) -> String {
    let gate = &change.gate;
    match (gate.state, gate.allow) {
        (GateState::Ready, _) => "ready".to_owned(),
        (GateState::NeedsAllow, Some(effect)) => format!("needs --allow {}", effect.word()),
        (GateState::NeedsAllow, None) => "needs --allow".to_owned(),
        (GateState::Blocked, _) => format!(
            "{}: {}",
            gate.code.as_deref().unwrap_or("P6"),
            gate.why.as_deref().unwrap_or("a plan never does that")
        ),
    }
}

pub(crate) fn row(page: &mut Page, label: &str, text: &str) {
    let line = page.start().text("    ").text(label).to(TEXT, 2);
    page.wrap(line, Ink::Plain, text);
}

/// What a reviewer decides about, in a column as wide as the longest label.
pub(crate) fn descriptions(page: &mut Page, change: &Change) {
    let longest = change
        .details
        .iter()
        .map(|detail| detail.label.len())
        .max()
        .unwrap_or(0);
    let column = (longest + 6).max(TEXT);
    for detail in &change.details {
        if detail.label.is_empty() {
            let line = page.start().text("    ");
            page.wrap(line, Ink::Plain, &detail.text);
        } else {
            let line = page.start().text("    ").text(&detail.label).to(column, 2);
            page.wrap_with_end(line, &detail.text, &head::place(detail.source.as_ref()));
        }
    }
}

/// Both values and the resource: on one line, or on two if they are long.
fn values(page: &mut Page, group: &Group<'_>) {
    let change = group.change;
    let name = match group.size() {
        1 => format!("{} {}", change.resource.noun, change.resource.id),
        several => wording::count(several, "resource"),
    };
    let beside: Vec<&str> = change
        .remarks
        .iter()
        .filter(|remark| remark.label.is_empty())
        .map(|remark| remark.text.as_str())
        .collect();
    let words = match (&change.before_text, &change.after_text) {
        _ if change.sensitive => "(sensitive)".to_owned(),
        (None, None) => change.headline.clone(),
        (None, Some(after)) => format!("+ {after}"),
        (Some(before), None) => format!("- {before}"),
        (Some(before), Some(after)) => format!("{before} -> {after}"),
    };
    let mut line = page.start().text("    ").text(&words);
    if !beside.is_empty() {
        line = line.text(format!("  ({})", beside.join(", ")));
    }
    let width = page.style().width;
    let end = line.shown_width(&name);
    // Side by side, a terminal that orders text would show the second of two such values first.
    let turned = [&change.before_text, &change.after_text]
        .iter()
        .all(|text| text.as_deref().is_some_and(is_right_to_left));
    if !turned && line.width() + 2 + end <= width - 3 {
        page.push(line.ending_at(width - 3, 2, Ink::Dim, &name));
        return;
    }
    if turned {
        let end = page.start().ink(Ink::Dim, &name).text("   ");
        let before = change.before_text.as_deref().unwrap_or_default();
        let after = change.after_text.as_deref().unwrap_or_default();
        let row = page.start().text("    ").text(before);
        page.push_with_end(row, end);
        let row = page.start().text("    -> ");
        page.wrap(row, Ink::Plain, after);
        return;
    }
    let short = page.start().text("    ").text(&words);
    if line.width() <= width {
        page.push(line.clone());
    } else if short.width() <= width {
        page.push(short);
    } else if let (Some(before), Some(after), false) =
        (&change.before_text, &change.after_text, change.sensitive)
    {
        let row = page.start().text("    ");
        page.wrap(row, Ink::Plain, before);
        let row = page.start().text("    -> ");
        page.wrap(row, Ink::Plain, after);
    } else {
        let row = page.start().text("    ");
        page.wrap(row, Ink::Plain, &words);
    }
    if line.width() > width && !beside.is_empty() {
        let row = page.start().text("    ");
        page.wrap(row, Ink::Plain, &format!("({})", beside.join(", ")));
    }
    if end + 4 <= width {
        let line = page.start().ending_at(width - 3, 4, Ink::Dim, &name);
        page.push(line);
    } else {
        let line = page.start().text("    ");
        page.wrap(line, Ink::Dim, &name);
    }
}

/// When it takes effect, by which rule, and what `--now` would change.
fn moment(page: &mut Page, document: &Document, change: &Change) {
    let label = |page: &Page| -> Line { page.start().text("    when").to(TEXT, 2) };
    match &change.when {
        When::Now => row(page, "when", "at apply"),
        When::Window { at } => {
            let window = document
                .next_window
                .filter(|window| Some(window.start) == *at);
            let start = wording::moment(&change.when, document.created_at);
            let range = window.map(|window| wording::window_range(window.start, window.end));
            let text = match range {
                Some(range) if start.starts_with("window ") => format!("window {range}"),
                Some(range) => format!("{start} ({range})"),
                None => start,
            };
            let line = label(page);
            match &document.policy_disruptive {
                Some(source) => {
                    let text = format!("{text}, by [policy] disruptive");
                    page.wrap_with_end(line, &text, &source.short());
                }
                None => page.wrap(line, Ink::Plain, &text),
            }
        }
        When::Restart { with: Some(path) } => {
            let text =
                format!("with the restart for {path}; if it is still pending then, drift says so");
            row(page, "when", &text);
        }
        When::Restart { with: None } => {
            row(
                page,
                "when",
                "after the next restart, which AWS does not cause by itself",
            );
            row(
                page,
                "",
                "with --now --allow reboot: after a restart that apply causes",
            );
        }
        When::Never => row(page, "when", "never"),
    }
    if let Some(now) = change.if_now.as_ref().filter(|_| change.when == When::Now) {
        if !now.also_releases.is_empty() {
            let also = wording::list(&now.also_releases, 6);
            row(
                page,
                "",
                &format!("AWS then also starts what is queued: {also}"),
            );
        }
    } else if let Some(now) = &change.if_now {
        let marked = document
            .waiting
            .iter()
            .filter(|waiting| !waiting.requested_by_us)
            .count();
        let also = match now.also_releases.len() {
            0 => String::new(),
            1 if marked == 1 => {
                ", and AWS would then also start the queued change marked > below".to_owned()
            }
            _ => format!(
                ", and AWS would then also start {}",
                wording::list(&now.also_releases, 6)
            ),
        };
        row(page, "", &format!("with --now: at apply{also}"));
    }
}

/// `at apply`; what AWS works on for hours afterwards says so.
pub(crate) fn at_apply(change: &Change) -> String {
    let long = change.effect == Effect::Degraded && change.flags.contains(&Flag::Cooldown);
    if long {
        "at apply, for hours"
    } else {
        "at apply"
    }
    .to_owned()
}

/// `shared_buffers 4 -> 8 GB, effective_cache_size 12 -> 24 GB`.
fn follows(change: &Change) -> String {
    let each = |follow: &pgward_engine::Follow| {
        let name = follow
            .path
            .as_str()
            .strip_prefix("parameters.")
            .unwrap_or(follow.path.as_str());
        let (before, after) = (&follow.before, &follow.after);
        match (before.rsplit_once(' '), after.rsplit_once(' ')) {
            (Some((number, unit)), Some((_, same))) if unit == same => {
                format!("{name} {number} -> {after}")
            }
            _ => format!("{name} {before} -> {after}"),
        }
    };
    change
        .follows
        .iter()
        .map(each)
        .collect::<Vec<_>>()
        .join(", ")
}

fn cost(document: &Document, change: &Change) -> Option<String> {
    document.summary.cost.as_ref()?;
    let cost = change
        .cost
        .as_ref()
        .filter(|cost| !wording::is_zero(&cost.monthly_delta))?;
    let money = wording::money(&cost.monthly_delta, "month");
    Some(if cost.basis.is_empty() {
        money
    } else {
        format!("{money} = {}", cost.basis)
    })
}
