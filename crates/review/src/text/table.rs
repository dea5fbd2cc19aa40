//! The table at the top of a plan: one row per change with effect, moment and money.

use super::detail;
use super::layout::{Ink, Line, Page, columns};
use crate::document::{Document, GateState, Group, groups};
use crate::wording;

/// The least widths of the columns: change, effect, moment without and with money.
const LEAST: [usize; 4] = [28, 26, 27, 36];

/// The table of all changes, after an empty line.
pub(crate) fn table(page: &mut Page, document: &Document) {
    page.blank();
    let groups = groups(&document.changes);
    let rows: Vec<[String; 4]> = groups.iter().map(|group| cells(document, group)).collect();
    let priced = document.summary.cost.is_some();
    let widest = |column: usize| {
        rows.iter()
            .map(|row| columns(&row[column]))
            .max()
            .unwrap_or(0)
    };
    let both = rows
        .iter()
        .map(|row| columns(&row[2]) + 2 + columns(&row[3]))
        .max()
        .unwrap_or(0);
    let room = page.style().width.saturating_sub(4);
    let path = LEAST[0].max(widest(0) + 2);
    let moment = if priced {
        LEAST[3].max(both)
    } else {
        LEAST[2].max(widest(2))
    };
    let spare = room.saturating_sub(path + moment);
    let effect = (widest(1) + 2).max(LEAST[1].min(spare));
    let one_line = path + effect + moment <= room;
    let stops = [4 + path, 4 + path + effect, 4 + path + effect + moment];
    if one_line {
        let head = page
            .start()
            .text("    change")
            .to(stops[0], 2)
            .text("effect");
        let head = head.to(stops[1], 2).text("when");
        let head = if priced {
            head.ending_at(stops[2], 2, Ink::Plain, "$/month")
        } else {
            head
        };
        page.push(head);
    }
    for (group, row) in groups.iter().zip(&rows) {
        let change = group.change;
        let ink = detail::ink(change);
        let line = page
            .start()
            .text("  ")
            .ink(ink, change.sigil.text())
            .text(" ");
        let line = line.ink(Ink::Bold, &row[0]);
        if one_line {
            let line = line
                .to(stops[0], 2)
                .ink(ink, &row[1])
                .to(stops[1], 2)
                .text(&row[2]);
            page.push(if priced {
                line.ending_at(stops[2], 1, Ink::Plain, &row[3])
            } else {
                line
            });
        } else {
            page.push(line);
            narrow(page, ink, row, priced);
        }
    }
}

/// The rest of a row below its path, where the terminal is too narrow for one line.
fn narrow(page: &mut Page, ink: Ink, row: &[String; 4], priced: bool) {
    let mut line: Line = page.start().text("      ").ink(ink, &row[1]);
    for (index, cell) in row.iter().enumerate().skip(2) {
        if index == 3 && (!priced || cell == "-" || cell == "0.00") {
            continue;
        }
        let cell = if index == 3 && cell.starts_with(['+', '-']) {
            format!("{cell} $/month")
        } else {
            cell.clone()
        };
        if line.width() + 3 + line.shown_width(&cell) > page.style().width {
            page.push(line);
            line = page.start().text("      ").text(cell);
        } else {
            line = line.text(" · ").text(cell);
        }
    }
    page.push(line);
}

fn cells(document: &Document, group: &Group<'_>) -> [String; 4] {
    let change = group.change;
    let when = match change.gate.state {
        GateState::Blocked => {
            format!("blocked ({})", change.gate.code.as_deref().unwrap_or("P6"))
        }
        GateState::Ready | GateState::NeedsAllow if change.when == pgward_engine::When::Now => {
            detail::at_apply(change)
        }
        GateState::Ready | GateState::NeedsAllow => {
            wording::moment(&change.when, document.created_at)
        }
    };
    let money = match &change.cost {
        Some(cost) => wording::difference(&cost.monthly_delta),
        None if change.gate.state == GateState::Blocked => "-".to_owned(),
        None => "not priced".to_owned(),
    };
    [group.title(), change.effect_text.clone(), when, money]
}
