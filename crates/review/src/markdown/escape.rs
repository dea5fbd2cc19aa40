//! Text of files and of AWS in Markdown: nothing of it is markup, a mention or a link.

use crate::text::escape;

/// Text that stands in a paragraph, a list or a cell of a table.
pub(crate) fn inline(text: &str) -> String {
    let safe = escape(text);
    let mut out = String::with_capacity(safe.len() + 16);
    let mut rest = safe.chars().peekable();
    let mut before = ' ';
    while let Some(c) = rest.next() {
        let next = rest.peek().copied().unwrap_or(' ');
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '|' => out.push_str("&#124;"),
            '`' => out.push_str("&#96;"),
            '*' => out.push_str("&#42;"),
            '[' => out.push_str("&#91;"),
            ']' => out.push_str("&#93;"),
            '\\' => out.push_str("&#92;"),
            '~' => out.push_str("&#126;"),
            '$' => out.push_str("&#36;"),
            // Within a word an underscore is one; at its edge it would begin emphasis.
            '_' if !before.is_alphanumeric() || !next.is_alphanumeric() => out.push_str("&#95;"),
            // A space without width keeps mentions, references and bare addresses from being made.
            '@' => out.push_str("@&#8203;"),
            '#' if next.is_ascii_digit() => out.push_str("#&#8203;"),
            ':' if next == '/' => out.push_str(":&#8203;"),
            '.' if before == 'w' => out.push_str(".&#8203;"),
            c => out.push(c),
        }
        before = c;
    }
    out
}

/// A sentence whose names stand between backticks, in the type of code.
pub(crate) fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return inline(text);
    }
    parts
        .iter()
        .enumerate()
        .map(|(number, part)| {
            if number.is_multiple_of(2) {
                inline(part)
            } else {
                code(part)
            }
        })
        .collect()
}

/// A name in the type of code.
pub(crate) fn code(text: &str) -> String {
    let plain = !text.is_empty()
        && text
            .chars()
            .all(|c| (c.is_ascii_graphic() || c == ' ') && !"`|\\<>&".contains(c));
    if plain && text.trim() == text {
        format!("`{text}`")
    } else {
        format!("<code>{}</code>", inline(text))
    }
}

/// At most so many characters, the last of them a mark if something is left out.
pub(crate) fn cut(text: &str, most: usize, ascii: bool) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mark = if ascii { "..." } else { "…" };
    let kept = most.saturating_sub(mark.chars().count());
    let short: String = text.chars().take(kept).collect();
    format!("{short}{mark}")
}

/// Lines in a fence that is longer than any run of backticks within.
pub(crate) fn fence(language: &str, body: &str) -> String {
    let mut longest = 0;
    let mut run = 0;
    for c in body.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let ticks = "`".repeat((longest + 1).max(3));
    format!(
        "{ticks}{language}\n{}\n{ticks}\n",
        body.trim_end_matches('\n')
    )
}

/// Text that may stand in a comment of HTML or behind a mark: letters, digits and `._/+-`.
pub(crate) fn token(text: &str, most: usize) -> String {
    text.chars()
        .take(most)
        .map(|c| {
            if c.is_ascii_alphanumeric() || "._/+-".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect()
}

/// A sentence: the first letter large, a period at the end.
pub(crate) fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut rest = text.chars();
    let Some(first) = rest.next() else {
        return String::new();
    };
    let end = if text.ends_with(['.', '!', '?', ':']) {
        ""
    } else {
        "."
    };
    format!("{}{}{end}", first.to_uppercase(), rest.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_foreign_is_markup() {
        assert_eq!(
            inline("a|b `c` <i> @team #12 https://x _y_ max_connections"),
            "a&#124;b &#96;c&#96; &lt;i&gt; @&#8203;team #&#8203;12 https:&#8203;//x \
             &#95;y&#95; max_connections"
        );
        assert_eq!(code("tags.a`b"), "<code>tags.a&#96;b</code>");
        assert_eq!(code("storage.size"), "`storage.size`");
        assert_eq!(
            prose("a `b|c` <d> `e`"),
            "a <code>b&#124;c</code> &lt;d&gt; `e`"
        );
        assert_eq!(prose("one ` is none"), "one &#96; is none");
        assert_eq!(token("a--> b/c", 20), "a--__b/c");
    }

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        assert_eq!(fence("diff", "a\n````\n"), "`````diff\na\n````\n`````\n");
        assert_eq!(cut("abcdef", 4, false), "abc…");
        assert_eq!(cut("abcdef", 6, true), "abcdef");
        assert_eq!(sentence("open to the internet"), "Open to the internet.");
    }
}
