//! Diagnostics as text: the message, the place, the lines with carets, and the way out.

use std::collections::{BTreeMap, BTreeSet};

use pgward_model::{Diagnostic, Label, Origin, Severity};

use super::layout::{Ink, Line, Page, Style, column_of, columns, escape_in_place, wrap};
use crate::wording;

/// The code of a secret that is written in a file; the text it points at is never shown.
const LITERAL_SECRET: &str = "P110";
/// So many findings are shown at once; more help nobody.
const MOST: usize = 500;
/// What stands for a secret, whatever its length.
const MASK: &str = "********";

/// The texts of the files that diagnostics point into.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    texts: BTreeMap<String, String>,
    secrets: BTreeSet<Origin>,
}

impl Sources {
    /// The texts by path; a file that is missing is named without its lines.
    #[must_use]
    pub fn new(texts: BTreeMap<String, String>) -> Self {
        Self {
            texts,
            secrets: BTreeSet::new(),
        }
    }

    /// Hides what these diagnostics report as a secret, in every line that is shown.
    #[must_use]
    pub fn hiding(mut self, diagnostics: &[Diagnostic]) -> Self {
        self.hide(diagnostics);
        self
    }

    fn hide(&mut self, diagnostics: &[Diagnostic]) {
        for diagnostic in diagnostics
            .iter()
            .filter(|found| found.code == LITERAL_SECRET)
        {
            let labels = diagnostic.primary.iter().chain(&diagnostic.secondary);
            self.secrets
                .extend(labels.map(|label| label.origin.clone()));
        }
    }

    /// A line as it may be shown, with the labels' columns moved to where its words are then.
    fn line(&self, file: &str, number: u32) -> Option<ShownLine> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        let text = self.texts.get(file)?.lines().nth(index)?;
        let mut line = ShownLine {
            chars: escape_in_place(text).chars().collect(),
            moves: vec![],
        };
        let here = self
            .secrets
            .iter()
            .filter(|at| at.file == file && at.line == number);
        // From the right, so that columns further left stay valid.
        for secret in here.rev() {
            line.mask(secret);
        }
        Some(line)
    }
}

/// A line of a file with its secrets masked.
struct ShownLine {
    chars: Vec<char>,
    /// (first column, column after the last, new width) of what was masked, in the original.
    moves: Vec<(usize, usize, usize)>,
}

impl ShownLine {
    fn mask(&mut self, secret: &Origin) {
        let start = position(secret.column).min(self.chars.len());
        // A span that ends on a later line covers the rest of this one.
        let end = position(secret.end_column);
        let end = if end > start {
            end.min(self.chars.len())
        } else {
            self.chars.len()
        };
        let quote = self
            .chars
            .get(start)
            .copied()
            .filter(|c| matches!(c, '"' | '\''));
        let mut shown: Vec<char> = MASK.chars().collect();
        if let Some(quote) = quote {
            shown.insert(0, quote);
            shown.push(quote);
        }
        self.moves.push((start, end, shown.len()));
        self.chars.splice(start..end, shown);
    }

    /// First character and number of characters of a label.
    fn span(&self, origin: &Origin) -> (usize, usize) {
        let start = self.moved(position(origin.column), false);
        let end = self.moved(position(origin.end_column), true);
        (start, end.saturating_sub(start).max(1))
    }

    fn moved(&self, column: usize, is_end: bool) -> usize {
        let mut shift: isize = 0;
        for &(start, end, width) in self.moves.iter().rev() {
            let width_now = isize::try_from(width).unwrap_or(0);
            let (from, to) = (
                isize::try_from(start).unwrap_or(0),
                isize::try_from(end).unwrap_or(0),
            );
            if column >= end && (column > start || is_end) {
                shift += width_now - (to - from);
            } else if column > start {
                let place = if is_end { from + width_now } else { from };
                return usize::try_from(place + shift).unwrap_or(0);
            }
        }
        usize::try_from(isize::try_from(column).unwrap_or(0) + shift).unwrap_or(0)
    }

    /// Columns that the first characters take.
    fn columns_before(&self, characters: usize) -> usize {
        self.chars
            .iter()
            .take(characters)
            .map(|c| column_of(*c))
            .sum()
    }

    fn columns_of(&self, start: usize, length: usize) -> usize {
        let inside: usize = self
            .chars
            .iter()
            .skip(start)
            .take(length)
            .map(|c| column_of(*c))
            .sum();
        inside.max(1)
    }

    fn text(&self) -> String {
        self.chars.iter().collect()
    }
}

/// The index of a column counted from 1.
fn position(column: u32) -> usize {
    usize::try_from(column)
        .unwrap_or(usize::MAX)
        .saturating_sub(1)
}

/// Diagnostics one after the other, with an empty line between them.
#[must_use]
pub fn diagnostics(all: &[Diagnostic], sources: &Sources, style: Style) -> String {
    let sources = sources.clone().hiding(all);
    let mut texts: Vec<String> = all
        .iter()
        .take(MOST)
        .map(|one| rendered(one, &sources, style))
        .collect();
    if all.len() > MOST {
        texts.push(format!(
            "and {}, shown once these are mended\n",
            wording::count(all.len() - MOST, "more finding")
        ));
    }
    texts.join("\n")
}

