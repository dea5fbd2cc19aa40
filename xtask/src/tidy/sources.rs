//! Source files: length, first line, forgotten marks, paths of somebody's machine.

use std::fs;
use std::path::Path;

use crate::{files, shown};

/// Lines a source file may have.
const LONGEST: usize = 600;

/// Files that may be longer, each with the reason.
const LONGER: [(&str, &str); 0] = [];

/// Where source files are.
const PLACES: [&str; 3] = ["crates", "xtask", "tests"];

/// Ends of names of files that are text written by us.
const TEXTS: [&str; 9] = ["rs", "py", "sh", "md", "toml", "tsv", "txt", "json", "run"];

/// Looks at every file of the repository.
pub(super) fn check(root: &Path) -> Vec<String> {
    let mut complaints = Vec::new();
    for path in files(root) {
        let name = shown(root, &path);
        let extension = path
            .extension()
            .unwrap_or(path.file_name().unwrap_or_default());
        let Some(kind) = TEXTS.iter().find(|kind| extension == **kind) else {
            continue;
        };
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        let source = PLACES
            .iter()
            .any(|place| name.starts_with(&format!("{place}/")));
        if source && matches!(*kind, "rs" | "py") {
            complaints.extend(shape(&name, kind, &text));
        }
        complaints.extend(lines(&name, kind, &text));
    }
    complaints
}

/// Length and first line.
fn shape(name: &str, kind: &str, text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let length = text.lines().count();
    if length > LONGEST && !LONGER.iter().any(|(known, _)| *known == name) {
        complaints.push(format!(
            "{name}: {length} lines; split it by subject before {LONGEST}"
        ));
    }
    let first = text
        .lines()
        .find(|line| !line.starts_with("#!"))
        .unwrap_or_default();
    let (mark, rest) = if kind == "rs" {
        ("//!", first.strip_prefix("//! "))
    } else {
        ("\"\"\"", first.strip_prefix("\"\"\""))
    };
    if rest.is_none_or(|sentence| sentence.trim().is_empty()) {
        complaints.push(format!(
            "{name}:1: the first line says with `{mark}` what the file is"
        ));
    }
    complaints
}

/// Marks without an owner and paths of a machine.
fn lines(name: &str, kind: &str, text: &str) -> Vec<String> {
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
    ];
    let machine = [
        concat!("/ro", "ot/"),
        concat!("/wo", "rk/"),
        concat!("/Us", "ers/"),
    ];
    let mut complaints = Vec::new();
    for (number, line) in text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
    {
        for mark in marks {
            let owned = format!("{mark}(");
            let found = line.match_indices(mark).any(|(at, _)| {
                !line[at..].starts_with(&owned) && stands_alone(line, at, mark.len())
            });
            if found && matches!(kind, "rs" | "py" | "sh" | "toml" | "run") {
                complaints.push(format!(
                    "{name}:{number}: `{mark}` needs an owner: {mark}(name)"
                ));
            }
        }
        for path in machine {
            let begins = |at: usize| {
                let before = line[..at].chars().next_back();
                before.is_none_or(|c| !c.is_alphanumeric() && !"./-_~}>".contains(c))
            };
            if line.match_indices(path).any(|(at, _)| begins(at)) {
                complaints.push(format!("{name}:{number}: a path of somebody's machine"));
            }
        }
    }
    complaints
}

/// Whether a word is not part of a longer one.
fn stands_alone(line: &str, at: usize, length: usize) -> bool {
    let letter = |c: char| c.is_alphanumeric() || c == '_';
    !line[..at].ends_with(letter) && !line[at + length..].starts_with(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_needs_an_owner_and_a_word_is_no_mark() {
        let mark = concat!("TO", "DO");
        assert_eq!(lines("a.rs", "rs", &format!("// {mark}: later")).len(), 1);
        assert!(lines("a.rs", "rs", &format!("// {mark}(mehta): later")).is_empty());
        assert!(lines("a.rs", "rs", &format!("const MY{mark}S: u8 = 1;")).is_empty());
    }

    #[test]
    fn a_home_folder_is_a_path_of_a_machine_and_a_page_is_not() {
        let home = concat!("/ro", "ot/");
        assert_eq!(lines("a.md", "md", &format!("see {home}notes")).len(), 1);
        assert!(lines("a.md", "md", &format!("https://example.com{home}notes")).is_empty());
    }

    #[test]
    fn the_first_line_says_what_a_file_is() {
        assert!(shape("crates/a.rs", "rs", "//! What it is.\n").is_empty());
        assert_eq!(shape("crates/a.rs", "rs", "use std::fs;\n").len(), 1);
        assert_eq!(shape("tests/a.py", "py", "import os\n").len(), 1);
    }
}
