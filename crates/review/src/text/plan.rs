//! `plan` as text: the headline, the changes, what waits, what is to be known, and what to type.

use pgward_model::Severity;

use super::layout::{Ink, Page, Style};
use super::{creation, detail, head, table, waiting};
use crate::document::{Document, GateState, groups};
use crate::wording::{self, Sigil};

/// The text of a plan; a plan that deletes an environment is printed by
/// [`destroy`](super::destroy()).
#[must_use]
pub fn plan(document: &Document, style: Style) -> String {
    let mut page = Page::new(style);
    head::environment(&mut page, &document.environment);
    head::spec(&mut page, document);
    page.blank();
    if document.changes.is_empty() {
        nothing(&mut page, document);
    } else {
        headline(&mut page, document);
        if document.only_creates() {
            creation::steps(&mut page, document);
        } else {
            table::table(&mut page, document);
            for group in groups(&document.changes) {
                detail::detail(&mut page, document, &group);
            }
        }
        waiting::ours(&mut page, document);
    }
    waiting::others(&mut page, document);
    surroundings(&mut page, document);
    page.finish()
}

/// What could not be read or checked, findings, notes, and what to type; also used by `destroy`.
pub(crate) fn surroundings(page: &mut Page, document: &Document) {
    unmanaged_and_unread(page, document);
    findings(page, document);
    section(page, "Not checked", &document.not_checked);
    if document.destroy {
        for note in &document.notes {
            page.blank();
            let line = page.start();
            page.wrap(line, Ink::Plain, note);
        }
    } else {
        section(page, "Notes", &document.notes);
    }
    head::notices(page, &document.next);
}

/// The question before an apply or a deletion; the answer is the environment's name, or
/// `project/name` for a deletion.
#[must_use]
pub fn question(document: &Document) -> String {
    if document.destroy {
        return format!("This deletes data. Type {} to go on: ", document.title());
    }
    if document.adoption.is_some() {
        return format!(
            "Adopt {} of account {}?\nType the environment's name to go on: ",
            wording::count(document.changes.len(), "resource"),
            document.environment.account
        );
    }
    format!(
        "Apply {} to {} in account {}?\nType the environment's name to go on: ",
        wording::count(document.changes.len(), "change"),
        document.title(),
        document.environment.account
    )
}

/// Why a plan can't be applied as it is, for the last line: `two changes are blocked`.
#[must_use]
pub fn refusal(document: &Document) -> Option<String> {
    let blocked = document.blocked().count();
    let unread = document.live.unread.len();
    let unmanaged = document.unmanaged.len();
    if blocked + unread + unmanaged == 0 && document.is_refused() {
        return Some("AWS would refuse the plan".to_owned());
    }
    match (blocked, unread, unmanaged) {
        (1, _, _) => Some("one change is blocked".to_owned()),
        (2.., _, _) => Some(format!("{} changes are blocked", wording::number(blocked))),
        (0, 1, _) => Some("one resource could not be read".to_owned()),
        (0, 2.., _) => Some(format!(
            "{} resources could not be read",
            wording::number(unread)
        )),
        (0, 0, 1) => Some("one resource exists and is not managed here".to_owned()),
        (0, 0, 2..) => Some(format!(
            "{} resources exist and are not managed here",
            wording::number(unmanaged)
        )),
        (0, 0, 0) => None,
    }
}

fn nothing(page: &mut Page, document: &Document) {
    let resources = &document.summary.resources;
    let all = resources.compared + resources.unread;
    if resources.unread > 0 {
        let text = format!(
            "in {} of {}",
            resources.compared,
            wording::count(all, "resource")
        );
        let line = page
            .start()
            .ink(Ink::Bold, "NO CHANGES")
            .text(" ")
            .text(text);
        page.push(line);
    } else {
        let waits = document
            .waiting
            .iter()
            .any(|waiting| waiting.requested_by_us);
        let way = if waits { " or on their way" } else { "" };
        let text = if document.only.is_empty() {
            format!(
                "{} compared, all as specified{way}",
                wording::count(all, "resource")
            )
        } else {
            format!(
                "to {}, which --only names",
                wording::list(&document.only, 4)
            )
        };
        head::headline(page, "NO CHANGES", &[text]);
    }
    if let Some(window) = document.next_window {
        let idle = if document.waiting.is_empty() {
            ", nothing waiting for it"
        } else {
            ""
        };
        let range = wording::window_range(window.start, window.end);
        let line = page
            .start()
            .text("      next window  ")
            .text(range)
            .text(idle);
        page.push(line);
    }
    waiting::lines(page, document);
}

/// `PLAN  5 changes · 1 ready · 2 need --allow · 2 BLOCKED`, then money and time.
fn headline(page: &mut Page, document: &Document) {
    let mut parts = gates(document);
    let creates = document.only_creates();
    if document.is_new && creates && !document.is_refused() {
        parts.push("the environment is new, so nothing can be interrupted".to_owned());
    }
    head::headline(page, "PLAN", &parts);
    cost(page, document);
    if creates {
        let (from, to) = document.steps.iter().fold((0, 0), |sum, step| {
            (sum.0 + step.minutes.0, sum.1 + step.minutes.1)
        });
        if to > 0 {
            let about = wording::about_minutes(from, to);
            let text = format!("{about}, most of it waiting for RDS");
            let line = page.start().text("      time  ");
            page.wrap(line, Ink::Plain, &text);
        }
    }
}

