//! What a text on the command line names: a code, a key, a word of the plan, and near names.

use pgward_model::Catalog;

use super::{code, codes, key};

const WORDS: &str = include_str!("words.md");

/// The words of the plan and their pages.
fn words() -> impl Iterator<Item = (&'static str, &'static str)> {
    WORDS
        .strip_prefix("# ")
        .unwrap_or(WORDS)
        .split("\n# ")
        .filter_map(|page| page.split_once('\n'))
        .map(|(word, page)| (word, page.trim_end()))
}

/// The page of what a text names: a code (`P302`, `302`), whatever [`key`] finds, an effect, a flag
/// or another word of the plan (`downtime`, `waiting`), an output (`proxy.endpoint`), a class
/// (`db.m6g.large`), or the beginning of codes (`P3`). Case, and `-` for `_`, don't matter.
#[must_use]
pub fn page(catalog: &Catalog, text: &str) -> Option<String> {
    let text = text.trim();
    let digits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits {
        format!("P{text}")
    } else {
        text.to_owned()
    };
    if let Some(page) = code(&number) {
        return Some(page.to_owned());
    }
    let plain = text.to_ascii_lowercase().replace('-', "_");
    let lower = text.to_ascii_lowercase();
    // A section that comes with a later version has less to say than the word.
    word(&lower)
        .filter(|_| {
            catalog
                .section(&lower)
                .is_none_or(|section| !section.later.is_empty())
        })
        .or_else(|| key(catalog, text))
        .or_else(|| key(catalog, &lower))
        .or_else(|| key(catalog, &plain))
        .or_else(|| choice(catalog, &lower))
        .or_else(|| output(&lower))
        .or_else(|| class(catalog, &lower))
        .or_else(|| metric(catalog, text))
        .or_else(|| free(catalog, &lower))
        .or_else(|| beginning(text))
        .or_else(|| lower.ends_with("password").then(|| word("password"))?)
}

fn word(text: &str) -> Option<String> {
    let spaced = text.replace([' ', '_'], "-");
    let found = words().find(|(word, _)| *word == spaced)?;
    Some(format!("{}\n{}", found.0, found.1))
}

/// A word that one key alone takes: the page of the key.
fn choice(catalog: &Catalog, text: &str) -> Option<String> {
    let mut takers = catalog.sections.iter().flat_map(|section| {
        let attributes = catalog.attributes_in(section).into_iter();
        let takes = attributes.filter(|(_, attribute)| attribute.one_of.contains(&text));
        takes.map(move |(name, _)| format!("{}.{name}", section.name))
    });
    let first = takers.next()?;
    takers
        .all(|other| other == first)
        .then(|| key(catalog, &first))?
}

/// What only AWS knows; `replica.reporting.endpoint` is the endpoint of one of many.
fn output(text: &str) -> Option<String> {
    let (head, key) = text.rsplit_once('.')?;
    word(&format!("{}.{key}", head.split('.').next()?))
}

fn class(catalog: &Catalog, text: &str) -> Option<String> {
    let facts = catalog.facts.class(text)?;
    Some(format!(
        "{text:<24} instance class, {} vCPU, {} GiB\n  related    instance.class, replica.NAME.class",
        facts.vcpu, facts.memory_gib
    ))
}

/// A metric in another case, or by a name that it is often taken for.
fn metric(catalog: &Catalog, text: &str) -> Option<String> {
    let known = catalog.facts.metrics();
    let name = known
        .into_iter()
        .find(|name| name.eq_ignore_ascii_case(text))
        .or_else(|| catalog.facts.metric_meant_by(text))?;
    key(catalog, &name)
}

/// A key that its section leaves to the user, such as a tag.
fn free(catalog: &Catalog, text: &str) -> Option<String> {
    let (head, _) = text.split_once('.')?;
    let section = catalog.section(head)?;
    (section.free_keys && section.kinds.is_empty()).then(|| key(catalog, head))?
}

/// The codes that begin so.
fn beginning(text: &str) -> Option<String> {
    let wanted = text.to_ascii_uppercase();
    let wanted = wanted.trim_end_matches('X');
    let is_code = wanted
        .strip_prefix('P')
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()));
    let lines: Vec<String> = codes()
        .into_iter()
        .filter(|(code, _, _)| is_code && code.starts_with(wanted))
        .map(|(code, title, _)| format!("{code}  {title}"))
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// Everything that has a page, for near names.
#[must_use]
pub fn names(catalog: &Catalog) -> Vec<String> {
    let mut names: Vec<String> = codes()
        .iter()
        .map(|(code, _, _)| (*code).to_owned())
        .collect();
    for section in catalog.sections {
        names.push(section.name.to_owned());
        let attributes = catalog.attributes_in(section);
        let keys = attributes.iter().map(|(key, _)| *key);
        for key in keys.chain(section.keys.iter().map(|key| key.name)) {
            names.push(key.to_owned());
            if !section.name.is_empty() {
                names.push(format!("{}.{key}", section.name));
            }
        }
    }
    for major in catalog.facts.majors() {
        names.extend(catalog.facts.parameters(&format!("postgres{major}")));
    }
    names.extend(catalog.facts.metrics());
    names.extend(catalog.facts.classes());
    names.extend(words().map(|(word, _)| word.to_owned()));
    names.retain(|name| !name.is_empty() && !name.contains('*'));
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use pgward_kinds::CATALOG;

    #[test]
    fn everything_that_is_named_has_a_page() {
        let names = names(&CATALOG);
        assert!(names.len() > 300, "{} names", names.len());
        for name in names {
            let found = page(&CATALOG, &name).unwrap_or_else(|| panic!("no page for {name}"));
            let widest = found.lines().map(|line| line.chars().count()).max();
            assert!(widest.is_some_and(|width| width <= 100), "{found}");
        }
    }

    #[test]
    fn what_people_type_is_understood() {
        let rows = [
            ("302", "P302 "),
            ("p302", "P302 "),
            ("P3xx", "P301  "),
            ("P9", "P901  "),
            ("multi-az", "[instance] multi_az"),
            ("Instance.Class", "[instance] class"),
            ("tags.CostCenter", "[tags]"),
            ("proxy.endpoint", "proxy.endpoint\n"),
            ("replica.reporting.endpoint", "replica.endpoint\n"),
            ("downtime", "downtime\neffect: "),
            ("one way", "one-way\nflag "),
            ("connect", "connect\nhow to reach"),
            ("db_instance_class", "[instance] class"),
            ("secret.master.password", "password\n"),
            ("policy", "[policy]"),
            ("GP3", "gp3\nstorage type"),
            ("exit", "exit\nthe code"),
            ("iam-db-auth-error", "[monitoring] logs"),
            ("cpuutilization", "CPUUtilization"),
            ("ReplicationLag", "ReplicaLag"),
            ("db.m6g.large", "db.m6g.large "),
        ];
        for (text, start) in rows {
            let found = page(&CATALOG, text).unwrap_or_default();
            assert!(found.starts_with(start), "{text}: {found}");
        }
        assert_eq!(page(&CATALOG, "colour"), None);
        assert_eq!(page(&CATALOG, "P"), None);
    }
}
