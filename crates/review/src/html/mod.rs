//! The page for a browser: one self-contained file without a script, for people who do not read
//! terminals. Light or dark as their system is.

mod changes;
mod drift;
mod graph;
mod layout;
mod plan;
mod run;
mod timeline;

use pgward_model::Effect;

use crate::document::{Change, EnvironmentPart, GateState, Source};
use crate::form::Subject;
use crate::places::Places;
use crate::text::{escape, fleet};

const STYLE: &str = include_str!("style.css");

/// Nothing may come from outside the file, and nothing in it may run.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The page of plans, of comparisons or of a run; nothing for findings alone.
#[must_use]
pub fn html(subject: &Subject<'_>, places: &Places) -> Option<String> {
    let (title, sections): (String, Vec<String>) = match subject {
        Subject::Plans(documents) => (
            title("Plan", documents.iter().map(|one| &one.environment)),
            documents
                .iter()
                .map(|one| plan::section(one, None, places))
                .collect(),
        ),
        Subject::Drifts(documents) => (
            title("Drift", documents.iter().map(|one| &one.environment)),
            documents
                .iter()
                .map(|one| drift::section(one, places))
                .collect(),
        ),
        Subject::Run {
            report, document, ..
        } => (
            title("Apply", std::iter::once(&document.environment)),
            vec![plan::section(document, Some(report), places)],
        ),
        Subject::Check(_) | Subject::Failure(_) => return None,
    };
    Some(format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{}{}</main>\n\
         </body>\n</html>\n",
        safe(&title),
        contents(subject),
        sections.concat()
    ))
}

/// Where there are several environments: all of them, each with its verdict, as links.
fn contents(subject: &Subject<'_>) -> String {
    let rows: Vec<(String, String)> = match subject {
        Subject::Plans(documents) => documents
            .iter()
            .map(|one| (one.environment.title(), fleet::plan_verdict(one)))
            .collect(),
        Subject::Drifts(documents) => documents
            .iter()
            .map(|one| (one.environment.title(), fleet::drift_verdict(one)))
            .collect(),
        Subject::Run { .. } | Subject::Check(_) | Subject::Failure(_) => Vec::new(),
    };
    if rows.len() < 2 {
        return String::new();
    }
    let lines: String = rows
        .iter()
        .map(|(title, verdict)| {
            let title = safe(title);
            format!(
                "<dt><a href=\"#{title}\">{title}</a></dt><dd>{}</dd>\n",
                safe(verdict)
            )
        })
        .collect();
    let count = crate::wording::count(rows.len(), "environment");
    card(&count, &format!("<dl class=\"body toc\">{lines}</dl>\n"))
}

fn title<'a>(word: &str, environments: impl Iterator<Item = &'a EnvironmentPart>) -> String {
    let titles: Vec<String> = environments.map(EnvironmentPart::title).collect();
    format!("{word}: {} - pgward", crate::wording::list(&titles, 3))
}

/// Foreign text in an element or in a quoted attribute.
fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in escape(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Foreign text of several lines.
fn safe_lines(text: &str) -> String {
    text.split('\n').map(safe).collect::<Vec<_>>().join("<br>")
}

/// A place, as a link where files have an address.
fn place(source: Option<&Source>, places: &Places) -> String {
    let Some(source) = source else {
        return String::new();
    };
    let text = safe(&source.short());
    match places.link(source) {
        Some(link) => format!("<a class=\"mono\" href=\"{}\">{text}</a>", safe(&link)),
        None => format!("<code>{text}</code>"),
    }
}

/// How a change looks: the class of its color.
fn tone(change: &Change) -> &'static str {
    if change.gate.state == GateState::Blocked {
        "blocked"
    } else if change.flags.contains(&pgward_model::Flag::Exposure) {
        "danger"
    } else {
        tone_of(change.effect)
    }
}

/// The class of an effect's color.
fn tone_of(effect: Effect) -> &'static str {
    match effect {
        Effect::Online => "calm",
        Effect::Degraded | Effect::Reboot => "notice",
        Effect::Downtime | Effect::Replace | Effect::DataLoss => "danger",
    }
}

/// The names of environment, account and region, and what is special about AWS.
fn head(environment: &EnvironmentPart, word: &str, beside: &str) -> String {
    let sandbox = if environment.sandbox {
        "<p class=\"sandbox\">Sandbox: AWS was simulated inside the program, nothing of this is \
         real</p>\n"
    } else {
        ""
    };
    let endpoint = match &environment.endpoint {
        Some(endpoint) => format!(" · endpoint <code>{}</code>", safe(endpoint)),
        None => String::new(),
    };
    let title = safe(&environment.title());
    format!(
        "{sandbox}<div class=\"head\"><div><p class=\"soft\">{word}</p><h1 id=\"{title}\">{title}</h1></div>\
         <p class=\"soft small\">account {} · {}{endpoint}<br>{beside}</p></div>\n",
        safe(&environment.account),
        safe(&environment.region),
    )
}

/// A card with a heading; empty if there is nothing in it.
fn card(title: &str, body: &str) -> String {
    if body.is_empty() {
        return String::new();
    }
    format!("<div class=\"card\"><h2>{title}</h2>\n{body}</div>\n")
}
