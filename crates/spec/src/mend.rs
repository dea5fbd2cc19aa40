//! The fixes that findings suggest, made in the text (`check --fix`).

use std::collections::{BTreeMap, BTreeSet};

use pgward_model::{Diagnostic, Fix};

use crate::parse;

/// A line of a file, before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MendedLine {
    /// The codes of the findings that are mended.
    pub codes: BTreeSet<String>,
    /// The line as it was.
    pub before: String,
    /// The line as it is.
    pub after: String,
}

/// Makes the fixes of one file's findings, and returns the new text with the lines that changed,
/// by their number from 1.
///
/// A fix is left out where two findings want different texts at one place, where the text would
/// no longer be TOML, and in a line that holds a password, which is not shown again.
#[must_use]
pub fn mend(file: &str, text: &str, found: &[Diagnostic]) -> (String, BTreeMap<u32, MendedLine>) {
    let secret: BTreeSet<u32> = found
        .iter()
        .filter(|one| one.code == "P110")
        .filter_map(|one| one.primary.as_ref())
        .map(|label| label.origin.line)
        .collect();
    let mut fixes: Vec<(&Fix, &str)> = found
        .iter()
        .filter_map(|one| Some((one.fix.as_ref()?, one.code.as_str())))
        .filter(|(fix, _)| fix.origin.file == file && !secret.contains(&fix.origin.line))
        .collect();
    // From the end to the start, so that earlier places stay true.
    fixes.sort_by(|(a, _), (b, _)| (&b.origin, &b.text).cmp(&(&a.origin, &a.text)));
    fixes.dedup_by(|(a, _), (b, _)| a == b);
    let certain: Vec<(&Fix, &str)> = fixes
        .iter()
        .filter(|(fix, _)| {
            fixes
                .iter()
                .all(|(other, _)| other == fix || apart(fix, other))
        })
        .copied()
        .collect();
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let mut mended = BTreeMap::new();
    for (fix, code) in certain {
        let index = usize::try_from(fix.origin.line)
            .unwrap_or(0)
            .wrapping_sub(1);
        let Some(line) = lines.get(index).cloned() else {
            continue;
        };
        let Some(after) = replaced(&line, fix) else {
            continue;
        };
        let faults = parse::syntax(file, &lines.join("\n")).len();
        lines[index].clone_from(&after);
        if parse::syntax(file, &lines.join("\n")).len() > faults {
            lines[index] = line;
            continue;
        }
        let shown = |line: &str| line.trim_end_matches('\r').to_owned();
        let entry = mended.entry(fix.origin.line).or_insert_with(|| MendedLine {
            codes: BTreeSet::new(),
            before: shown(&line),
            after: String::new(),
        });
        entry.codes.insert(code.to_owned());
        entry.after = shown(&after);
    }
    (lines.join("\n"), mended)
}

/// Whether two fixes are at places that don't touch.
fn apart(one: &Fix, other: &Fix) -> bool {
    one.origin.line != other.origin.line
        || one.origin.end_column <= other.origin.column
        || other.origin.end_column <= one.origin.column
}

/// The line with the fix; nothing if the place is not in it.
fn replaced(line: &str, fix: &Fix) -> Option<String> {
    if fix.text.contains('\n') {
        return None;
    }
    let at = |column: u32| {
        let column = usize::try_from(column).ok()?.checked_sub(1)?;
        let ends = line.char_indices().map(|(index, _)| index);
        ends.chain([line.len()]).nth(column)
    };
    let (from, to) = (at(fix.origin.column)?, at(fix.origin.end_column)?);
    Some(format!("{}{}{}", &line[..from], fix.text, &line[to..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pgward_model::Origin;

    fn fixing(line: u32, columns: (u32, u32), text: &str, code: &str) -> Diagnostic {
        let origin = Origin {
            file: "a.toml".to_owned(),
            line,
            column: columns.0,
            end_column: columns.1,
        };
        Diagnostic::error(code, "wrong")
            .at(&origin, "")
            .fixed_by(&origin, text)
    }

    fn check(text: &str, found: &[Diagnostic], expected: &str) {
        assert_eq!(mend("a.toml", text, found).0, expected);
    }

    #[test]
    fn several_fixes_of_a_line_are_made_and_shown_once() {
        let found = [
            fixing(2, (1, 5), "size", "P101"),
            fixing(2, (8, 11), "\"100 GiB\"", "P104"),
        ];
        let text = "[storage]\nsise = 100 # ü\n";
        let (after, lines) = mend("a.toml", text, &found);
        assert_eq!(after, "[storage]\nsize = \"100 GiB\" # ü\n");
        let line = &lines[&2];
        assert_eq!(
            (line.before.as_str(), line.after.as_str(), line.codes.len()),
            ("sise = 100 # ü", "size = \"100 GiB\" # ü", 2)
        );
    }

    #[test]
    fn what_is_not_certain_is_left() {
        let text = "a = 1\nb = 2\n";
        let two = [
            fixing(2, (1, 2), "c", "P101"),
            fixing(2, (1, 2), "d", "P101"),
        ];
        check(text, &two, text);
        check(text, &[fixing(2, (1, 2), "a", "P101")], text);
        check(text, &[fixing(9, (1, 2), "c", "P101")], text);
        let secret = [
            fixing(2, (1, 2), "c", "P101"),
            fixing(2, (5, 6), "3", "P110"),
        ];
        check(text, &secret, text);
    }
}
