//! Whatever a text tells people to have explained has a page.

use std::fs;
use std::path::Path;

use pgward_kinds::CATALOG;
use pgward_review::explain;

use crate::{files, shown};

/// Where texts stand that people read.
const PLACES: [&str; 7] = [
    "README.md",
    "crates",
    "docs",
    "specs",
    "ci",
    "tests/cases",
    "tests/scenarios",
];
const BEFORE: &str = "pgward explain ";

/// Every `pgward explain NAME` of the program, the documents and what the tests have seen printed.
pub(super) fn check(root: &Path) -> Vec<String> {
    let mut complaints = Vec::new();
    for place in PLACES.map(|place| root.join(place)) {
        let all = if place.is_file() {
            vec![place]
        } else {
            files(&place)
        };
        for path in all.iter().filter(|path| !is_test(path)) {
            let text = fs::read_to_string(path).unwrap_or_default();
            // Tests may name what does not exist.
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            for (number, name) in names(text) {
                if !has_page(name) {
                    let file = shown(root, path);
                    complaints.push(format!("{file}:{number}: `{name}` has no page in explain"));
                }
            }
        }
    }
    complaints
}

fn is_test(path: &Path) -> bool {
    let text = path.to_string_lossy();
    text.contains("/crates/") && text.contains("/tests/")
}

/// What is named, with the line. A command of a transcript is left out, as the transcript shows its
/// answer; so is what only stands for a name.
fn names(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("$ ") {
            continue;
        }
        for (at, _) in line.match_indices(BEFORE) {
            let rest = &line[at + BEFORE.len()..];
            let end = rest.find(|c: char| !(c.is_alphanumeric() || "._-/[]{}".contains(c)));
            let name = rest[..end.unwrap_or(rest.len())].trim_end_matches('.');
            if !stands_for_another(name) {
                found.push((index + 1, name));
            }
        }
    }
    found
}

/// `{code}`, `CODE`, `[CODE|KEY]`, or nothing at the end of a line.
fn stands_for_another(name: &str) -> bool {
    name.is_empty() || name.contains(['{', '[']) || name.chars().all(|c| c.is_ascii_uppercase())
}

fn has_page(name: &str) -> bool {
    name == "permissions" || explain::page(&CATALOG, name).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_placeholders_are_not() {
        let text = "$ pgward explain colour\nsee `pgward explain gp3`; pgward explain P401.\n\
                    pgward explain {code}, pgward explain CODE, pgward explain \n";
        assert_eq!(names(text), [(2, "gp3"), (2, "P401")]);
    }

    #[test]
    fn what_nobody_wrote_has_no_page() {
        assert!(has_page("gp3") && has_page("permissions") && has_page("P3"));
        assert!(!has_page("colour"));
    }
}
