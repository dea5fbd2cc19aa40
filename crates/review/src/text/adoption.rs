//! `import --adopt` as text: what gets our tags, and what of it differs from the spec.

use pgward_engine::Adoption;

use super::detail;
use super::layout::{Ink, Page, Style};
use super::{head, plan};
use crate::document::{Change, Document, command};
use crate::wording;

/// Column of the text behind an address.
const TEXT: usize = 22;

/// The text of a plan that gives tags to what exists.
#[must_use]
pub fn adoption(document: &Document, style: Style) -> String {
    let mut page = Page::new(style);
    head::environment(&mut page, &document.environment);
    head::spec(&mut page, document);
    page.blank();
    if document.changes.is_empty() {
        nothing(&mut page, document);
    } else {
        let tags = format!(
            "{} the tags pgward:project={}, pgward:environment={}",
            verb(document.changes.len()),
            document.environment.project,
            document.environment.name
        );
        head::headline(&mut page, "ADOPT", &[tags, "online".to_owned()]);
        document
            .changes
            .iter()
            .for_each(|change| one(&mut page, change));
        if let Some(adoption) = document.adoption {
            page.blank();
            let line = page.start();
            page.wrap(line, Ink::Plain, &sentence(document, adoption));
        }
    }
    plan::surroundings(&mut page, document);
    page.finish()
}

/// `10 resources get`.
fn verb(count: usize) -> String {
    let verb = if count == 1 { "gets" } else { "get" };
    format!("{} {verb}", wording::count(count, "resource"))
}

/// Whether anything else would have to change, and who would show it.
fn sentence(document: &Document, adoption: Adoption) -> String {
    let values = wording::count(adoption.compared, "compared value");
    match adoption.differing {
        0 if adoption.compared == 1 => {
            "No other value changes: the spec and AWS agree on the one compared value.".to_owned()
        }
        0 => format!("No other value changes: the spec and AWS agree on all {values}."),
        some => {
            let verb = if some == 1 { "differs" } else { "differ" };
            let plan = format!("plan {}", document.environment.name);
            format!(
                "No other value changes now: {some} of {values} {verb}, and {} will show {}.",
                command(&document.environment, &plan),
                if some == 1 { "it" } else { "them" }
            )
        }
    }
}

fn nothing(page: &mut Page, document: &Document) {
    let compared = document.summary.resources.compared;
    let text = if compared > 0 {
        let verb = if compared == 1 { "is" } else { "are" };
        format!(
            "{} {verb} managed already",
            wording::count(compared, "resource")
        )
    } else {
        "nothing that the spec names exists without an owner".to_owned()
    };
    head::headline(page, "NOTHING TO ADOPT", &[text]);
}

fn one(page: &mut Page, change: &Change) {
    let line = page
        .start()
        .text("  ")
        .ink(detail::ink(change), change.sigil.text())
        .text(" ");
    let line = line.ink(Ink::Bold, &change.address).to(TEXT, 2);
    let line = line.text(&change.headline);
    let place = head::place(change.source.as_ref());
    let width = page.style().width;
    page.push(line.ending_at(width, 2, Ink::Dim, &place));
    for remark in &change.remarks {
        let line = page.start().text("      ").text(&remark.label).to(TEXT, 2);
        page.wrap(line, Ink::Plain, &remark.text);
    }
}
