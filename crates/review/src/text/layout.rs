//! Layout: lines of colored words, columns, wrapping, and the escaping of foreign text.
//!
//! Every text of a file or of AWS reaches the output through [`Line`], which escapes it.

use std::fmt::Write as _;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How text is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether escape codes color it.
    pub color: bool,
    /// Whether glyphs are replaced by ASCII.
    pub ascii: bool,
    /// Columns of the terminal; 100 where there is none.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            color: false,
            ascii: false,
            width: Self::WIDTH,
        }
    }
}

impl Style {
    /// Columns where nothing else is known.
    pub const WIDTH: usize = 100;

    /// The same style for another number of columns, at least 40.
    #[must_use]
    pub fn with_width(self, width: usize) -> Self {
        Self {
            width: width.max(40),
            ..self
        }
    }
}

/// The role of a word, which decides its color.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Plain text.
    Plain,
    /// Nothing to worry about: green.
    Calm,
    /// Worth a look: yellow.
    Notice,
    /// Interrupts, exposes or destroys: red.
    Danger,
    /// Blocked: magenta.
    Blocked,
    /// An address or a headline: bold.
    Bold,
    /// A source or a note: dim.
    Dim,
}

impl Ink {
    fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Calm => Some("32"),
            Self::Notice => Some("33"),
            Self::Danger => Some("31"),
            Self::Blocked => Some("35"),
            Self::Bold => Some("1"),
            Self::Dim => Some("2"),
        }
    }
}

/// A text with everything escaped that could move the cursor, color, reorder or hide other text:
/// control characters, escape sequences, line breaks, and Unicode's marks for direction and for
/// invisible text.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            c if is_unsafe(c) => {
                let _ = write!(safe, "\\u{{{:x}}}", u32::from(c));
            }
            c => safe.push(c),
        }
    }
    safe
}

/// A line of a file with the number of characters kept: what [`escape`] would spell out becomes
/// one replacement character, a tab one space.
pub(crate) fn escape_in_place(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c == '\t' {
                ' '
            } else if is_unsafe(c) {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// Whether text holds letters that are written from right to left.
pub(crate) fn is_right_to_left(text: &str) -> bool {
    text.chars().any(|c| {
        matches!(c,
            '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'
            | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
    })
}

/// Columns a text takes.
pub(crate) fn columns(text: &str) -> usize {
    text.width()
}

/// Columns a character takes; at least one, as carets must show something.
pub(crate) fn column_of(c: char) -> usize {
    c.width().unwrap_or(1).max(1)
}

/// The glyphs of the outputs in ASCII.
fn ascii(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '·' | '–' | '—' | '─' => plain.push('-'),
            '✓' => plain.push_str("ok"),
            '✗' => plain.push('X'),
            '±' => plain.push_str("+/-"),
            '…' => plain.push_str("..."),
            '\u{2800}'..='\u{28ff}' => plain.push('-'),
            '\u{fffd}' => plain.push('?'),
            c => plain.push(c),
        }
    }
    plain
}

/// A line in the making: words with their roles, and the column reached.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    style: Style,
    spans: Vec<(Ink, String)>,
    width: usize,
}

impl Line {
    pub(crate) fn new(style: Style) -> Self {
        Self {
            style,
            spans: Vec::new(),
            width: 0,
        }
    }

    /// Appends text of a role, escaped.
    pub(crate) fn ink(mut self, ink: Ink, text: impl AsRef<str>) -> Self {
        let mut safe = escape(text.as_ref());
        if self.style.ascii {
            safe = ascii(&safe);
        }
        self.width += columns(&safe);
        self.spans.push((ink, safe));
        self
    }

    /// Appends plain text, escaped.
    pub(crate) fn text(self, text: impl AsRef<str>) -> Self {
        self.ink(Ink::Plain, text)
    }

    /// Fills up to a column; a longer line gets `gap` spaces.
    pub(crate) fn to(self, column: usize, gap: usize) -> Self {
        let missing = column.saturating_sub(self.width).max(gap);
        self.text(" ".repeat(missing))
    }

    /// Appends text so that it ends at a column.
    pub(crate) fn ending_at(self, column: usize, gap: usize, ink: Ink, text: &str) -> Self {
        let start = column.saturating_sub(self.shown_width(text));
        self.to(start, gap).ink(ink, text)
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.width == 0
    }

