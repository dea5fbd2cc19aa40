//! TOML text to sections with the place of every key and value.

use std::collections::BTreeMap;
use std::ops::Range;

use pgward_model::{Diagnostic, Origin};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::syntax;

/// What a value is in TOML.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Tree {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Date(String),
    List(Vec<Node>),
    Table(BTreeMap<String, Entry>),
}

/// A value, its place, and its text as written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) tree: Tree,
    pub(crate) origin: Origin,
    pub(crate) raw: String,
}

impl Node {
    /// The text, if it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        if let Tree::Text(text) = &self.tree {
            Some(text)
        } else {
            None
        }
    }

    /// The place of some characters within a quoted text; the whole if escapes make that vague.
    pub(crate) fn within(&self, byte_offset: usize, length: usize) -> Origin {
        let Some(text) = self.text() else {
            return self.origin.clone();
        };
        if self.raw.len() != text.len() + 2 {
            return self.origin.clone();
        }
        let before = text
            .get(..byte_offset)
            .map_or(0, |part| part.chars().count());
        let column = self.origin.column + 1 + count(before);
        Origin {
            column,
            end_column: column + count(length),
            ..self.origin.clone()
        }
    }

    /// What was written, in a word or two: "text", "a number".
    pub(crate) fn noun(&self) -> &'static str {
        match self.tree {
            Tree::Bool(_) => "true or false",
            Tree::Int(_) | Tree::Float(_) => "a number",
            Tree::Text(_) => "text",
            Tree::Date(_) => "a date",
            Tree::List(_) => "a list",
            Tree::Table(_) => "a table",
        }
    }
}

/// A key with its place, and its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: Origin,
    pub(crate) node: Node,
}

/// The keys of one section, and the place of its header.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    pub(crate) header: Origin,
    pub(crate) keys: BTreeMap<String, Entry>,
}

/// A section by its name and, for `[alarm.cpu-high]`, the name within it.
pub(crate) type Header = (String, Option<String>);

/// One file: its keys above the first section, and its sections.
#[derive(Debug, Clone)]
pub(crate) struct Parsed {
    pub(crate) top: Part,
    pub(crate) parts: BTreeMap<Header, Part>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Whether there was a syntax error, so that what is missing may be there.
    pub(crate) broken: bool,
}

/// Reads a file's text; a syntax error leaves it without sections, duplicates don't.
pub(crate) fn parse(file: &str, text: &str) -> Parsed {
    let places = Places::new(file, text);
    let (root, errors) = DeTable::parse_recoverable(text);
    let headers = syntax::headers(text);
    let report = syntax::report(&places, &headers, root.get_ref(), &errors);
    let mut parsed = Parsed {
        top: Part {
            header: places.origin(0..0),
            keys: BTreeMap::new(),
        },
        parts: BTreeMap::new(),
        diagnostics: report.diagnostics,
        broken: report.broken,
    };
    if parsed.broken {
        return parsed;
    }
    let listed: Vec<usize> = headers
        .iter()
        .filter(|header| header.is_list)
        .map(|header| header.span.start)
        .collect();
    for (key, value) in root.get_ref() {
        if listed.contains(&value.span().start) {
            continue;
        }
        match value.get_ref() {
            DeValue::Table(table) if !places.is_from_outside(value, table) => {
                places.section(
                    key.get_ref(),
                    value.span(),
                    table,
                    &listed,
                    &mut parsed.parts,
                );
            }
            _ => {
                parsed
                    .top
                    .keys
                    .insert(key.get_ref().to_string(), places.entry(key.span(), value));
            }
        }
    }
    parsed
}

/// What is wrong with a file's text as TOML, duplicates included.
pub(crate) fn syntax(file: &str, text: &str) -> Vec<Diagnostic> {
    let places = Places::new(file, text);
    let (root, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Vec::new();
    }
    syntax::report(&places, &syntax::headers(text), root.get_ref(), &errors).diagnostics
}