/// The last lines after diagnostics: `3 errors, 1 warning in specs/prod.toml`, and the command
/// that explains the first of them.
#[must_use]
pub fn totals(all: &[Diagnostic]) -> Vec<String> {
    let of = |severity| all.iter().filter(|one| one.severity == severity).count();
    let counts: Vec<String> = [(Severity::Error, "error"), (Severity::Warning, "warning")]
        .into_iter()
        .filter(|(severity, _)| of(*severity) > 0)
        .map(|(severity, noun)| wording::count(of(severity), noun))
        .collect();
    let worst = all
        .iter()
        .max_by_key(|one| (one.severity, std::cmp::Reverse(place(one))));
    let Some(worst) = worst.filter(|_| !counts.is_empty()) else {
        return Vec::new();
    };
    let files: BTreeSet<&str> = all
        .iter()
        .filter_map(|one| one.primary.as_ref())
        .map(|label| label.origin.file.as_str())
        .collect();
    let mut line = counts.join(", ");
    match files.into_iter().collect::<Vec<_>>().as_slice() {
        [] => {}
        [file] => line = format!("{line} in {}", super::escape(file)),
        files => line = format!("{line} in {} files", files.len()),
    }
    vec![
        line,
        format!("explain: pgward explain {}", super::escape(&worst.code)),
    ]
}

fn place(diagnostic: &Diagnostic) -> Option<&Origin> {
    diagnostic.primary.as_ref().map(|label| &label.origin)
}

/// One diagnostic.
#[must_use]
pub fn diagnostic(diagnostic: &Diagnostic, sources: &Sources, style: Style) -> String {
    rendered(
        diagnostic,
        &sources.clone().hiding(std::slice::from_ref(diagnostic)),
        style,
    )
}

/// A diagnostic among texts whose secrets are hidden.
fn rendered(diagnostic: &Diagnostic, sources: &Sources, style: Style) -> String {
    let mut page = Page::new(style);
    let (word, ink) = severity(diagnostic);
    let word = match diagnostic.code.as_str() {
        "" => word.to_owned(),
        code => format!("{word}[{code}]"),
    };
    let line = page.start().ink(ink, word.as_str()).text(": ");
    let message = format!("{word}: {}", diagnostic.message);
    if columns(&message) <= style.width {
        page.push(line.ink(Ink::Bold, &diagnostic.message));
    } else {
        let rows = wrap(&message, style.width);
        let head = format!("{word}: ");
        let first = rows[0].strip_prefix(&head).unwrap_or(&rows[0]);
        page.push(line.ink(Ink::Bold, first));
        for row in &rows[1..] {
            let line = page.start().text("  ").ink(Ink::Bold, row);
            page.push(line);
        }
    }
    let gutter = gutter(diagnostic, sources);
    let shown = diagnostic
        .primary
        .as_ref()
        .is_some_and(|primary| places(&mut page, primary, &diagnostic.secondary, sources, gutter));
    let footer = footer(diagnostic);
    if shown && !footer.is_empty() {
        bar(&mut page, gutter);
    }
    // Without a place the words are all there is, so their texts are aligned.
    let align = if diagnostic.primary.is_none() {
        footer
            .iter()
            .map(|(word, _)| columns(word))
            .max()
            .unwrap_or(0)
    } else {
        0
    };
    for (word, text) in footer {
        entry(&mut page, gutter, &word, align, &text);
    }
    page.finish()
}

fn severity(diagnostic: &Diagnostic) -> (&'static str, Ink) {
    match (diagnostic.severity, diagnostic.code.as_str()) {
        (Severity::Error, "P620" | "P621") => ("busy", Ink::Notice),
        (Severity::Error, _) => ("error", Ink::Danger),
        (Severity::Warning, _) => ("warning", Ink::Notice),
        (Severity::Note, _) => ("note", Ink::Calm),
    }
}

/// Columns of the line numbers.
fn gutter(diagnostic: &Diagnostic, sources: &Sources) -> usize {
    let known = |origin: &Origin| sources.texts.contains_key(&origin.file);
    let secondary = diagnostic
        .secondary
        .iter()
        .filter(|label| known(&label.origin));
    let labels = diagnostic.primary.iter().chain(secondary);
    labels
        .map(|label| label.origin.line.to_string().len())
        .max()
        .unwrap_or(1)
}

/// Facts, help and notes in this order, each with its word.
fn footer(diagnostic: &Diagnostic) -> Vec<(String, String)> {
    let mut lines = diagnostic.facts.clone();
    lines.extend(
        diagnostic
            .help
            .iter()
            .map(|text| ("help".to_owned(), text.clone())),
    );
    lines.extend(
        diagnostic
            .notes
            .iter()
            .map(|text| ("note".to_owned(), text.clone())),
    );
    if let Some(reason) = &diagnostic.accepted {
        lines.push(("accepted".to_owned(), reason.clone()));
    }
    lines
}