    /// Whether there is nothing but spaces.
    pub(crate) fn is_blank(&self) -> bool {
        self.spans.iter().all(|(_, text)| text.trim().is_empty())
    }

    /// Columns of the spaces it begins with.
    fn lead(&self) -> usize {
        let mut lead = 0;
        for (_, text) in &self.spans {
            let spaces = text.len() - text.trim_start_matches(' ').len();
            lead += spaces;
            if spaces < text.len() {
                break;
            }
        }
        lead
    }

    /// Columns a text takes once it is escaped and spelled in this line's style.
    pub(crate) fn shown_width(&self, text: &str) -> usize {
        Self::new(self.style).text(text).width
    }

    /// Whether text of this width, after a gap of two, still fits.
    pub(crate) fn has_room(&self, width: usize) -> bool {
        self.width + 2 + width <= self.style.width
    }

    /// The finished line, without spaces at its end.
    pub(crate) fn finish(mut self) -> String {
        while let Some((_, last)) = self.spans.last_mut() {
            last.truncate(last.trim_end_matches(' ').len());
            if !last.is_empty() {
                break;
            }
            self.spans.pop();
        }
        let mut text = String::new();
        for (ink, span) in self.spans {
            match ink
                .code()
                .filter(|_| self.style.color && !span.trim().is_empty())
            {
                Some(code) => {
                    let _ = write!(text, "\u{1b}[{code}m{span}\u{1b}[0m");
                }
                None => text.push_str(&span),
            }
        }
        text
    }
}

/// Columns that a text needs beside its label; with less it stands below.
const LEAST_ROOM: usize = 24;

/// Finished lines of a text.
#[derive(Debug)]
pub(crate) struct Page {
    style: Style,
    lines: Vec<String>,
}

impl Page {
    pub(crate) fn new(style: Style) -> Self {
        Self {
            style,
            lines: Vec::new(),
        }
    }

    pub(crate) fn style(&self) -> Style {
        self.style
    }

    /// A line to be filled.
    pub(crate) fn start(&self) -> Line {
        Line::new(self.style)
    }

    pub(crate) fn push(&mut self, line: Line) {
        self.lines.push(line.finish());
    }

    /// An empty line, unless the last one is empty or there is none.
    pub(crate) fn blank(&mut self) {
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(String::new());
        }
    }

    /// A line with something at its right end; in a line of its own if there is no room.
    pub(crate) fn push_with_end(&mut self, line: Line, end: Line) {
        let end_width = end.width();
        if end.is_empty() || line.has_room(end_width) {
            let column = self.style.width.saturating_sub(end_width);
            let mut whole = if end.is_empty() {
                line
            } else {
                line.to(column, 2)
            };
            whole.width += end.width;
            whole.spans.extend(end.spans);
            self.push(whole);
        } else {
            self.push(line);
            self.push_at_end(end);
        }
    }

    /// A line of its own for what stands at the right end.
    pub(crate) fn push_at_end(&mut self, end: Line) {
        if end.is_empty() {
            return;
        }
        let column = self.style.width.saturating_sub(end.width());
        let mut own = self.start().to(column, 2);
        own.spans.extend(end.spans);
        self.push(own);
    }

    /// A line that begins with `line` and goes on with text, which wraps to that column. Where the
    /// column leaves too little room, the text stands below the line instead.
    pub(crate) fn wrap(&mut self, line: Line, ink: Ink, text: &str) {
        let indent = line.width();
        let room = self.style.width.saturating_sub(indent);
        let lead = line.lead();
        if room < LEAST_ROOM && columns(text) > room && lead + 4 < indent {
            if !line.is_blank() {
                self.push(line);
            }
            let line = self.start().to(lead + 4, 0);
            return self.wrap(line, ink, text);
        }
        let mut rows = wrap(text, self.style.width.saturating_sub(indent)).into_iter();
        self.push(line.ink(ink, rows.next().unwrap_or_default()));
        for row in rows {
            let start = self.start().to(indent, 0);
            self.push(start.ink(ink, row));
        }
    }

    /// As [`Page::wrap`], with something at the right end of the first row.
    pub(crate) fn wrap_with_end(&mut self, line: Line, text: &str, end: &str) {
        if end.is_empty() {
            self.wrap(line, Ink::Plain, text);
            return;
        }
        let indent = line.width();
        let room = self.style.width.saturating_sub(indent);
        let narrow = room.saturating_sub(columns(end) + 2);
        if narrow < 30 {
            self.wrap(line, Ink::Plain, text);
            let own = self.start().ending_at(self.style.width, 2, Ink::Dim, end);
            self.push(own);
            return;
        }
        let first = wrap(text, narrow).swap_remove(0);
        let rest = text[first.len()..].trim_start_matches(' ');
        let rest = rest.strip_prefix('\n').unwrap_or(rest);
        let end = self.start().ink(Ink::Dim, end);
        self.push_with_end(line.text(first), end);
        for row in wrap(rest, room).into_iter().filter(|_| !rest.is_empty()) {
            let start = self.start().to(indent, 0);
            self.push(start.text(row));
        }
    }

    /// All lines, each with its line break.
    pub(crate) fn finish(mut self) -> String {
        while self.lines.last().is_some_and(String::is_empty) {
            self.lines.pop();
        }
        let mut text = self.lines.join("\n");
        text.push('\n');
        text
    }
}

