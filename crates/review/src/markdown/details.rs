//! The folded details of a plan: one `diff` fence per group of changes.
//!
//! GitHub colors a line of such a fence by its first character: `+` green, `-` red, `!` orange.
//! Every other line begins with a space.

use pgward_engine::Verb;
use pgward_model::{Effect, Flag};

use super::escape::fence;
use super::level::{Depth, Level};
use super::parts::{LeftOut, folded};
use crate::document::{Change, Document, GateState, Group, groups};
use crate::text::detail;
use crate::text::layout::{Ink, Page};
use crate::text::{Style, head};
use crate::wording;

/// Columns of a fence; GitHub shows about as many before it scrolls.
const WIDTH: usize = 100;

/// All folds of a plan's changes, as far as the level goes.
pub(crate) fn folds(document: &Document, level: &Level, ascii: bool, left: &mut LeftOut) -> String {
    let style = Style {
        color: false,
        ascii,
        width: WIDTH,
    };
    let strong: Vec<&Change> = document
        .changes
        .iter()
        .filter(|one| is_strong(one))
        .collect();
    let creates: Vec<&Change> = document
        .changes
        .iter()
        .filter(|one| !is_strong(one) && is_creation(one))
        .collect();
    let gentle: Vec<&Change> = document
        .changes
        .iter()
        .filter(|one| !is_strong(one) && !is_creation(one))
        .collect();
    let mut out = String::new();
    out.push_str(&fold(
        &title(&strong),
        document,
        &strong,
        level.strong,
        style,
    ));
    let words = "online or degraded";
    out.push_str(&fold(
        &format!("Details: {} {words}", gentle.len()),
        document,
        &gentle,
        level.gentle,
        style,
    ));
    let words = wording::count(creates.len(), "resource");
    out.push_str(&fold(
        &format!("Details: {words} to create"),
        document,
        &creates,
        level.creates,
        style,
    ));
    let gone = |changes: &[&Change], depth: Depth| match depth {
        Depth::Full => 0,
        Depth::Line | Depth::Gone => changes.len(),
    };
    left.add(
        gone(&strong, level.strong),
        "details of interrupting or blocked changes:",
    );
    left.add(
        gone(&gentle, level.gentle),
        "details of online or degraded changes:",
    );
    left.add(
        gone(&creates, level.creates),
        "details of resources to create:",
    );
    out
}

fn is_creation(change: &Change) -> bool {
    change.action == Verb::Create && change.is_whole()
}

/// Whether a reviewer looks at it first: it is blocked, interrupts, or needs approval.
pub(crate) fn is_strong(change: &Change) -> bool {
    change.gate.state != GateState::Ready
        || (change.effect.interrupts() && change.action != Verb::Create)
}

/// `Details: 2 blocked, 2 interrupting`.
fn title(strong: &[&Change]) -> String {
    let blocked = strong
        .iter()
        .filter(|change| change.gate.state == GateState::Blocked)
        .count();
    let interrupting = strong
        .iter()
        .filter(|change| change.gate.state != GateState::Blocked && change.effect.interrupts())
        .count();
    let other = strong.len() - blocked - interrupting;
    let parts: Vec<String> = [
        (blocked, "blocked"),
        (interrupting, "interrupting"),
        (other, "to approve"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, word)| format!("{number} {word}"))
    .collect();
    format!("Details: {}", parts.join(", "))
}

fn fold(
    title: &str,
    document: &Document,
    changes: &[&Change],
    depth: Depth,
    style: Style,
) -> String {
    if changes.is_empty() || depth == Depth::Gone {
        return String::new();
    }
    let mut page = Page::new(style);
    for group in groups(changes.iter().copied()) {
        match depth {
            Depth::Full => {
                page.blank();
                one(&mut page, document, &group);
            }
            Depth::Line | Depth::Gone => heading(&mut page, &group, true),
        }
    }
    folded(title, &fence("diff", &page.finish()))
}

/// The first character of a change's block.
fn sign(change: &Change) -> &'static str {
    match change.action {
        _ if change.gate.state == GateState::Blocked => "!",
        Verb::Create => "+",
        Verb::Delete => "-",
        Verb::Update | Verb::Replace | Verb::Restart | Verb::Await | Verb::Adopt => "!",
    }
}

fn heading(page: &mut Page, group: &Group<'_>, with_effect: bool) {
    let change = group.change;
    let line = page
        .start()
        .text(sign(change))
        .text(" ")
        .text(group.title());
    let line = if change.is_whole() {
        line.text("  ").text(&change.headline)
    } else {
        line
    };
    let line = if with_effect && (!change.is_whole() || change.effect > Effect::Online) {
        line.text("  ").text(&change.effect_text)
    } else {
        line
    };
    let end = page.start().ink(Ink::Dim, head::place(group.source()));
    page.push_with_end(line, end);
}

fn one(page: &mut Page, document: &Document, group: &Group<'_>) {
    let change = group.change;
    heading(page, group, false);
    if change.is_whole() {
        detail::descriptions(page, change);
        let quiet = matches!(change.action, Verb::Create | Verb::Delete)
            && change.effect == Effect::Online
            && !change.flags.contains(&Flag::Exposure)
            && change.gate.state == GateState::Ready;
        if quiet {
            for remark in &change.remarks {
                detail::row(page, &remark.label, &remark.text);
            }
            return;
        }
    } else if change.sensitive {
        let line = page.start().text("    (sensitive)");
        page.push(line);
    } else {
        for (sign, value) in [("-", &change.before_text), ("+", &change.after_text)] {
            if let Some(value) = value {
                let line = page.start().text(sign).text("   ").text(value);
                page.push(line);
            }
        }
        for remark in change.remarks.iter().filter(|one| one.label.is_empty()) {
            detail::row(page, "", &remark.text);
        }
    }
    detail::on(page, group);
    detail::rows(page, document, change);
}
