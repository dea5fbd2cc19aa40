//! Findings as annotations of GitHub Actions: workflow commands, one per line.
//!
//! GitHub shows ten errors, ten warnings and ten notices of a step and drops the rest in silence,
//! so the tenth says how many more there are. It also drops what is longer than a few kilobytes.

use std::fmt::Write as _;

use pgward_model::Severity;

use crate::alert::{Alert, alerts};
use crate::document::Source;
use crate::form::Subject;
use crate::places::Places;

/// How many annotations of a level are shown before the one that counts the rest.
const MOST: usize = 9;
/// The most bytes of a title; GitHub refuses more than 255 characters.
const TITLE: usize = 200;
/// The most bytes of a message; GitHub cuts at 4096.
const MESSAGE: usize = 3_000;

/// The annotations of a subject: worst first, at most ten of each level; empty if there are none.
#[must_use]
pub fn github(subject: &Subject<'_>, places: &Places) -> String {
    let groups = alerts(subject);
    let many = groups.len() > 1;
    let mut out = String::new();
    for (level, word) in [
        (Severity::Error, "error"),
        (Severity::Warning, "warning"),
        (Severity::Note, "notice"),
    ] {
        let all: Vec<(&str, &Alert)> = groups
            .iter()
            .flat_map(|group| {
                let title = if many { group.title.as_str() } else { "" };
                group.all.iter().map(move |alert| (title, alert))
            })
            .filter(|(_, alert)| alert.effective() == level)
            .collect();
        let shown = if all.len() > MOST + 1 {
            MOST
        } else {
            all.len()
        };
        for (title, alert) in &all[..shown] {
            out.push_str(&annotation(word, title, alert, places));
        }
        if shown < all.len() {
            let rest = all.len() - shown;
            writeln!(out, "::{word}::and {rest} more, all in the job summary")
                .expect("a string takes everything");
        }
    }
    out
}

fn annotation(word: &str, environment: &str, alert: &Alert, places: &Places) -> String {
    let mut properties = match (&alert.source, &places.fallback) {
        (Some(source), _) => place(source, places),
        (None, Some(file)) => format!("file={},", property(&places.in_repository(file))),
        (None, None) => String::new(),
    };
    let mut title = if alert.title.is_empty() {
        alert.rule.clone()
    } else if alert.rule.starts_with('P') {
        format!("{} {}", alert.rule, alert.title)
    } else {
        alert.title.clone()
    };
    if !environment.is_empty() {
        title = format!("{environment}: {title}");
    }
    properties.push_str("title=");
    properties.push_str(&property(cut(&title, TITLE)));
    let mut text = alert.message.clone();
    if let Some(help) = &alert.help {
        text = format!("{text}\nhelp: {help}");
    }
    if let Some(reason) = &alert.accepted {
        text = format!("{text}\naccepted: {reason}");
    }
    format!("::{word} {properties}::{}\n", message(cut(&text, MESSAGE)))
}

fn place(source: &Source, places: &Places) -> String {
    format!(
        "file={},line={},col={},endColumn={},",
        property(&places.in_repository(&source.file)),
        source.line,
        source.column,
        source.end_column
    )
}

/// The longest beginning of at most so many bytes that ends between two characters.
fn cut(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Text after the second `::`.
fn message(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// The value of a property, which ends at `,` or `::`.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}