/// `   = help: …`; a tab within a line moves the rest of it to the right end.
fn entry(page: &mut Page, gutter: usize, word: &str, align: usize, text: &str) {
    let line = page
        .start()
        .to(gutter, 0)
        .text(" ")
        .ink(Ink::Dim, "=")
        .text(" ");
    let column = line.width() + align + 2;
    let mut line = line.text(word).text(":").to(column, 1);
    let indent = line.width();
    for part in text.split('\n') {
        match part.split_once('\t') {
            Some((left, right)) => page.wrap_with_end(line, left, right),
            None => page.wrap(line, Ink::Plain, part),
        }
        line = page.start().to(indent, 0);
    }
}

fn bar(page: &mut Page, gutter: usize) {
    let line = page.start().to(gutter, 0).ink(Ink::Dim, " |");
    page.push(line);
}

/// The places with their lines; says whether any line was shown.
fn places(
    page: &mut Page,
    primary: &Label,
    secondary: &[Label],
    sources: &Sources,
    gutter: usize,
) -> bool {
    let mut files: Vec<(&str, Vec<(&Label, bool)>)> =
        vec![(&primary.origin.file, vec![(primary, true)])];
    for label in secondary {
        match files
            .iter_mut()
            .find(|(file, _)| *file == label.origin.file)
        {
            Some((_, labels)) => labels.push((label, false)),
            None => files.push((&label.origin.file, vec![(label, false)])),
        }
    }
    let mut any = false;
    for (index, (file, labels)) in files.iter_mut().enumerate() {
        let first = labels[0].0.origin.clone();
        labels.sort_by_key(|(label, _)| (label.origin.line, label.origin.column));
        let known = labels
            .iter()
            .any(|(one, _)| sources.line(file, one.origin.line).is_some());
        if index > 0 && any {
            bar(page, gutter);
        }
        let arrow = if index == 0 { "-->" } else { ":::" };
        let line = page.start().to(gutter, 0).ink(Ink::Dim, arrow).text(" ");
        let place = format!("{file}:{}:{}", first.line, first.column);
        page.push(line.text(place));
        if known {
            any = true;
            bar(page, gutter);
            excerpt(page, labels, sources, gutter);
        }
    }
    any
}

/// The lines of one file, `...` between lines that are not neighbors.
fn excerpt(page: &mut Page, labels: &[(&Label, bool)], sources: &Sources, gutter: usize) {
    let lines: BTreeSet<u32> = labels.iter().map(|(label, _)| label.origin.line).collect();
    let mut before: Option<u32> = None;
    for number in lines {
        let here: Vec<(&Label, bool)> = labels
            .iter()
            .filter(|(label, _)| label.origin.line == number)
            .copied()
            .collect();
        let Some(shown) = sources.line(&here[0].0.origin.file, number) else {
            continue;
        };
        if before.is_some_and(|before| before + 1 < number) {
            let dots = page.start().text("...");
            page.push(dots);
        }
        before = Some(number);
        let digits = number.to_string();
        let line = page.start().to(gutter.saturating_sub(digits.len()), 0);
        page.push(
            line.ink(Ink::Dim, format!("{digits} |"))
                .text(" ")
                .text(shown.text()),
        );
        marks(page, &shown, &here, gutter);
    }
}

/// The carets and dashes below a line. The last label's text stands beside them, the texts of
/// others below, each under its own mark.
fn marks(page: &mut Page, shown: &ShownLine, labels: &[(&Label, bool)], gutter: usize) {
    let begin = |page: &Page| -> Line { page.start().to(gutter, 0).ink(Ink::Dim, " |").text(" ") };
    let base = gutter + 3;
    let mut line = begin(page);
    let mut starts: Vec<(usize, &Label, Ink)> = Vec::new();
    for (label, primary) in labels {
        let (start, length) = shown.span(&label.origin);
        let column = base + shown.columns_before(start);
        let (mark, ink) = if *primary {
            ("^", Ink::Danger)
        } else {
            ("-", Ink::Calm)
        };
        if line.width() <= column {
            line = line
                .to(column, 0)
                .ink(ink, mark.repeat(shown.columns_of(start, length)));
        }
        starts.push((column, label, ink));
    }
    let Some((last, others)) = starts.split_last() else {
        return;
    };
    page.push(line.text(" ").ink(last.2, &last.1.text));
    let below: Vec<&(usize, &Label, Ink)> = others
        .iter()
        .filter(|(_, label, _)| !label.text.is_empty())
        .collect();
    for (index, (column, label, ink)) in below.iter().enumerate().rev() {
        for connector in [true, false] {
            let mut line = begin(page);
            for (left, _, left_ink) in &below[..index] {
                line = line.to(*left, 0).ink(*left_ink, "|");
            }
            let text = if connector { "|" } else { label.text.as_str() };
            page.push(line.to(*column, 0).ink(*ink, text));
        }
    }
}