/// Breaks text at its line breaks, and at spaces or after `/` where it is wider than `width`;
/// never inside a word, and without changing the spaces within a row.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(20);
    let mut rows = Vec::new();
    for paragraph in text.split('\n') {
        let mut rest = paragraph;
        while columns(rest) > width {
            let Some(end) = break_before(rest, width) else {
                break;
            };
            rows.push(rest[..end].trim_end().to_owned());
            rest = rest[end..].trim_start();
        }
        rows.push(rest.to_owned());
    }
    rows
}

/// The byte offset of the last space that leaves at most `width` columns, else of the last `/`,
/// else of the first of either.
fn break_before(text: &str, width: usize) -> Option<usize> {
    let lead = text.len() - text.trim_start().len();
    let (mut space, mut slash, mut first) = (None, None, None);
    let mut column = 0;
    let mut after_slash = false;
    for (index, c) in text.char_indices().filter(|(index, _)| *index > lead) {
        let fits = columns(&text[..lead]) + column <= width;
        if !fits && (space.is_some() || slash.is_some() || first.is_some()) {
            break;
        }
        let found = if c == ' ' {
            Some(&mut space)
        } else if after_slash {
            Some(&mut slash)
        } else {
            None
        };
        if let Some(found) = found {
            first.get_or_insert(index);
            if fits {
                *found = Some(index);
            }
        }
        after_slash = c == '/' && !text[..index].ends_with([':', '/']);
        column = columns(&text[lead..index + c.len_utf8()]);
    }
    space
        .or(slash)
        .or(first)
        .filter(|end| !text[*end..].trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_move_hide_or_reorder_anything() {
        assert_eq!(
            escape("a\u{1b}[2Kb\r\n\u{202e}c\u{200b}"),
            "a\\u{1b}[2Kb\\r\\n\\u{202e}c\\u{200b}"
        );
        assert_eq!(escape("grün · 日本"), "grün · 日本");
        assert_eq!(escape_in_place("\ta\u{1b}b"), " a\u{fffd}b");
    }

    #[test]
    fn words_are_never_broken() {
        assert_eq!(
            wrap("one two three four five", 20),
            ["one two three four", "five"]
        );
        let arn = "arn:aws:sns:ap-south-1:111122223333:b2b-oncall";
        assert_eq!(wrap(&format!("to {arn}"), 20), ["to", arn]);
        assert_eq!(
            wrap("happytrip/b2b/production/postgres", 20),
            ["happytrip/b2b/", "production/postgres"]
        );
        assert_eq!(wrap("a  b\n  c", 20), ["a  b", "  c"]);
    }

    #[test]
    fn color_wraps_words_and_not_the_spaces_at_the_end() {
        let style = Style {
            color: true,
            ..Style::default()
        };
        let line = Line::new(style).ink(Ink::Danger, "!").text(" a").to(10, 2);
        assert_eq!(line.finish(), "\u{1b}[31m!\u{1b}[0m a");
    }

    #[test]
    fn ascii_replaces_the_glyphs() {
        let style = Style {
            ascii: true,
            ..Style::default()
        };
        assert_eq!(Line::new(style).text("✓ a · b ±").finish(), "ok a - b +/-");
    }
}
