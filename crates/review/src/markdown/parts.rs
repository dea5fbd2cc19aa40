//! The parts that all comments share: marker, data, links, lists, what was left out, footer.

use pgward_model::Severity;

use super::escape::{code, cut, inline, prose, token};
use crate::document::{EnvironmentPart, Finding, Source};
use crate::form::Setting;
use crate::text::escape;
use crate::wording;

/// The glyphs of a comment; in ASCII they are words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Something is blocked.
    Blocked,
    /// Something needs approval, or a look.
    Approval,
    /// Something failed.
    Failed,
}

impl Mark {
    /// The glyph, or its word in ASCII.
    pub(crate) fn text(self, setting: &Setting) -> &'static str {
        match (self, setting.style.ascii) {
            (Self::Blocked, false) => "⛔",
            (Self::Approval, false) => "⚠️",
            (Self::Failed, false) => "❌",
            (Self::Blocked, true) => "BLOCKED",
            (Self::Approval, true) => "APPROVAL",
            (Self::Failed, true) => "ERROR",
        }
    }
}

/// An arrow.
pub(crate) fn arrow(setting: &Setting) -> &'static str {
    if setting.style.ascii { "-&gt;" } else { "→" }
}

/// A dot between parts.
pub(crate) fn dot(setting: &Setting) -> &'static str {
    if setting.style.ascii { "-" } else { "·" }
}

/// The line by which a pipeline finds its comment, and the line it can read back: words, then
/// numbers.
pub(crate) fn marker(
    command: &str,
    title: &str,
    words: &[(&str, &str)],
    numbers: &[(&str, usize)],
) -> String {
    let words = words
        .iter()
        .map(|(name, value)| format!("\"{name}\":\"{}\"", token(value, 40)));
    let numbers = numbers
        .iter()
        .map(|(name, value)| format!("\"{name}\":{value}"));
    let pairs: Vec<String> = words.chain(numbers).collect();
    let title = token(title, 100);
    let space = if title.is_empty() { "" } else { " " };
    format!(
        "<!-- pgward:{command}{space}{title} -->\n<!-- pgward:data {{{}}} -->\n",
        pairs.join(",")
    )
}

/// A place as a link, or as text where files have no address.
pub(crate) fn place(source: Option<&Source>, setting: &Setting) -> String {
    let Some(source) = source else {
        return String::new();
    };
    match setting.places.link(source).filter(|link| link.len() <= 500) {
        Some(link) => {
            let name = source.file.rsplit('/').next().unwrap_or(&source.file);
            let text = format!("{}:{}", cut(name, 40, setting.style.ascii), source.line);
            format!("[{}]({link})", inline(&text))
        }
        None => inline(&cut(&source.short(), 80, setting.style.ascii)),
    }
}

/// A value for a table, at most so many characters.
pub(crate) fn value(text: &str, most: usize, setting: &Setting) -> String {
    // Control characters are spelled out first, as they would grow after the cut.
    inline(&cut(&escape(text), most, setting.style.ascii))
}

/// A path or an address in the type of code.
pub(crate) fn path(text: &str, setting: &Setting) -> String {
    code(&cut(text, 80, setting.style.ascii))
}

/// A list of findings, worst first: those that are not waived stand here with what to do.
pub(crate) fn findings(findings: &[&Finding], most: usize, setting: &Setting) -> (String, usize) {
    let mut sorted: Vec<&Finding> = findings.to_vec();
    sorted.sort_by_key(|finding| (finding.accepted.is_some(), std::cmp::Reverse(finding.level)));
    let left_out = sorted.len().saturating_sub(most);
    let mut text = String::new();
    for finding in sorted.iter().take(most) {
        text.push_str(&finding_line(finding, setting));
    }
    (text, left_out)
}

fn finding_line(finding: &Finding, setting: &Setting) -> String {
    let word = match (finding.accepted.is_some(), finding.level) {
        (true, _) => "accepted".to_owned(),
        (false, Severity::Error) => format!("{} **error**", Mark::Failed.text(setting)),
        (false, Severity::Warning) => "**warning**".to_owned(),
        (false, Severity::Note) => "note".to_owned(),
    };
    let number = if finding.code.is_empty() {
        String::new()
    } else {
        format!(" [{}]", inline(&finding.code))
    };
    let mut line = format!("- {word}{number}: {}", prose(&finding.message));
    let place = place(finding.source.as_ref(), setting);
    if !place.is_empty() {
        line = format!("{line} ({place})");
    }
    if finding.accepted.is_none() {
        for (word, text) in finding.facts.iter().filter(|(word, _)| word == "AWS") {
            let rows: Vec<String> = text.split('\n').map(inline).collect();
            line = format!("{line}<br>{word}: {}", rows.join("<br>"));
        }
        let next = finding
            .facts
            .iter()
            .filter(|(word, _)| word == "next")
            .map(|(_, text)| text.as_str());
        for help in finding.help.as_deref().into_iter().chain(next) {
            let rows: Vec<String> = help.split('\n').map(prose).collect();
            line = format!("{line}<br>{}", rows.join("<br>"));
        }
    } else if let Some(reason) = &finding.accepted {
        line = format!("{line}<br>{}", prose(reason));
    }
    line.push('\n');
    line
}

/// What was left out for size, and where all of it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct LeftOut(Vec<String>);

impl LeftOut {
    /// Adds something that was left out, unless there are none of it.
    pub(crate) fn add(&mut self, number: usize, words: &str) {
        if number > 0 {
            self.0.push(format!("{words} {number}"));
        }
    }

    /// The line above the footer, or nothing.
    pub(crate) fn line(&self, setting: &Setting) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let run = match setting.places.run() {
            Some(run) => format!(" Full text: {run}"),
            None => String::new(),
        };
        format!("\nLeft out for size: {}.{run}\n", self.0.join(", "))
    }
}

/// The last line: commit, when AWS was read, account, and what else identifies the text.
pub(crate) fn footer(
    commit: Option<(&str, bool)>,
    read: Option<jiff::Timestamp>,
    environment: Option<&EnvironmentPart>,
    more: &[String],
    setting: &Setting,
) -> String {
    let mut parts: Vec<String> = Vec::new();
    if let Some((commit, dirty)) = commit {
        let dirty = if dirty {
            " with uncommitted changes"
        } else {
            ""
        };
        parts.push(format!("`{}`{dirty}", token(commit, 40)));
    }
    if let Some(read) = read {
        parts.push(format!("live state {}", wording::date_and_time(read)));
    }
    if let Some(environment) = environment {
        if environment.sandbox {
            parts.push("**sandbox**, simulated AWS".to_owned());
        }
        if let Some(endpoint) = &environment.endpoint {
            parts.push(format!("endpoint {}", value(endpoint, 60, setting)));
        }
        parts.push(format!("account {}", token(&environment.account, 20)));
    }
    parts.extend(more.iter().cloned());
    if let Some(run) = setting.places.run() {
        parts.push(format!("[full text]({run})"));
    }
    let joint = format!(" {} ", dot(setting));
    format!("\n<sub>{}</sub>\n", parts.join(&joint))
}

/// `pgward 0.4.0`.
pub(crate) fn tool(version: &str) -> String {
    format!("pgward {}", token(version, 30))
}

/// A fold that is closed; empty if there is nothing in it. `summary` is ours, never foreign.
pub(crate) fn folded(summary: &str, body: &str) -> String {
    if body.trim().is_empty() {
        return String::new();
    }
    format!(
        "<details><summary>{summary}</summary>\n\n{}\n</details>\n",
        body.trim_end()
    )
}