/// Positions in one file.
pub(crate) struct Places<'a> {
    file: &'a str,
    pub(crate) text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Places<'a> {
    pub(crate) fn new(file: &'a str, text: &'a str) -> Self {
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0)
            .chain(newlines.map(|(index, _)| index + 1))
            .collect();
        Self { file, text, starts }
    }

    /// The place of a range of bytes; a range over several lines ends with its first line.
    pub(crate) fn origin(&self, span: Range<usize>) -> Origin {
        let line = self
            .starts
            .partition_point(|start| *start <= span.start)
            .max(1)
            - 1;
        let start = self.starts[line];
        let line_end = self
            .starts
            .get(line + 1)
            .map_or(self.text.len(), |next| next - 1);
        let chars = |range: Range<usize>| {
            count(
                self.text
                    .get(range)
                    .map_or(0, |part| part.trim_end_matches('\r').chars().count()),
            )
        };
        let column = 1 + chars(start..span.start);
        let end = span.end.clamp(span.start, line_end.max(span.start));
        Origin {
            file: self.file.to_owned(),
            line: count(line + 1),
            column,
            end_column: column + chars(span.start..end).max(1),
        }
    }

    /// Files one section; tables with a header of their own below it are sections as well.
    fn section(
        &self,
        name: &str,
        span: Range<usize>,
        table: &DeTable<'_>,
        listed: &[usize],
        parts: &mut BTreeMap<Header, Part>,
    ) {
        let mut own = Part {
            header: self.origin(span.clone()),
            keys: BTreeMap::new(),
        };
        for (key, value) in table {
            if listed.contains(&value.span().start) {
                continue;
            }
            match value.get_ref() {
                DeValue::Table(below) if !self.is_inline(value) => {
                    let mut part = Part {
                        header: self.origin(value.span()),
                        keys: BTreeMap::new(),
                    };
                    for (key, value) in below {
                        part.keys
                            .insert(key.get_ref().to_string(), self.entry(key.span(), value));
                    }
                    parts.insert((name.to_owned(), Some(key.get_ref().to_string())), part);
                }
                _ => {
                    own.keys
                        .insert(key.get_ref().to_string(), self.entry(key.span(), value));
                }
            }
        }
        let written = matches!(self.text.as_bytes().get(span.start), Some(b'[' | b'{'));
        if !own.keys.is_empty() || written {
            parts.insert((name.to_owned(), None), own);
        }
    }

    fn is_inline(&self, value: &Spanned<DeValue<'_>>) -> bool {
        self.text.as_bytes().get(value.span().start) == Some(&b'{')
    }

    /// Whether it is `{ env = "NAME" }` or its like, which is a value and not a section.
    fn is_from_outside(&self, value: &Spanned<DeValue<'_>>, table: &DeTable<'_>) -> bool {
        let outside = |key: &Spanned<_>| matches!(key.get_ref() as &str, "env" | "ssm");
        self.is_inline(value) && table.len() == 1 && table.keys().all(outside)
    }

    fn entry(&self, key: Range<usize>, value: &Spanned<DeValue<'_>>) -> Entry {
        Entry {
            key: self.origin(key),
            node: self.node(value),
        }
    }

    fn node(&self, value: &Spanned<DeValue<'_>>) -> Node {
        let tree = match value.get_ref() {
            DeValue::String(text) => Tree::Text(text.to_string()),
            DeValue::Boolean(value) => Tree::Bool(*value),
            DeValue::Integer(number) => {
                match i64::from_str_radix(number.as_str(), number.radix()) {
                    Ok(number) => Tree::Int(number),
                    Err(_) => Tree::Float(number.as_str().parse().unwrap_or(f64::MAX)),
                }
            }
            DeValue::Float(number) => Tree::Float(number.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Datetime(date) => Tree::Date(date.to_string()),
            DeValue::Array(items) => Tree::List(items.iter().map(|item| self.node(item)).collect()),
            DeValue::Table(table) => Tree::Table(
                table
                    .iter()
                    .map(|(key, value)| (key.get_ref().to_string(), self.entry(key.span(), value)))
                    .collect(),
            ),
        };
        let raw = self.text.get(value.span()).unwrap_or_default().to_owned();
        Node {
            tree,
            origin: self.origin(value.span()),
            raw,
        }
    }
}

/// A position as the number of an origin.
pub(crate) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        text: &str,
        section: &str,
        name: Option<&str>,
        key: &str,
        line: u32,
        columns: (u32, u32),
    ) {
        let parsed = parse("a.toml", text);
        assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
        let part = &parsed.parts[&(section.to_owned(), name.map(ToOwned::to_owned))];
        let origin = &part.keys[key].node.origin;
        assert_eq!(
            (origin.line, origin.column, origin.end_column),
            (line, columns.0, columns.1)
        );
    }

    #[test]
    fn columns_are_counted_in_characters() {
        check(
            "[tags]\n\"größe\" = \"é\" # ü\n",
            "tags",
            None,
            "größe",
            2,
            (11, 14),
        );
    }

    #[test]
    fn a_named_section_keeps_its_name() {
        check(
            "[alarm.cpu]\nabove = 3\n",
            "alarm",
            Some("cpu"),
            "above",
            2,
            (9, 10),
        );
    }

    #[test]
    fn an_inline_table_is_a_value() {
        check(
            "[network]\nsubnets = { tags = { Tier = \"database\" } }\n",
            "network",
            None,
            "subnets",
            2,
            (11, 43),
        );
    }

    #[test]
    fn a_value_over_several_lines_is_at_its_first_line() {
        check(
            "[network]\nsubnets = [\n  \"a\",\n]\n",
            "network",
            None,
            "subnets",
            2,
            (11, 12),
        );
    }

    #[test]
    fn windows_line_ends_do_not_shift_columns() {
        check("[a]\r\nb = 1\r\nc = \"x\"\r\n", "a", None, "c", 3, (5, 8));
    }
}
