//! `gen`: what is derived from the catalog and kept in the repository for readers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;

use pgward_kinds::CATALOG;
use pgward_kinds::permissions::{BESIDE, PREFLIGHT, WHO};
use pgward_model::{Section, Severity};
use pgward_review::explain;

use crate::{Problem, files, shown};

const KEYS: &str = "docs/reference/keys";
const NOTE: &str = "<!-- Written by `cargo xtask gen`. -->";

/// Writes every generated file whose text differs and removes pages of sections that are gone.
///
/// # Errors
///
/// A file can't be written.
pub fn write(root: &Path) -> Result<String, Problem> {
    let stale = stale(root);
    for (path, text) in texts().iter().filter(|(path, _)| stale.contains(*path)) {
        let file = root.join(path);
        let folder = file.parent().expect("every generated file is in a folder");
        fs::create_dir_all(folder).map_err(|error| Problem::at(folder, &error))?;
        fs::write(&file, text).map_err(|error| Problem::at(&file, &error))?;
    }
    for path in stale.iter().filter(|path| !texts().contains_key(*path)) {
        let file = root.join(path);
        fs::remove_file(&file).map_err(|error| Problem::at(&file, &error))?;
    }
    Ok(match stale.len() {
        0 => "all generated files are fresh".to_owned(),
        _ => format!("wrote {}", stale.into_iter().collect::<Vec<_>>().join(", ")),
    })
}

/// Compares and writes nothing.
///
/// # Errors
///
/// Names the files that are not what they would be.
pub fn check(root: &Path) -> Result<String, Problem> {
    let stale = stale(root);
    if stale.is_empty() {
        return Ok("all generated files are fresh".to_owned());
    }
    let list = stale.into_iter().collect::<Vec<_>>().join("\n  ");
    Err(Problem::new(format!(
        "not fresh:\n  {list}\nrun `cargo xtask gen` and commit the result"
    )))
}

/// Paths whose text differs, that are missing, or that nothing writes any more.
fn stale(root: &Path) -> BTreeSet<String> {
    let texts = texts();
    let mut stale: BTreeSet<String> = texts
        .iter()
        .filter(|(path, text)| fs::read_to_string(root.join(path)).ok().as_ref() != Some(*text))
        .map(|(path, _)| path.clone())
        .collect();
    let pages = files(&root.join(KEYS))
        .into_iter()
        .map(|path| shown(root, &path));
    stale.extend(pages.filter(|path| !texts.contains_key(path)));
    stale
}

/// Every generated file by its path.
fn texts() -> BTreeMap<String, String> {
    let schema = serde_json::to_string_pretty(&pgward_spec::schema(&CATALOG))
        .expect("a schema has texts for keys");
    let mut texts = BTreeMap::from([
        ("specs/schema.json".to_owned(), schema + "\n"),
        (format!("{KEYS}/README.md"), index()),
        ("docs/reference/codes.md".to_owned(), codes()),
        ("docs/reference/permissions.md".to_owned(), permissions()),
    ]);
    for section in sections() {
        texts.insert(
            format!("{KEYS}/{}.md", file_name(section)),
            section_page(section),
        );
    }
    texts
}

/// Sections that can be written in this version.
fn sections() -> impl Iterator<Item = &'static Section> {
    CATALOG
        .sections
        .iter()
        .filter(|section| section.later.is_empty())
}

fn file_name(section: &Section) -> &str {
    if section.name.is_empty() {
        "top-level"
    } else {
        section.name
    }
}

fn header(section: &Section) -> String {
    match (section.name, section.many) {
        ("", _) => "Top level".to_owned(),
        (name, true) => format!("[{name}.NAME]"),
        (name, false) => format!("[{name}]"),
    }
}

fn index() -> String {
    let mut page =
        format!("# Sections of the language\n\n{NOTE}\n\n| section | what it is |\n|---|---|\n");
    for section in sections() {
        let name = header(section);
        writeln!(
            page,
            "| [`{name}`]({}.md) | {} |",
            file_name(section),
            section.doc
        )
        .expect("a text takes all");
    }
    page
}

