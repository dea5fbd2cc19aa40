//! What the TOML reader refuses, in the reader's terms: syntax, duplicates, lists of tables.
//!
//! The tree keeps one place per table, so the places of all headers are found by a small scan of
//! the lines.

use std::ops::Range;

use pgward_model::Diagnostic;
use toml::de::{DeTable, DeValue, Error};

use crate::hints;
use crate::parse::Places;

/// A table header as written: `[alarm.cpu-high]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HeaderLine {
    pub(crate) span: Range<usize>,
    pub(crate) keys: Vec<String>,
    /// Whether it is `[[…]]`.
    pub(crate) is_list: bool,
}

/// What was found, and whether the file must be left alone.
pub(crate) struct Report {
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) broken: bool,
}

/// Turns the errors of the TOML reader into diagnostics: every duplicate, else the first error.
pub(crate) fn report(
    places: &Places<'_>,
    headers: &[HeaderLine],
    root: &DeTable<'_>,
    errors: &[Error],
) -> Report {
    let mut found = Report {
        diagnostics: Vec::new(),
        broken: false,
    };
    let mut sorted: Vec<(Range<usize>, &str)> = errors
        .iter()
        .map(|error| (error.span().unwrap_or(0..0), error.message()))
        .collect();
    sorted.sort_by_key(|(span, _)| span.start);
    let unclosed = sorted
        .iter()
        .any(|(_, message)| message.starts_with("unclosed array"));
    if let Some((span, message)) = sorted
        .iter()
        .find(|(_, message)| !message.starts_with("duplicate key"))
    {
        found.broken = true;
        found
            .diagnostics
            .push(syntax(places, span, message, unclosed));
        return found;
    }
    let mut repeated: Vec<Range<usize>> = Vec::new();
    for (span, _) in &sorted {
        if let Some(index) = headers
            .iter()
            .position(|header| header.span.contains(&span.start))
        {
            let end = headers
                .get(index + 1)
                .map_or(places.text.len(), |next| next.span.start);
            repeated.push(headers[index].span.end..end);
            found
                .diagnostics
                .push(duplicate_section(places, headers, index));
        } else if !repeated.iter().any(|range| range.contains(&span.start)) {
            found
                .diagnostics
                .push(duplicate_key(places, headers, root, span));
        }
    }
    let lists = headers.iter().filter(|header| header.is_list);
    found
        .diagnostics
        .extend(lists.map(|header| list_of_tables(places, header)));
    found
}

/// P107, or P110 if the value that can't be read is a password.
fn syntax(places: &Places<'_>, span: &Range<usize>, message: &str, unclosed: bool) -> Diagnostic {
    let before = &places.text[..span.start.min(places.text.len())];
    let line_start = before.rfind('\n').map_or(0, |index| index + 1);
    let line = places.text[line_start..].lines().next().unwrap_or_default();
    let (key, value) = match line.split_once('=') {
        Some((key, rest)) => (key.trim(), uncommented(rest)),
        None => (line.trim(), ""),
    };
    if !value.is_empty() && (hints::is_password_key(key) || hints::holds_password(value)) {
        let from = line_start + line.find(value).unwrap_or_default();
        return hints::password(&places.origin(from..from + value.len()), None);
    }
    let whole = || {
        let from = line_start + line.find('=').map_or(0, |index| index + 1);
        let from =
            from + (line[from - line_start..].len() - line[from - line_start..].trim_start().len());
        from..from + value.len().max(1)
    };
    let say = |what: &str| Diagnostic::error("P107", format!("this is not TOML: {what}"));
    let lower = value.to_ascii_lowercase();
    if matches!(lower.as_str(), "true" | "false") && value != lower {
        let place = places.origin(whole());
        return say("true and false are written in lower case")
            .at(&place, "")
            .help(format!("{key} = {lower}"))
            .fixed_by(&place, lower);
    }
    if unclosed {
        return say("a list is not closed")
            .at(&places.origin(span.clone()), "a `]` is missing before this");
    }
    let bare = message.starts_with("string values must be quoted")
        || message.starts_with("invalid float")
        || message.starts_with("invalid date");
    if bare && value.is_empty() {
        return say("the key has no value")
            .at(&places.origin(span.clone()), "expected a value here")
            .help(format!("{key} = \"...\", or delete the line"));
    }
    if bare && !value.starts_with(['[', '{']) {
        let place = places.origin(whole());
        let text = value.trim_matches(['"', '\'', '“', '”', '‘', '’']);
        return say("text values need quotes")
            .at(&place, "expected a quoted string here")
            .help(format!("{key} = \"{text}\""))
            .fixed_by(&place, format!("\"{text}\""));
    }
    if message.starts_with("unexpected leading zero") {
        let place = places.origin(whole());
        return say("a number has no leading zero")
            .at(&place, "")
            .help(format!(
                "{key} = \"{value}\", where it is text, such as an account"
            ));
    }
    let (what, label) = match message.split_once(", expected ") {
        Some((what, expected)) => (what, format!("expected {expected} here")),
        None => (message, String::new()),
    };
    say(what).at(&places.origin(span.clone()), label)
}

