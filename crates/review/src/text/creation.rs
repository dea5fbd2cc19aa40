//! The plan of resources that are all new: by steps, with what a reviewer decides about.

use pgward_model::{Effect, Flag};

use super::detail;
use super::head;
use super::layout::{Ink, Line, Page};
use crate::document::{Change, Document, GateState, Group, StepPart};
use crate::wording;

/// Column of the text behind an address.
const TEXT: usize = 23;
/// Columns between the end of the price and the end of the line: room for a source.
const SOURCE: usize = 21;

/// All creations: what is blocked first, then by steps.
pub(crate) fn steps(page: &mut Page, document: &Document) {
    for change in document
        .changes
        .iter()
        .filter(|change| change.step.is_none())
    {
        detail::detail(page, document, &Group::of(change));
    }
    for step in &document.steps {
        let changes: Vec<&Change> = document
            .changes
            .iter()
            .filter(|change| change.step == Some(step.number))
            .collect();
        if changes.is_empty() {
            continue;
        }
        page.blank();
        heading(page, step, changes.len());
        for change in changes {
            creation(page, document, change);
        }
    }
}

/// `Step 1 · 6 in parallel · under 1 min`.
fn heading(page: &mut Page, step: &StepPart, number: usize) {
    let mut parts = vec![format!("Step {}", step.number)];
    if number > 1 {
        parts.push(format!("{number} in parallel"));
    }
    parts.push(wording::minutes_range(step.minutes.0, step.minutes.1));
    head::dotted(page, &parts);
}

fn creation(page: &mut Page, document: &Document, change: &Change) {
    let line = page
        .start()
        .text("  ")
        .ink(detail::ink(change), change.sigil.text())
        .text(" ");
    let line = line.ink(Ink::Bold, &change.address).to(TEXT, 2);
    let end = price_and_source(page, document, change);
    if line.width() + line.shown_width(&change.headline) <= page.style().width {
        page.push_with_end(line.text(&change.headline), end);
    } else {
        page.wrap(line, Ink::Plain, &change.headline);
        page.push_at_end(end);
    }
    for detail in &change.details {
        if detail.label.is_empty() {
            let line = page.start().text("      ");
            page.wrap(line, Ink::Plain, &detail.text);
        } else {
            let line = page.start().text("      ").text(&detail.label).to(TEXT, 2);
            page.wrap_with_end(line, &detail.text, &head::place(detail.source.as_ref()));
        }
    }
    let mut rows: Vec<(&str, String)> = Vec::new();
    if change.effect > Effect::Online || change.flags.contains(&Flag::Exposure) {
        rows.push((
            "effect",
            wording::with_reason(&change.effect_text, &change.reason),
        ));
    }
    rows.extend(
        change
            .remarks
            .iter()
            .map(|remark| (remark.label.as_str(), remark.text.clone())),
    );
    if change.gate.state == GateState::NeedsAllow {
        rows.push(("gate", detail::gate(change)));
    }
    for (label, text) in rows {
        let line = page.start().text("      ").text(label).to(TEXT, 2);
        page.wrap(line, Ink::Plain, &text);
    }
}

/// The price, ending in its own column, and the place in the file.
fn price_and_source(page: &Page, document: &Document, change: &Change) -> Line {
    let unpriced = document
        .summary
        .cost
        .as_ref()
        .is_some_and(|cost| cost.unpriced.contains(&change.path));
    let price = match &change.cost {
        _ if document.summary.cost.is_none() => String::new(),
        Some(cost) if wording::is_zero(&cost.monthly_delta) => String::new(),
        Some(cost) => wording::money(&cost.monthly_delta, "mo"),
        None if unpriced => "not priced".to_owned(),
        None => String::new(),
    };
    let source = head::place(change.source.as_ref());
    if price.is_empty() {
        return page.start().ink(Ink::Dim, source);
    }
    let line = page.start().text(price);
    let gap = SOURCE.saturating_sub(line.shown_width(&source)).max(2);
    let column = line.width() + gap;
    line.to(column, 0).ink(Ink::Dim, source)
}
