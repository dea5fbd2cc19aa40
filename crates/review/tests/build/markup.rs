//! Whether Markdown and HTML are whole: fences, tables, tags, and nothing foreign among them.

/// The tags that a comment may have outside of fences.
const TAGS: [&str; 5] = ["details", "summary", "sub", "code", "br"];

/// Panics unless fences are closed, tables have as many cells in every row, tags are those of the
/// comment and closed in order, and nobody is mentioned.
pub(crate) fn assert_whole(text: &str) {
    let mut fence: Option<usize> = None;
    let mut columns: Option<usize> = None;
    let mut open: Vec<String> = Vec::new();
    for line in text.lines() {
        let ticks = line.bytes().take_while(|byte| *byte == b'`').count();
        match fence {
            Some(length) if ticks >= length && line.len() == ticks => fence = None,
            Some(_) => {
                let first = line.bytes().next().unwrap_or(b' ');
                assert!(
                    b" +-!>".contains(&first),
                    "a line of a fence begins with {line:?}"
                );
            }
            None if ticks >= 3 => fence = Some(ticks),
            None => {
                table(line, &mut columns);
                tags(line, &mut open);
            }
        }
    }
    assert_eq!(fence, None, "a fence is open:\n{text}");
    assert!(open.is_empty(), "{open:?} are open:\n{text}");
}

fn table(line: &str, columns: &mut Option<usize>) {
    if !line.starts_with('|') {
        *columns = None;
        return;
    }
    let cells = line.matches('|').count();
    let expected = *columns.get_or_insert(cells);
    assert_eq!(cells, expected, "cells of {line:?}");
    assert!(line.ends_with('|'), "{line:?} is cut");
}

/// A line without what stands in spans of code.
fn bare(line: &str) -> String {
    let mut parts = line.split('`');
    let mut out = parts.next().unwrap_or_default().to_owned();
    while let Some(_span) = parts.next() {
        let rest = parts.next();
        assert!(rest.is_some(), "a span of code is open in {line:?}");
        out.push_str(rest.unwrap_or_default());
    }
    out
}

fn tags(line: &str, open: &mut Vec<String>) {
    if line.starts_with("<!-- pgward:") {
        assert!(
            line.ends_with(" -->") && line.matches("-->").count() == 1,
            "{line:?}"
        );
        return;
    }
    let bare = bare(line);
    let mut characters = bare.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let next = characters.peek().map_or(' ', |(_, next)| *next);
        assert!(c != '@' || !next.is_alphanumeric(), "a mention in {line:?}");
        if c != '<' {
            continue;
        }
        let end = bare[at..].find('>').expect("a tag is closed") + at;
        let tag = &bare[at + 1..end];
        let name = tag.trim_start_matches('/');
        assert!(TAGS.contains(&name), "<{tag}> in {line:?}");
        if name == "br" {
            continue;
        }
        if tag.starts_with('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "{line:?}");
        } else {
            open.push(name.to_owned());
        }
    }
}

/// Panics unless every element of a page is closed in order.
pub(crate) fn assert_balanced(page: &str, name: &str) {
    const VOID: [&str; 2] = ["meta", "br"];
    let mut open: Vec<&str> = Vec::new();
    let (before, rest) = page.split_once("<style>").expect("a page has a style");
    let (_, after) = rest.split_once("</style>").expect("the style is closed");
    for part in [before, after] {
        for piece in part.split('<').skip(1) {
            let (tag, _) = piece
                .split_once('>')
                .unwrap_or_else(|| panic!("{name}: {piece}"));
            let word = tag.split([' ', '\n']).next().unwrap_or_default();
            if tag.starts_with('!') || tag.ends_with('/') || VOID.contains(&word) {
                continue;
            }
            match word.strip_prefix('/') {
                Some(word) => assert_eq!(open.pop(), Some(word), "{name}"),
                None => open.push(word),
            }
        }
    }
    assert!(open.is_empty(), "{name}: {open:?}");
}
