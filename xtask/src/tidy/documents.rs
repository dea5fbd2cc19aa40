//! Documents and cases: links that lead somewhere, folders that are complete.

use std::fs;
use std::path::Path;

use pgward_kinds::CATALOG;

use crate::case::UNDESCRIBED;
use crate::{files, folders, shown};

/// What the cases of a family end with; every one of these is in every case.
const EXPECTED: [(&str, &[&str]); 2] = [
    ("check", &["expected.txt"]),
    (
        "plan",
        &["plan.txt", "plan.json", "calls.txt", "report.txt"],
    ),
];

/// Every code that is given has a page in `explain`.
pub(super) fn codes(root: &Path) -> Vec<String> {
    let pages = "crates/review/src/explain/codes.md";
    let text = fs::read_to_string(root.join(pages)).unwrap_or_default();
    let has_page = |code: &str| {
        text.lines()
            .any(|line| line.starts_with(&format!("# {code} ")))
    };
    let mut complaints = Vec::new();
    for file in files(&root.join("crates")) {
        // Tests may name codes that do not exist.
        let source = fs::read_to_string(&file).unwrap_or_default();
        let source = source.split("#[cfg(test)]").next().unwrap_or_default();
        let is_test = file.components().any(|part| part.as_os_str() == "tests");
        if is_test || file.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        for (number, line) in source.lines().enumerate() {
            let mut quoted = line.split('"').skip(1).step_by(2);
            if let Some(code) = quoted.find(|text| is_code(text) && !has_page(text)) {
                let place = shown(root, &file);
                complaints.push(format!(
                    "{place}:{}: {code} has no page in {pages}",
                    number + 1
                ));
            }
        }
    }
    complaints
}

/// Whether a text is `P` and three digits.
fn is_code(text: &str) -> bool {
    let digits = text.strip_prefix('P').unwrap_or_default();
    digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Every case says what it shows and holds what is expected; every kind has a case.
pub(super) fn cases(root: &Path) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut names = Vec::new();
    for family in folders(&root.join("tests/cases")) {
        let expected = EXPECTED.iter().find(|(known, _)| family.ends_with(known));
        let Some((_, expected)) = expected else {
            complaints.push(format!(
                "{}: xtask knows no such family",
                shown(root, &family)
            ));
            continue;
        };
        for folder in folders(&family)
            .iter()
            .filter(|folder| !folder.ends_with("shared"))
        {
            let name = shown(root, folder);
            let spec = fs::read_to_string(folder.join("spec.toml")).unwrap_or_default();
            let first = spec.lines().next().unwrap_or_default();
            if !first.starts_with("# ") || first == UNDESCRIBED {
                complaints.push(format!(
                    "{name}/spec.toml:1: a comment says what the case shows"
                ));
            }
            for file in expected.iter().filter(|file| !folder.join(file).is_file()) {
                complaints.push(format!(
                    "{name}: {file} is missing; accept a run and read it"
                ));
            }
            names.push(name);
        }
    }
    for kind in CATALOG.kinds {
        let start = format!("tests/cases/plan/{}-", kind.name.replace('_', "-"));
        if !names.iter().any(|name| name.starts_with(&start)) {
            complaints.push(format!("{start}*: the kind `{}` has no case", kind.name));
        }
    }
    complaints
}

/// Every link of a document to a file of the repository leads to one.
pub(super) fn links(root: &Path) -> Vec<String> {
    let mut complaints = Vec::new();
    let documents = files(root).into_iter();
    for path in documents.filter(|path| path.extension().is_some_and(|end| end == "md")) {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let folder = path.parent().unwrap_or(root);
        for (number, target) in targets(&text) {
            let (file, fragment) = target.split_once('#').unwrap_or((target.as_str(), ""));
            let aim = if file.is_empty() {
                path.clone()
            } else {
                folder.join(file)
            };
            let name = shown(root, &path);
            if !aim.exists() {
                complaints.push(format!(
                    "{name}:{number}: the link to {target} leads nowhere"
                ));
            } else if !fragment.is_empty() && aim.is_file() {
                let there = fs::read_to_string(&aim).unwrap_or_default();
                if !anchors(&there).iter().any(|anchor| anchor == fragment) {
                    complaints.push(format!("{name}:{number}: {target} has no such heading"));
                }
            }
        }
    }
    complaints
}

/// Lines outside fenced blocks, numbered, with code spans cut out.
fn prose(text: &str) -> impl Iterator<Item = (usize, String)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            return None;
        }
        let outside = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        (!fenced).then_some((index + 1, outside))
    })
}

/// Targets of links that are neither pages nor addresses.
fn targets(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        for (at, _) in line.match_indices("](") {
            let rest = &line[at + 2..];
            let Some(end) = rest.find([')', ' ']) else {
                continue;
            };
            let target = &rest[..end];
            if !target.contains("://") && !target.starts_with("mailto:") && !target.is_empty() {
                found.push((number, target.to_owned()));
            }
        }
    }
    found
}

/// The anchors of the headings, as they are made on the web.
fn anchors(text: &str) -> Vec<String> {
    let mut fenced = false;
    let mut found = Vec::new();
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        let heading = line.trim_start_matches('#');
        if fenced || heading.len() == line.len() || !heading.starts_with(' ') {
            continue;
        }
        let kept = heading.trim().to_lowercase();
        let kept = kept
            .chars()
            .filter(|c| c.is_alphanumeric() || "-_ ".contains(*c));
        found.push(kept.map(|c| if c == ' ' { '-' } else { c }).collect());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_in_code_are_none() {
        let text = "see [a](b.md) and `[c](d.md)`\n```\n[e](f.md)\n```\n[g](https://h)\n";
        assert_eq!(targets(text), [(1, "b.md".to_owned())]);
    }

    #[test]
    fn anchors_are_those_of_the_web() {
        assert_eq!(
            anchors("## A.3 Who may `see` whom?\n"),
            ["a3-who-may-see-whom"]
        );
    }
}
