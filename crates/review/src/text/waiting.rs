//! What was accepted earlier and is not in effect yet: ours, and what others queued.

use pgward_engine::When;

use super::layout::{Ink, Page, columns};
use crate::document::{Document, WaitingPart};
use crate::wording::{self, Sigil};

/// What waits beside the changes of a plan, under a heading.
pub(crate) fn ours(page: &mut Page, document: &Document) {
    if !document
        .waiting
        .iter()
        .any(|waiting| waiting.requested_by_us)
    {
        return;
    }
    page.blank();
    let line = page.start().text("On its way, nothing to do now");
    page.push(line);
    lines(page, document);
}

/// The lines of what we asked for.
pub(crate) fn lines(page: &mut Page, document: &Document) {
    let ours: Vec<&WaitingPart> = document
        .waiting
        .iter()
        .filter(|waiting| waiting.requested_by_us)
        .collect();
    let path = ours
        .iter()
        .map(|waiting| columns(waiting.path.as_str()))
        .max()
        .unwrap_or(0)
        + 6;
    let value = ours
        .iter()
        .map(|waiting| columns(&values(waiting)))
        .max()
        .unwrap_or(0)
        + 4;
    for waiting in ours {
        let line = page
            .start()
            .text("  ")
            .ink(Ink::Notice, Sigil::Waiting.text())
            .text(" ");
        let line = line
            .ink(Ink::Bold, waiting.path.as_str())
            .to(path, 2)
            .text(values(waiting));
        let effect = then(document, waiting);
        let line = line.to(path + value, 2);
        if line.width() + columns(&effect) <= page.style().width {
            page.push(line.text(effect));
        } else {
            page.push(line);
            let line = page.start().to(path, 0);
            page.wrap(line, Ink::Plain, &effect);
        }
        if waiting.overdue {
            let line = page.start().to(path, 0);
            page.wrap(
                line,
                Ink::Danger,
                "OVERDUE: a window has passed and it is not in effect",
            );
        }
        if !waiting.note.is_empty() {
            let line = page.start().to(path, 0);
            page.wrap(line, Ink::Plain, &waiting.note);
        }
    }
}

/// What somebody else queued.
pub(crate) fn others(page: &mut Page, document: &Document) {
    let others: Vec<&WaitingPart> = document
        .waiting
        .iter()
        .filter(|waiting| !waiting.requested_by_us)
        .collect();
    if others.is_empty() {
        return;
    }
    page.blank();
    let line = page.start().ink(Ink::Notice, Sigil::Waiting.text());
    page.push(line.text(" queued in AWS by someone else"));
    for waiting in others {
        let line = page
            .start()
            .text("    ")
            .ink(Ink::Bold, &waiting.address)
            .text("  ");
        let what = format!(
            "{} {}",
            waiting.attribute.replace('_', " "),
            values(waiting)
        );
        let moment = wording::moment(&waiting.until, document.created_at);
        page.wrap(
            line,
            Ink::Plain,
            &format!("{what}   {}, {moment}", waiting.effect_text),
        );
        if waiting.overdue {
            let line = page.start().text("    ");
            page.wrap(
                line,
                Ink::Danger,
                "OVERDUE: a window has passed and it is not in effect",
            );
        }
        if !waiting.note.is_empty() {
            let line = page.start().text("    ");
            page.wrap(line, Ink::Plain, &waiting.note);
        }
    }
}

fn values(waiting: &WaitingPart) -> String {
    match (&waiting.before, &waiting.after) {
        (Some(before), Some(after)) => format!("{before} -> {after}"),
        (None, Some(after)) => format!("+ {after}"),
        (Some(before), None) => format!("- {before}"),
        (None, None) => String::new(),
    }
}

/// What it does and when, beside the line that names the next window.
fn then(document: &Document, waiting: &WaitingPart) -> String {
    let next = document.next_window.map(|window| window.start);
    match &waiting.until {
        When::Window { at } if at.is_some() && *at == next && document.changes.is_empty() => {
            format!("{} in that window", waiting.effect_text)
        }
        When::Restart { .. } => wording::moment(&waiting.until, document.created_at),
        until => {
            format!(
                "{}, {}",
                waiting.effect_text,
                wording::moment(until, document.created_at)
            )
        }
    }
}
