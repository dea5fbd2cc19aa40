//! The first lines of every output: the sandbox, the environment, the spec and when AWS was read.

use super::layout::{Ink, Line, Page};
use crate::document::{Document, EnvironmentPart, Notice, Source};
use crate::wording;

/// What the first line of every output of a sandbox run says.
const SANDBOX: &str =
    "simulated AWS inside this process, virtual clock, nothing leaves this machine";

/// That nothing is asked of AWS itself, if so.
pub(crate) fn asked(page: &mut Page, environment: &EnvironmentPart) {
    sandbox(page, environment);
    if let Some(endpoint) = &environment.endpoint {
        let line = page.start().text(format!("endpoint {endpoint}"));
        page.push(line);
    }
}

/// The environment, its account and region, and where it is asked for.
pub(crate) fn environment(page: &mut Page, environment: &EnvironmentPart) {
    sandbox(page, environment);
    let mut parts = vec![
        environment.title(),
        format!("account {}", environment.account),
        environment.region.clone(),
    ];
    if let Some(endpoint) = &environment.endpoint {
        parts.push(format!("endpoint {endpoint}"));
    }
    dotted(page, &parts);
}

fn sandbox(page: &mut Page, environment: &EnvironmentPart) {
    if environment.sandbox {
        let line = page.start().text("SANDBOX  ");
        page.wrap(line, Ink::Plain, SANDBOX);
    }
}

/// The files, their commit, and when AWS was read.
pub(crate) fn spec(page: &mut Page, document: &Document) {
    let read = format!(
        "live state read {}",
        wording::date_and_time(document.live.read_at)
    );
    if document.destroy || document.spec.files.is_empty() {
        dotted(page, &[read]);
        return;
    }
    let files: Vec<&str> = document
        .spec
        .files
        .iter()
        .map(|file| file.path.as_str())
        .collect();
    let mut spec = format!("spec {}", files.join(" + "));
    if let Some(git) = &document.spec.git {
        let dirty = if git.dirty {
            ", with uncommitted changes"
        } else {
            ""
        };
        spec = format!("{spec} at {}{dirty}", git.commit);
    }
    dotted(page, &[spec, read]);
}

/// Parts with dots between them, broken between two parts where they are too wide.
pub(crate) fn dotted(page: &mut Page, parts: &[String]) {
    let mut line = page.start();
    for part in parts {
        let joint = if line.is_empty() { "" } else { " · " };
        let width = line.shown_width(&format!("{joint}{part}"));
        if !line.is_empty() && line.width() + width > page.style().width {
            page.push(line);
            line = page.start();
        } else {
            line = line.text(joint);
        }
        if line.is_empty() && line.shown_width(part) > page.style().width {
            page.wrap(line, Ink::Plain, part);
            line = page.start();
        } else {
            line = line.text(part);
        }
    }
    if !line.is_empty() {
        page.push(line);
    }
}

/// A headline and parts with dots between them.
pub(crate) fn headline(page: &mut Page, word: &str, parts: &[String]) {
    let line = page.start().ink(Ink::Bold, word).text("  ");
    page.wrap(line, Ink::Plain, &parts.join(" · "));
}

/// Commands to type, with their labels aligned: on one line if there are two short ones.
pub(crate) fn notices(page: &mut Page, notices: &[Notice]) {
    if notices.is_empty() {
        return;
    }
    page.blank();
    if let [first, second] = notices {
        let line = page
            .start()
            .text(&first.label)
            .text("  ")
            .text(&first.command)
            .text("          ");
        let width = line.shown_width(&format!("{}  {}", second.label, second.command));
        let both = line.width() + width <= page.style().width;
        if both && first.label == "Apply:" {
            page.push(line.text(&second.label).text("  ").text(&second.command));
            return;
        }
    }
    let column = notices
        .iter()
        .map(|notice| notice.label.len())
        .max()
        .unwrap_or(0)
        + 2;
    for notice in notices {
        let line = page.start().text(&notice.label).to(column, 2);
        command(page, line, &notice.command);
    }
}

/// A command after a label; one that is too wide goes on in the next row, before a flag. Where not
/// even its beginning fits, it stands below the label.
pub(crate) fn command(page: &mut Page, label: Line, command: &str) {
    let width = page.style().width;
    let mut ends: Vec<usize> = command.match_indices(" --").map(|(at, _)| at).collect();
    ends.push(command.len());
    let mut line = label;
    let fits = |line: &Line, text: &str, last: bool| {
        line.width() + line.shown_width(text) + if last { 0 } else { 2 } <= width
    };
    let single = ends.len() == 1;
    let mut column = line.width() + "pgward ".len();
    if !fits(&line, &command[..ends[0]], single) && !line.is_empty() {
        page.push(line);
        line = page.start().text("  ");
        column = 4;
    }
    let mut from = 0;
    for (number, end) in ends.iter().copied().enumerate() {
        let part = &command[from..end];
        let last = number + 1 == ends.len();
        if from > 0 && !fits(&line, part, last) {
            page.push(line.text(" \\"));
            line = page.start().to(column, 0).text(part.trim_start());
        } else {
            line = line.text(part);
        }
        from = end;
    }
    page.push(line);
}

/// Where something is written, or nothing.
pub(crate) fn place(source: Option<&Source>) -> String {
    source.map(Source::short).unwrap_or_default()
}
