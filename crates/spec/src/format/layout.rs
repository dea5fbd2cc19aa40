//! Sections to text: blank lines, aligned `=`, aligned comments.

use super::read::{Part, Written};

/// Where comments behind values begin, if the values leave room.
const COMMENTS: usize = 36;

/// Text beyond this pushes its own comment only, not those of its section.
const LONG: usize = 60;

/// The text of a file.
pub(super) fn print(written: &Written) -> String {
    let mut blocks = Vec::new();
    if !written.head.is_empty() {
        blocks.push(written.head.join("\n"));
    }
    blocks.extend(written.sections.iter().map(section));
    if !written.foot.is_empty() {
        blocks.push(written.foot.join("\n"));
    }
    let mut text = blocks.join("\n\n");
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

fn section(part: &Part) -> String {
    let widths = part.lines.iter().map(|line| line.key.chars().count());
    let width = widths.max().unwrap_or(0);
    let mut rows: Vec<(&[String], String, &str)> = Vec::new();
    if !part.header.is_empty() {
        rows.push((&part.above, part.header.clone(), &part.comment));
    }
    for line in &part.lines {
        let pad = width - line.key.chars().count();
        let text = format!("{}{} = {}", line.key, " ".repeat(pad), line.value);
        rows.push((&line.above, text, &line.comment));
    }
    let column = rows
        .iter()
        .filter(|(_, _, comment)| !comment.is_empty())
        .map(|(_, text, _)| width_of(text) + 2)
        .filter(|end| *end <= LONG)
        .chain([COMMENTS])
        .max()
        .unwrap_or(COMMENTS);
    let mut printed: Vec<String> = Vec::new();
    for (above, text, comment) in rows {
        printed.extend(above.iter().cloned());
        printed.push(if comment.is_empty() {
            text
        } else {
            let pad = column.saturating_sub(width_of(&text)).max(2);
            format!("{text}{}{comment}", " ".repeat(pad))
        });
    }
    printed.extend(part.below.iter().cloned());
    printed.join("\n")
}

/// Columns of the last line.
fn width_of(text: &str) -> usize {
    text.rsplit('\n').next().unwrap_or(text).chars().count()
}