/// The value part of a line, without a comment behind it.
fn uncommented(rest: &str) -> &str {
    let mut quote = None;
    for (index, c) in rest.char_indices() {
        match (quote, c) {
            (None, '#') => return rest[..index].trim(),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    rest.trim()
}

fn duplicate_section(places: &Places<'_>, headers: &[HeaderLine], index: usize) -> Diagnostic {
    let header = &headers[index];
    let title = header.keys.join(".");
    let first = headers[..index]
        .iter()
        .find(|earlier| earlier.keys == header.keys);
    let help = match header.keys.as_slice() {
        [_, _] => format!("merge the two, or give the second another name, such as [{title}-long]"),
        _ => "merge the two".to_owned(),
    };
    Diagnostic::error("P108", format!("[{title}] is written twice in this file"))
        .at(&places.origin(header.span.clone()), "again here")
        .also_some(
            first
                .map(|first| places.origin(first.span.clone()))
                .as_ref(),
            "first here",
        )
        .help(help)
        .about(title)
}

fn duplicate_key(
    places: &Places<'_>,
    headers: &[HeaderLine],
    root: &DeTable<'_>,
    span: &Range<usize>,
) -> Diagnostic {
    let key = places.text[span.clone()].trim_matches(['"', '\'']);
    let header = headers.iter().rfind(|header| header.span.end <= span.start);
    let keys = header
        .map(|header| header.keys.as_slice())
        .unwrap_or_default();
    let mut table = Some(root);
    for name in keys {
        table = table
            .and_then(|table| table.get(name.as_str()))
            .and_then(|value| {
                if let DeValue::Table(below) = value.get_ref() {
                    Some(below)
                } else {
                    None
                }
            });
    }
    let first = table
        .and_then(|table| table.iter().find(|(known, _)| known.get_ref() == key))
        .map(|(known, _)| places.origin(known.span()));
    let place = match keys {
        [] => "above the first section".to_owned(),
        keys => format!("in [{}]", keys.join(".")),
    };
    Diagnostic::error("P108", format!("`{key}` is written twice {place}"))
        .at(&places.origin(span.clone()), "again here")
        .also_some(first.as_ref(), "first here")
        .help("keep one of them")
}

fn list_of_tables(places: &Places<'_>, header: &HeaderLine) -> Diagnostic {
    let title = header.keys.join(".");
    let section = header.keys.first().map(String::as_str).unwrap_or_default();
    Diagnostic::error(
        "P102",
        format!("[[{title}]] is not used here: each one has a name"),
    )
    .at(
        &places.origin(header.span.clone()),
        "a list of tables has no names to override",
    )
    .help(format!("[{section}.NAME]"))
}

/// The headers of a text, in order.
pub(crate) fn headers(text: &str) -> Vec<HeaderLine> {
    let mut found = Vec::new();
    let mut scan = Scan::default();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let body = line.trim_start();
        if scan.is_between_values() && body.starts_with('[') {
            found.extend(header(line, start));
        } else {
            scan.read(line);
        }
        start += line.len();
    }
    found
}

fn header(line: &str, start: usize) -> Option<HeaderLine> {
    let indent = line.len() - line.trim_start().len();
    let body = &line[indent..];
    let is_list = body.starts_with("[[");
    let close = if is_list { "]]" } else { "]" };
    let open = close.len();
    let end = body.find(close)?;
    let mut keys = Vec::new();
    let mut quote = None;
    let mut word = String::new();
    for c in body[open..end].chars() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(closing), c) if closing == c => quote = None,
            (None, '.') => keys.push(std::mem::take(&mut word)),
            (None, c) if c.is_whitespace() => {}
            (_, c) => word.push(c),
        }
    }
    keys.push(word);
    let from = start + indent;
    Some(HeaderLine {
        span: from..from + end + close.len(),
        keys,
        is_list,
    })
}

/// Where the scan stands between lines: in a list, or in a text over several lines.
#[derive(Default)]
struct Scan {
    depth: usize,
    long_quote: Option<&'static str>,
}

impl Scan {
    fn is_between_values(&self) -> bool {
        self.depth == 0 && self.long_quote.is_none()
    }

    fn read(&mut self, line: &str) {
        let mut rest = line;
        while !rest.is_empty() {
            if let Some(quote) = self.long_quote {
                let Some(end) = rest.find(quote) else { return };
                rest = &rest[end + 3..];
                self.long_quote = None;
                continue;
            }
            let Some(at) = rest.find(['"', '\'', '[', ']', '{', '}', '#']) else {
                return;
            };
            let (found, after) = (&rest[at..], &rest[at + 1..]);
            rest = after;
            if found.starts_with('#') {
                return;
            } else if let Some(after) = found.strip_prefix("\"\"\"") {
                self.long_quote = Some("\"\"\"");
                rest = after;
            } else if let Some(after) = found.strip_prefix("'''") {
                self.long_quote = Some("'''");
                rest = after;
            } else if found.starts_with(['[', '{']) {
                self.depth += 1;
            } else if found.starts_with([']', '}']) {
                self.depth = self.depth.saturating_sub(1);
            } else {
                rest = after_string(found);
            }
        }
    }
}

/// What follows a quoted text on one line.
fn after_string(text: &str) -> &str {
    let quote = &text[..1];
    let mut escaped = false;
    for (index, c) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' && quote == "\"" {
            escaped = true;
        } else if text[index..].starts_with(quote) {
            return &text[index + 1..];
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<String> = headers(text)
            .into_iter()
            .map(|header| text[header.span].to_owned())
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn headers_in_texts_lists_and_comments_are_none() {
        check(
            "[a]\nx = [\n  [1],\n]\n# [no]\ny = \"\"\"\n[no]\n\"\"\"\n[b.c]\n",
            &["[a]", "[b.c]"],
        );
    }

    #[test]
    fn a_bracket_in_a_text_opens_nothing() {
        check(
            "x = \"[\"\ny = 'it\\'\n[a]\nz = \"\\\"[\"\n[[b]]\n",
            &["[a]", "[[b]]"],
        );
    }
}
