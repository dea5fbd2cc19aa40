//! `drift` as text: what others changed, what is expected, and how to put it back or keep it.

use jiff::{SignedDuration, Timestamp};
use pgward_engine::DriftClass;
use pgward_model::{Effect, Flag};

use super::head;
use super::layout::{Ink, Line, Page, Style, columns};
use crate::document::{DriftEntry, command};
use crate::drift::{DriftDocument, DriftVerdict};
use crate::wording;

/// The least widths of the columns: what, last applied, now in AWS.
const LEAST: [usize; 3] = [30, 17, 17];

/// The text of a drift report.
#[must_use]
pub fn drift(document: &DriftDocument, style: Style) -> String {
    let mut page = Page::new(style);
    head::environment(&mut page, &document.environment);
    let mut read = vec![format!(
        "live state read {}",
        wording::date_and_time(document.read_at)
    )];
    if let Some(last) = &document.last_apply {
        let at = last
            .commit
            .as_ref()
            .map(|commit| format!(" at {commit}"))
            .unwrap_or_default();
        let when = wording::date_and_time(last.at);
        read.push(format!("compared with the last apply, {when}{at}"));
    }
    head::dotted(&mut page, &read);
    page.blank();
    headline(&mut page, document);
    table(&mut page, document);
    lists(&mut page, document);
    ways_out(&mut page, document);
    page.finish()
}

fn headline(page: &mut Page, document: &DriftDocument) {
    let summary = &document.summary;
    let all = summary.compared + summary.unread;
    match document.verdict {
        DriftVerdict::NoDrift if document.last_apply.is_some() => {
            let text = format!("{} as last applied", wording::count(all, "resource"));
            head::headline(page, "NO DRIFT", &[text]);
        }
        DriftVerdict::NoDrift if document.is_not_applied() => {
            let text = "the environment was not applied yet".to_owned();
            head::headline(page, "NO DRIFT", &[text]);
        }
        DriftVerdict::NoDrift => {
            let text = format!("{} as specified", wording::count(all, "resource"));
            head::headline(page, "NO DRIFT", &[text]);
        }
        DriftVerdict::Incomplete if summary.compared == 0 => {
            let text = format!("none of {} could be read", wording::count(all, "resource"));
            head::headline(page, "NOT READ", &[text]);
        }
        DriftVerdict::Incomplete => {
            let text = format!(
                " in {} of {}",
                summary.compared,
                wording::count(all, "resource")
            );
            let line = page.start().ink(Ink::Bold, "NO DRIFT").text(text);
            page.push(line);
            let line = page.start().text("  ").ink(Ink::Notice, "?").text(" ");
            let text = format!(
                "{} could not be read",
                wording::count(summary.unread, "resource")
            );
            page.push(line.text(text));
        }
        DriftVerdict::Drift => {
            let verb = if summary.outside == 1 { "was" } else { "were" };
            let mut parts = vec![format!(
                "{} {verb} changed outside",
                wording::count(summary.outside, "resource")
            )];
            if summary.ignored > 0 {
                parts.push(format!("{} ignored", summary.ignored));
            }
            if summary.expected > 0 {
                parts.push(format!("{} expected", summary.expected));
            }
            if summary.unread > 0 {
                parts.push(format!("{} UNREAD", summary.unread));
            }
            head::headline(page, "DRIFT", &parts);
        }
        DriftVerdict::Different => {
            let verb = if summary.outside == 1 {
                "differs"
            } else {
                "differ"
            };
            let mut parts = vec![format!(
                "{} {verb}",
                wording::count(summary.outside, "resource")
            )];
            if summary.unread > 0 {
                parts.push(format!("{} UNREAD", summary.unread));
            }
            head::headline(page, "DIFFERENT FROM THE SPEC", &parts);
            let line = page.start().text("      ");
            let text = "there is no record of the last apply, so changes from outside can't be \
                        told from changes of the spec that were not applied yet";
            page.wrap(line, Ink::Plain, text);
        }
    }
}

