//! A file while it is written: sections, aligned keys, comments.

use std::fmt::Write as _;

use pgward_model::{Form, Value};

/// Columns of a comment.
const WIDTH: usize = 96;

/// A line of a file.
#[derive(Debug)]
enum Line {
    Blank,
    Comment(String),
    Section(String),
    /// Key, value as TOML, and a comment behind it.
    Entry(String, String, String),
}

/// The lines so far.
#[derive(Debug, Default)]
pub(super) struct Page {
    lines: Vec<Line>,
}

impl Page {
    /// Begins a section, after an empty line.
    pub(super) fn section(&mut self, header: &str) {
        self.blank();
        self.lines.push(Line::Section(header.to_owned()));
    }

    pub(super) fn blank(&mut self) {
        self.lines.push(Line::Blank);
    }

    /// A comment, over as many lines as it needs.
    pub(super) fn comment(&mut self, text: &str) {
        // TOML allows no control characters in a comment.
        let text: String = text
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let mut line = String::new();
        for word in text.split_whitespace() {
            if !line.is_empty() && line.chars().count() + word.chars().count() >= WIDTH {
                self.lines.push(Line::Comment(std::mem::take(&mut line)));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.lines.push(Line::Comment(line));
    }

    /// A key with a value that is TOML already.
    pub(super) fn value(&mut self, key: &str, toml: &str) {
        let entry = Line::Entry(self::key(key), toml.to_owned(), String::new());
        self.lines.push(entry);
    }

    /// A key with a text.
    pub(super) fn text(&mut self, key: &str, text: &str) {
        self.value(key, &quoted(text));
    }

    /// A key with a text, and a comment behind it.
    pub(super) fn remarked(&mut self, key: &str, text: &str, remark: &str) {
        let entry = Line::Entry(self::key(key), quoted(text), remark.to_owned());
        self.lines.push(entry);
    }

    /// A key with texts.
    pub(super) fn list<'a>(&mut self, key: &str, items: impl IntoIterator<Item = &'a str>) {
        let items: Vec<String> = items.into_iter().map(quoted).collect();
        self.value(key, &format!("[{}]", items.join(", ")));
    }

    /// The file; `=` is aligned within each section.
    pub(super) fn finish(self) -> String {
        let mut text = String::new();
        let mut rest = self.lines.as_slice();
        while let Some((line, after)) = rest.split_first() {
            match line {
                Line::Blank => text.push('\n'),
                Line::Comment(comment) => add(&mut text, &format!("# {comment}")),
                Line::Section(header) => add(&mut text, &format!("[{header}]")),
                Line::Entry(..) => {
                    let ends = |line: &Line| matches!(line, Line::Section(_) | Line::Blank);
                    let count = rest.iter().position(ends).unwrap_or(rest.len());
                    let (block, after) = rest.split_at(count);
                    entries(&mut text, block);
                    rest = after;
                    continue;
                }
            }
            rest = after;
        }
        text
    }
}

fn add(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn entries(text: &mut String, block: &[Line]) {
    let widths = block.iter().filter_map(|line| match line {
        Line::Entry(key, ..) => Some(key.chars().count()),
        Line::Blank | Line::Comment(_) | Line::Section(_) => None,
    });
    let width = widths.max().unwrap_or(0);
    for line in block {
        match line {
            Line::Entry(key, value, remark) if remark.is_empty() => {
                writeln!(text, "{key:width$} = {value}").expect("a text takes it");
            }
            Line::Entry(key, value, remark) => {
                writeln!(text, "{key:width$} = {value}  # {remark}").expect("a text takes it");
            }
            Line::Comment(comment) => add(text, &format!("# {comment}")),
            Line::Blank | Line::Section(_) => {}
        }
    }
}

/// A key, with quotes if it needs them.
pub(super) fn key(key: &str) -> String {
    let bare = !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if bare { key.to_owned() } else { quoted(key) }
}

/// A text as TOML writes it.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A value of a form as TOML writes it.
pub(super) fn toml(form: Form, value: &Value) -> String {
    match (form, value) {
        (Form::Bool, Value::Bool(value)) => value.to_string(),
        (Form::Int | Form::Number, value) => form.print(value),
        (Form::Set | Form::List, Value::List(items)) => {
            let items = items.iter().filter_map(Value::as_text).map(quoted);
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        }
        (form, value) => quoted(&form.print(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_aligned_and_texts_are_quoted() {
        let mut page = Page::default();
        page.value("language", "1");
        page.section("tags");
        page.text("a b", "it's \"so\"");
        page.comment("two\nlines\u{7}");
        page.remarked("c", "d", "why");
        let text = page.finish();
        assert_eq!(
            text,
            "language = 1\n\n[tags]\n\"a b\" = 'it''s \"so\"'\n# two lines\nc     = \"d\"  # why\n"
                .replace("'it''s \"so\"'", &quoted("it's \"so\""))
        );
        let read: toml::Table = text.parse().expect("it is TOML");
        assert_eq!(read["tags"]["a b"].as_str(), Some("it's \"so\""));
    }
}