fn section_page(section: &Section) -> String {
    let mut page = format!("# {}\n\n{NOTE}\n\n{}.\n", header(section), section.doc);
    if section.required {
        page.push_str("Every environment has it.\n");
    }
    if section.can_be_dropped {
        page.push_str("`enabled = false` drops one that is inherited.\n");
    }
    if section.free_keys {
        page.push_str("Its keys are free names.\n");
    }
    let attributes = CATALOG
        .attributes_in(section)
        .into_iter()
        .map(|(key, _)| key);
    let mut seen = BTreeSet::new();
    for key in attributes.chain(section.keys.iter().map(|key| key.name)) {
        if key == "*" || !seen.insert(key) {
            continue;
        }
        let path = if section.name.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", section.name)
        };
        let Some(text) = explain::key(&CATALOG, &path) else {
            continue;
        };
        write!(page, "\n## `{key}`\n\n```text\n{}\n```\n", text.trim_end())
            .expect("a text takes all");
    }
    page
}

fn codes() -> String {
    let mut page =
        format!("# Diagnostic codes\n\n{NOTE}\n\n| code | | what it is about |\n|---|---|---|\n");
    for (code, title, severity) in explain::codes() {
        let word = match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        writeln!(
            page,
            "| [{code}](#{}) | {word} | {title} |",
            code.to_lowercase()
        )
        .expect("a text takes all");
    }
    for (code, _, _) in explain::codes() {
        let text = explain::code(code).expect("every listed code has its page");
        write!(page, "\n## {code}\n\n```text\n{}\n```\n", text.trim_end())
            .expect("a text takes all");
    }
    page
}

/// How to get from the table to a policy.
const POLICIES: &str = "
## The policy of one environment

    pgward explain permissions plan prod > plan-policy.json
    pgward explain permissions apply prod > apply-policy.json
    pgward explain permissions destroy prod > destroy-policy.json

Each prints the smallest policy for this spec, with these actions narrowed to what the spec names; without a word
it is that of `apply`. It reads files alone and needs no credentials.

- A role that plans can't change anything and reads no secret's value.
- A role that applies deletes what carries the tags of the environment and is no longer in the spec, but never the
  instance. That takes the policy of `destroy`.
- RDS Proxy and security groups have generated ids, so conditions on the tags of pgward take the place of names.
- A policy of more than 6,144 characters is an inline policy of the role (`aws iam put-role-policy`), of which
  IAM takes 10,240. One that is larger still has its longest lists of names replaced by their common beginning.
  A note on stderr says so.
- `preflight` says \"not checked\" without the actions of its row, which are in none of the three; neither is that
  of `drift --who`, which names nobody without it.
- What the spec does not say is not in it: the key of an encrypted bucket or of somebody else's secret, and
  `--final-snapshot NAME` of another name than the usual one.
";

pub(crate) fn permissions() -> String {
    let mut page = format!(
        "# Permissions\n\n{NOTE}\n\nWhat pgward calls, and what AWS does in the name of the caller, by \
         kind. `check` calls nothing; `plan`, `drift` and `output` need what *reads* says; `apply` \
         and `destroy` need parts of *writes* too.\n\n\
         | kind | reads | writes |\n|---|---|---|\n"
    );
    let kinds = CATALOG
        .kinds
        .iter()
        .map(|kind| (kind.name, kind.reads, kind.writes));
    for (name, read, write) in kinds.chain(BESIDE) {
        writeln!(page, "| {name} | {} | {} |", list(read), list(write)).expect("a text takes all");
    }
    writeln!(page, "| `preflight` | {} | |", list(&PREFLIGHT)).expect("a text takes all");
    writeln!(page, "| `drift --who` | {} | |", list(&WHO)).expect("a text takes all");
    page.push_str(POLICIES);
    page
}

fn list(actions: &[&str]) -> String {
    actions
        .iter()
        .map(|action| format!("`{action}`"))
        .collect::<Vec<_>>()
        .join("<br>")
}
