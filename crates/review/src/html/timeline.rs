//! When it happens: the steps of an apply with their usual times, then windows and restarts.

use std::collections::BTreeMap;

use jiff::Timestamp;
use pgward_engine::When;

use super::plan::day_and_hours;
use super::{safe, tone, tone_of};
use crate::document::{Change, Document, GateState, WaitingPart};
use crate::wording;

/// What a moment holds.
#[derive(Default)]
struct Moment<'a> {
    changes: Vec<&'a Change>,
    waiting: Vec<&'a WaitingPart>,
}

/// The moments of a plan in their order; empty if nothing happens.
pub(crate) fn timeline(document: &Document) -> String {
    let mut windows: BTreeMap<Option<Timestamp>, Moment<'_>> = BTreeMap::new();
    let mut restart = Moment::default();
    let open = document
        .changes
        .iter()
        .filter(|change| change.gate.state != GateState::Blocked);
    for change in open {
        let moment = when(document, &change.when);
        match moment {
            Some(At::Window(at)) => windows.entry(at).or_default().changes.push(change),
            Some(At::Restart) => restart.changes.push(change),
            None => {}
        }
    }
    for waiting in &document.waiting {
        match when(document, &waiting.until) {
            Some(At::Window(at)) => windows.entry(at).or_default().waiting.push(waiting),
            Some(At::Restart) => restart.waiting.push(waiting),
            None => {}
        }
    }
    let mut out = steps(document);
    for (at, moment) in &windows {
        let (title, more) = window(document, *at);
        out.push_str(&row(&title, &more, &items(moment)));
    }
    if !restart.changes.is_empty() || !restart.waiting.is_empty() {
        let more = "AWS does not restart by itself; somebody must";
        out.push_str(&row("After the next restart", more, &items(&restart)));
    }
    out
}

enum At {
    Window(Option<Timestamp>),
    Restart,
}

/// The moment outside of the apply, if it is one.
fn when(document: &Document, when: &When) -> Option<At> {
    match when {
        When::Now | When::Never => None,
        When::Window { at } => Some(At::Window(*at)),
        When::Restart { with: None } => Some(At::Restart),
        When::Restart { with: Some(path) } => {
            let cause = document.changes.iter().find(|change| change.path == *path);
            match cause.map(|change| &change.when) {
                Some(When::Window { at }) => Some(At::Window(*at)),
                Some(When::Now) => None,
                Some(When::Restart { .. } | When::Never) | None => Some(At::Restart),
            }
        }
    }
}

fn window(document: &Document, at: Option<Timestamp>) -> (String, String) {
    let Some(at) = at else {
        return (
            "In the next window".to_owned(),
            "maintenance window".to_owned(),
        );
    };
    let range = document
        .next_window
        .filter(|window| window.start == at)
        .map(|window| wording::window_range(window.start, window.end));
    let range = range.unwrap_or_else(|| wording::day_and_time(at));
    let (title, clock) = day_and_hours(&range);
    let hours = (at.as_second() - document.created_at.as_second()).max(0) / 3600;
    let distance = match hours {
        0 => "within the hour".to_owned(),
        1..48 => format!("in {hours} h"),
        _ => format!("in {} days", hours / 24),
    };
    let more = format!("{clock}, maintenance window, {distance}");
    let more = more.trim_start_matches(", ").to_owned();
    (title, more)
}

fn row(title: &str, more: &str, body: &str) -> String {
    format!(
        "<div class=\"moment\"><div><h3>{}</h3><p>{}</p></div><div>{body}</div></div>\n",
        safe(title),
        safe(more)
    )
}

fn items(moment: &Moment<'_>) -> String {
    let mut out = String::from("<ul class=\"plain\">");
    for change in &moment.changes {
        out = format!(
            "{out}<li><span class=\"tag {}\">{}</span> <code>{}</code> {}</li>",
            tone(change),
            safe(&change.effect_text.to_lowercase()),
            safe(change.path.as_str()),
            arrow(change.before_text.as_ref(), change.after_text.as_ref()),
        );
    }
    for waiting in &moment.waiting {
        let whose = if waiting.requested_by_us {
            "accepted earlier"
        } else {
            "queued by someone else"
        };
        let overdue = if waiting.overdue {
            " <span class=\"tag danger\">overdue</span>"
        } else {
            ""
        };
        out = format!(
            "{out}<li><span class=\"tag {}\">{}</span> <code>{}</code> {} \
             <span class=\"soft small\">{whose}</span>{overdue}</li>",
            tone_of(waiting.effect),
            safe(&waiting.effect_text.to_lowercase()),
            safe(waiting.path.as_str()),
            arrow(waiting.before.as_ref(), waiting.after.as_ref()),
        );
    }
    out.push_str("</ul>");
    out
}

fn arrow(before: Option<&String>, after: Option<&String>) -> String {
    match (before, after) {
        (Some(before), Some(after)) => format!("{} → {}", safe(before), safe(after)),
        (None, Some(after)) => format!("+ {}", safe(after)),
        (Some(before), None) => format!("<s>{}</s>", safe(before)),
        (None, None) => String::new(),
    }
}

/// The steps as bars on one scale: solid for the shortest usual time, pale up to the longest.
fn steps(document: &Document) -> String {
    if document.steps.is_empty() {
        return String::new();
    }
    let total: u32 = document.steps.iter().map(|step| step.minutes.1).sum();
    // Steps that take no time still get a mark.
    let scale = f64::from(total.max(1));
    let mut start = 0;
    let mut body = String::from("<div class=\"steps\">");
    for step in &document.steps {
        let (from, to) = step.minutes;
        let part = |minutes: u32| f64::from(minutes) / scale * 100.0;
        body = format!(
            "{body}<span>Step {}</span><div class=\"track\">\
             <i class=\"perhaps\" style=\"left:{:.2}%;width:{:.2}%\"></i>\
             <i style=\"left:{:.2}%;width:{:.2}%\"></i></div><span class=\"soft\">{}</span>\
             <span class=\"who\">{}</span>",
            step.number,
            part(start).min(99.0),
            part(to),
            part(start).min(99.0),
            part(from),
            wording::minutes_range(from, to),
            safe(&wording::list(&step.addresses, 12)),
        );
        start += to;
    }
    body.push_str("</div>");
    let now = document
        .changes
        .iter()
        .filter(|change| change.gate.state != GateState::Blocked && change.when == When::Now)
        .count();
    let more = format!("{} in effect at once", wording::count(now, "change"));
    row("At apply", &more, &body)
}