fn table(page: &mut Page, document: &DriftDocument) {
    let entries: Vec<&DriftEntry> = document.of(DriftClass::Outside).collect();
    if entries.is_empty() {
        return;
    }
    let widest = |text: &dyn Fn(&DriftEntry) -> String| {
        entries
            .iter()
            .map(|entry| columns(&text(entry)))
            .max()
            .unwrap_or(0)
            + 2
    };
    let what = 4 + LEAST[0].max(widest(&|entry| entry.path.to_string()));
    let last = what + LEAST[1].max(widest(&|entry| shown(entry.last_applied.as_ref())));
    let now = last + LEAST[2].max(widest(&|entry| shown(entry.live.as_ref())));
    let named = entries.iter().any(|entry| entry.who.is_some());
    let fits = now <= page.style().width;
    let before = if document.last_apply.is_some() {
        "last applied"
    } else {
        "in the spec"
    };
    if fits {
        let head = page.start().text("    what").to(what, 2).text(before);
        let head = head.to(last, 2).text("now in AWS");
        page.push(if named {
            head.to(now, 2).text("who, when")
        } else {
            head
        });
    }
    for entry in entries {
        let exposed = entry.flags.contains(&Flag::Exposure);
        let ink = match entry.effect {
            _ if exposed => Ink::Danger,
            Effect::Online => Ink::Calm,
            Effect::Degraded | Effect::Reboot => Ink::Notice,
            Effect::Downtime | Effect::Replace | Effect::DataLoss => Ink::Danger,
        };
        let line = page
            .start()
            .text("  ")
            .ink(ink, entry.sigil.text())
            .text(" ");
        let line = line.ink(Ink::Bold, entry.path.as_str());
        let source = head::place(entry.source.as_ref());
        if fits {
            let line = line.to(what, 2).text(shown(entry.last_applied.as_ref()));
            let line = who(
                line.to(last, 2).text(shown(entry.live.as_ref())),
                now,
                entry,
            );
            remarks(page, entry, line, &source);
        } else {
            page.push(line);
            let line = page.start().text("      ").text(before).to(20, 2);
            page.wrap(line, Ink::Plain, &shown(entry.last_applied.as_ref()));
            let line = page.start().text("      now in AWS").to(20, 2);
            page.wrap(line, Ink::Plain, &shown(entry.live.as_ref()));
            let line = who(page.start().text("      "), 6, entry);
            remarks(page, entry, line, &source);
        }
    }
}

fn who(line: Line, column: usize, entry: &DriftEntry) -> Line {
    let Some(who) = &entry.who else { return line };
    let line = line.to(column, 2).text(who);
    match entry.at {
        Some(at) => line.text(", ").text(wording::day_and_time(at)),
        None => line,
    }
}

/// The row itself, then its remarks; the place stands at the end of the last of them.
fn remarks(page: &mut Page, entry: &DriftEntry, line: Line, source: &str) {
    let exposed = entry.flags.contains(&Flag::Exposure);
    let mut texts = entry.remarks.clone();
    match texts.first_mut().filter(|_| exposed) {
        Some(first) if !first.starts_with("EXPOSURE") => *first = format!("EXPOSURE: {first}"),
        None if exposed => texts.push("EXPOSURE: more can reach or read it".to_owned()),
        _ => {}
    }
    let Some((last, others)) = texts.split_last() else {
        let end = page.start().ink(Ink::Dim, source);
        page.push_with_end(line, end);
        return;
    };
    if !line.is_blank() {
        page.push(line);
    }
    for text in others {
        let line = page.start().text("      ");
        page.wrap(line, Ink::Plain, text);
    }
    let line = page.start().text("      ");
    page.wrap_with_end(line, last, source);
}

