//! `destroy` as text: what goes, in which order, what is kept, and what is not touched.

use pgward_model::Effect;

use super::layout::{Ink, Page, Style};
use super::{detail, head, plan};
use crate::document::{Change, Document, Group, StepPart};
use crate::wording;

/// Column of the text behind an address.
const TEXT: usize = 22;

/// The text of a plan that deletes an environment.
#[must_use]
pub fn destroy(document: &Document, style: Style) -> String {
    let mut page = Page::new(style);
    head::environment(&mut page, &document.environment);
    head::spec(&mut page, document);
    page.blank();
    if document.changes.is_empty() {
        let unread = document.live.unread.len();
        let nothing = if unread > 0 {
            let verb = if unread == 1 { "was" } else { "were" };
            format!(
                "{} {verb} not read, and may exist",
                wording::count(unread, "resource")
            )
        } else if document.notes.is_empty() {
            "no resource of this environment exists".to_owned()
        } else {
            "what exists stays".to_owned()
        };
        head::headline(&mut page, "NOTHING TO DESTROY", &[nothing]);
    } else {
        headline(&mut page, document);
        for change in document
            .changes
            .iter()
            .filter(|change| change.step.is_none())
        {
            detail::detail(&mut page, document, &Group::of(change));
        }
        page.blank();
        for step in &document.steps {
            deletions(&mut page, document, step);
        }
    }
    plan::surroundings(&mut page, document);
    page.finish()
}

/// `DESTROY  10 resources · DATA LOSS: 4 GiB in happytrip-b2b-dev`.
fn headline(page: &mut Page, document: &Document) {
    let mut parts = vec![wording::count(document.changes.len(), "resource")];
    let lost: Vec<String> = document
        .changes
        .iter()
        .filter(|change| change.effect == Effect::DataLoss)
        .map(|change| {
            let holds = change.remarks.iter().find(|remark| remark.label == "holds");
            match holds {
                Some(holds) => format!("{} in {}", holds.text, change.resource.id),
                None => change.resource.id.clone(),
            }
        })
        .collect();
    if !lost.is_empty() {
        parts.push(format!("DATA LOSS: {}", wording::list(&lost, 6)));
    }
    let blocked = document.blocked().count();
    if blocked > 0 {
        parts.push(format!("{blocked} BLOCKED"));
    }
    let unread = document.live.unread.len();
    if unread > 0 {
        parts.push(format!("{unread} UNREAD"));
    }
    head::headline(page, "DESTROY", &parts);
    plan::cost(page, document);
}

fn deletions(page: &mut Page, document: &Document, step: &StepPart) {
    let changes: Vec<&Change> = document
        .changes
        .iter()
        .filter(|change| change.step == Some(step.number))
        .collect();
    if changes.is_empty() {
        return;
    }
    let mut heading = vec![format!("Step {}", step.number)];
    if step.minutes.1 > 0 {
        heading.push(wording::minutes_range(step.minutes.0, step.minutes.1));
    }
    head::dotted(page, &heading);
    let mut rest = changes.as_slice();
    while let Some((first, others)) = rest.split_first() {
        let alike = others
            .iter()
            .take_while(|other| same_line(first, other))
            .count();
        let (group, after) = rest.split_at(alike + 1);
        let shared = first.remarks.iter().any(|remark| remark.label.is_empty());
        if group.len() > 3 || (group.len() > 1 && shared) {
            together(page, group);
        } else {
            group.iter().for_each(|change| alone(page, change));
        }
        rest = after;
    }
}

/// Whether two deletions are said in one line: `secret.master` and `secret.app`.
fn same_line(one: &Change, other: &Change) -> bool {
    let section = |change: &Change| {
        change
            .address
            .split_once('.')
            .map(|(name, _)| name.to_owned())
    };
    let plain = |change: &Change| change.remarks.iter().all(|remark| remark.label.is_empty());
    section(one).is_some()
        && section(one) == section(other)
        && plain(one)
        && one.remarks == other.remarks
        && one.sigil == other.sigil
}

fn together(page: &mut Page, group: &[&Change]) {
    let addresses: Vec<&str> = group.iter().map(|change| change.address.as_str()).collect();
    let line = page
        .start()
        .text("  ")
        .ink(detail::ink(group[0]), group[0].sigil.text())
        .text(" ");
    let mut text = addresses.join(", ");
    for remark in &group[0].remarks {
        text = format!("{text}    {}", remark.text);
    }
    page.wrap(line, Ink::Plain, &text);
}

fn alone(page: &mut Page, change: &Change) {
    let line = page
        .start()
        .text("  ")
        .ink(detail::ink(change), change.sigil.text())
        .text(" ");
    let line = line.ink(Ink::Bold, &change.address).to(TEXT, 2);
    let beside = change
        .remarks
        .iter()
        .filter(|remark| remark.label.is_empty());
    let text = beside.fold(change.headline.clone(), |text, remark| {
        format!("{text}, {}", remark.text)
    });
    page.wrap(line, Ink::Plain, &text);
    for remark in &change.remarks {
        if remark.label.is_empty() || remark.label == "holds" {
            continue;
        }
        let line = page.start().text("      ").text(&remark.label).to(TEXT, 2);
        page.wrap(line, Ink::Plain, &remark.text);
    }
}