/// How many changes there are, and what stands against them.
pub(crate) fn gates(document: &Document) -> Vec<String> {
    let of = |state| {
        document
            .changes
            .iter()
            .filter(|change| change.gate.state == state)
            .count()
    };
    let (ready, waits, blocked) = (
        of(GateState::Ready),
        of(GateState::NeedsAllow),
        of(GateState::Blocked),
    );
    let total = document.changes.len();
    let creates = document.only_creates();
    let mut parts = vec![if creates {
        format!("{total} to create")
    } else {
        wording::count(total, "change")
    }];
    // What AWS would refuse is refused as a whole, so that nothing of it is ready.
    let refused = document.is_refused();
    if ready > 0 && (ready < total || !creates) && !refused {
        parts.push(format!("{ready} ready"));
    }
    if waits > 0 {
        parts.push(format!(
            "{waits} need{} --allow",
            if waits == 1 { "s" } else { "" }
        ));
    }
    if blocked > 0 {
        parts.push(format!("{blocked} BLOCKED"));
    }
    if refused {
        parts.push("REFUSED".to_owned());
    }
    let unread = document.live.unread.len();
    if unread > 0 {
        parts.push(format!("{unread} UNREAD"));
    }
    parts
}

/// The line of money, if prices are on and there is something to say.
pub(crate) fn cost(page: &mut Page, document: &Document) {
    let Some(cost) = &document.summary.cost else {
        return;
    };
    let zero = wording::is_zero(&cost.monthly_delta);
    let text = match (zero, cost.unpriced.as_slice()) {
        (true, []) => return,
        (false, []) => wording::money(&cost.monthly_delta, "month"),
        (_, unpriced) => {
            let sum = if zero {
                "nothing".to_owned()
            } else {
                wording::money(&cost.monthly_delta, "month")
            };
            let names: Vec<&str> = unpriced.iter().map(pgward_model::Path::as_str).collect();
            let verb = if names.len() == 1 { "is" } else { "are" };
            format!(
                "{sum} as far as priced; {} {verb} not priced",
                wording::list(&names, 6)
            )
        }
    };
    let line = page.start().text("      cost  ");
    page.wrap(line, Ink::Plain, &text);
}

fn unmanaged_and_unread(page: &mut Page, document: &Document) {
    if document.unmanaged.is_empty() && document.live.unread.is_empty() {
        return;
    }
    page.blank();
    let sigil = Sigil::Unread.text();
    for unmanaged in &document.unmanaged {
        let line = page.start().ink(Ink::Notice, sigil).text(" ");
        let line = line.ink(Ink::Bold, &unmanaged.address).text("  ");
        let import = format!("import {} --adopt", document.environment.name);
        let text = match &unmanaged.owner {
            None => format!(
                "{} exists and is not managed here: {}  ({})",
                unmanaged.name,
                crate::document::command(&document.environment, &import),
                unmanaged.code
            ),
            Some(owner) => {
                format!(
                    "{} exists and belongs to {owner}  ({})",
                    unmanaged.name, unmanaged.code
                )
            }
        };
        page.wrap(line, Ink::Plain, &text);
    }
    for unread in &document.live.unread {
        let line = page.start().ink(Ink::Notice, sigil).text(" ");
        let line = line.ink(Ink::Bold, &unread.address).text("  ");
        page.wrap(
            line,
            Ink::Plain,
            &format!("could not be read: {}", unread.reason),
        );
    }
}

/// Findings that no blocked change has said already.
fn findings(page: &mut Page, document: &Document) {
    let mut first = true;
    for finding in document.unsaid() {
        let place = finding.source.as_ref();
        if first {
            page.blank();
            let line = page.start().text("Findings");
            page.push(line);
            first = false;
        }
        let (word, ink) = match (finding.accepted.is_some(), finding.level) {
            (true, _) => ("accepted", Ink::Dim),
            (false, Severity::Error) => ("error", Ink::Danger),
            (false, Severity::Warning) => ("warning", Ink::Notice),
            (false, Severity::Note) => ("note", Ink::Plain),
        };
        let line = page
            .start()
            .text("  ")
            .ink(ink, format!("{word}[{}]", finding.code));
        let line = line.text(": ");
        let end = head::place(place);
        page.wrap_with_end(line, &finding.message, &end);
        let next = finding
            .facts
            .iter()
            .filter(|(word, _)| word == "next")
            .map(|(_, text)| text);
        for help in finding
            .help
            .iter()
            .chain(next)
            .filter(|_| finding.accepted.is_none())
        {
            let line = page.start().text("    ");
            page.wrap(line, Ink::Plain, help);
        }
    }
}

fn section(page: &mut Page, title: &str, sentences: &[String]) {
    if sentences.is_empty() {
        return;
    }
    page.blank();
    let line = page.start().text(title);
    page.push(line);
    for sentence in sentences {
        let line = page.start().text("  ");
        page.wrap(line, Ink::Plain, sentence);
    }
}