/// What is expected, ignored, or not applied yet.
fn lists(page: &mut Page, document: &DriftDocument) {
    let some = |class| document.of(class).next().is_some();
    let classes = [
        DriftClass::Expected,
        DriftClass::Ignored,
        DriftClass::NotApplied,
    ];
    if classes.into_iter().any(some) || !document.not_working.is_empty() {
        page.blank();
    }
    if !document.not_working.is_empty() {
        title(page, "not in working order, and no drift");
        for part in &document.not_working {
            item(page, &format!("{}: {}", part.state, part.advice));
        }
    }
    if some(DriftClass::Expected) {
        title(page, "expected, not counted");
        for entry in document.of(DriftClass::Expected) {
            let values = format!(
                "{}  {} -> {} {}",
                entry.path,
                shown(entry.last_applied.as_ref()),
                shown(entry.live.as_ref()),
                entry.remarks.join("; ")
            );
            item(page, values.trim_end());
        }
    }
    if some(DriftClass::Ignored) {
        title(page, "ignored");
        let mut seen: Vec<&str> = Vec::new();
        for entry in document.of(DriftClass::Ignored) {
            let path = entry.path.as_str();
            if seen.contains(&path) {
                continue;
            }
            seen.push(path);
            let same = document
                .of(DriftClass::Ignored)
                .filter(|other| other.path == entry.path);
            let on = match same.count() {
                1 => String::new(),
                many => format!(" on {}", wording::count(many, "resource")),
            };
            let why = entry.remarks.join("; ");
            let joint = if why.is_empty() { "" } else { ", " };
            item(page, &format!("{path}{on}{joint}{why}"));
        }
    }
    // Of an environment that was never applied the headline has said it all.
    if some(DriftClass::NotApplied) && !document.is_not_applied() {
        title(page, "not applied yet, not drift");
        let plan = command(
            &document.environment,
            &format!("plan {}", document.environment.name),
        );
        for entry in document.of(DriftClass::NotApplied) {
            let declared = if entry.remarks.is_empty() {
                "changed in the spec".to_owned()
            } else {
                entry.remarks.join("; ")
            };
            let text = match &entry.live {
                Some(live) => format!("{} {live} in AWS, {declared}: {plan}", entry.path),
                None => format!("{} {declared}", entry.path),
            };
            item(page, &text);
        }
    }
}

fn title(page: &mut Page, text: &str) {
    let line = page.start().text("  ").text(text);
    page.push(line);
}

fn item(page: &mut Page, text: &str) {
    let line = page.start().text("    ");
    page.wrap(line, Ink::Plain, text);
}

/// Put it back, or keep it.
fn ways_out(page: &mut Page, document: &DriftDocument) {
    let outside: Vec<&DriftEntry> = document.of(DriftClass::Outside).collect();
    if outside.is_empty() {
        return;
    }
    let worst = outside
        .iter()
        .map(|entry| entry.effect)
        .max()
        .unwrap_or(Effect::Online);
    page.blank();
    for notice in &document.next {
        let label = page.start().text(&notice.label).to(12, 2);
        let line = label.clone().text(&notice.command);
        if document.verdict == DriftVerdict::Different {
            head::command(page, label, &notice.command);
            continue;
        }
        let note = if worst.interrupts() {
            format!("({worst}: read the plan first)")
        } else {
            format!("({worst}, no interruption)")
        };
        let end = columns(&note);
        if line.width() + 6 + end <= page.style().width {
            page.push(line.text("      ").text(note));
        } else {
            head::command(page, label, &notice.command);
            let line = page.start().to(12, 0);
            page.wrap(line, Ink::Plain, &note);
        }
    }
    if document.verdict == DriftVerdict::Different {
        return;
    }
    // A whole resource can only be put back, or be left to the spec.
    let is_whole = |entry: &DriftEntry| entry.path.as_str() == entry.address;
    let mut values = outside.iter().filter(|entry| !is_whole(entry));
    let Some(first) = values.next() else {
        let line = page.start().text("Keep:").to(12, 2);
        page.push(line.text("change the spec"));
        return;
    };
    let line = page.start().text("Keep:").to(12, 2);
    page.wrap(line, Ink::Plain, "write it into the spec, or for a while:");
    let words = format!(
        "drift {} --accept {} --reason \"...\" --until {}",
        document.environment.name,
        first.path,
        month_ahead(document.read_at)
    );
    let line = page.start().to(12, 0);
    head::command(page, line, &command(&document.environment, &words));
}

/// The first day of a month that is at least two weeks away, as an example of a date.
fn month_ahead(now: Timestamp) -> String {
    let mut day = now + SignedDuration::from_hours(14 * 24);
    while day.strftime("%d").to_string() != "01" {
        day += SignedDuration::from_hours(24);
    }
    day.strftime("%F").to_string()
}

fn shown(value: Option<&String>) -> String {
    value.cloned().unwrap_or_else(|| "none".to_owned())
}
