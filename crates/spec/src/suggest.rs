//! Near names, names from AWS and Terraform, and other sections.

use pgward_model::{Catalog, Diagnostic, Section};

use crate::hints;
use crate::language::{self, Key};
use crate::parse::Entry;

/// The nearest of some names, if one is near enough to be a slip; the first of equals.
#[must_use]
pub fn near<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).clamp(1, 3);
    let mut best: Option<(usize, &str)> = None;
    let length = word.chars().count();
    for name in names {
        // The distance is at least the difference in length.
        if name.chars().count().abs_diff(length) > limit {
            continue;
        }
        let distance = strsim::osa_distance(&word.to_lowercase(), &name.to_lowercase());
        if distance <= limit && best.is_none_or(|(shortest, _)| distance < shortest) {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| name)
}

/// The nearest of some words, if no other one is as near.
pub(crate) fn only_near<'a>(word: &str, words: &[&'a str]) -> Option<&'a str> {
    let nearest = near(word, words.iter().copied())?;
    let others = words.iter().copied().filter(|other| *other != nearest);
    let distance = |other: &str| strsim::osa_distance(&word.to_lowercase(), other);
    (near(word, others).is_none_or(|second| distance(second) > distance(nearest)))
        .then_some(nearest)
}

/// P101 for a key that the section doesn't have, and the key that is probably meant.
pub(crate) fn unknown_key(
    catalog: &Catalog,
    section: &Section,
    title: &str,
    keys: &[Key],
    key: &str,
    entry: &Entry,
) -> (Diagnostic, Vec<&'static str>) {
    let (place, label) = if title.is_empty() {
        (
            "above the first section".to_owned(),
            "not a key of the top level".to_owned(),
        )
    } else {
        (format!("in {title}"), format!("not a key of {title}"))
    };
    let found = Diagnostic::error("P101", format!("unknown key `{key}` {place}"))
        .at(&entry.key, label)
        .about(format!("{}.{key}", title.trim_matches(['[', ']'])));
    let meant: Vec<&'static str> = keys
        .iter()
        .filter(|known| known.is_known_as(key))
        .map(|known| known.name)
        .collect();
    if !meant.is_empty() {
        let found = found.help(format!("this is written `{}` here", meant.join("` or `")));
        let found = match meant.as_slice() {
            [one] => found.fixed_by(&entry.key, *one),
            _ => found,
        };
        let topic = if section.name.is_empty() {
            "project"
        } else {
            section.name
        };
        let note =
            format!("pgward explain {topic} lists every key with its AWS and Terraform names");
        return (found.note(note), meant);
    }
    if let Some(answer) = hints::answer(section.name, key) {
        return (found.help(answer), Vec::new());
    }
    if let Some(place) = other_section(catalog, section, |known| known.name == key) {
        return (
            found.help(format!("`{key}` belongs in {}", place.0)),
            Vec::new(),
        );
    }
    if let Some(name) = near(key, keys.iter().map(|known| known.name)) {
        let name = keys
            .iter()
            .find(|known| known.name == name)
            .map_or("", |known| known.name);
        let names: Vec<&str> = keys.iter().map(|known| known.name).collect();
        let mut found = found.help(format!("did you mean `{name}`?"));
        if only_near(key, &names).is_some() {
            found = found.fixed_by(&entry.key, name);
        }
        return (found, vec![name]);
    }
    if let Some((place, name)) = other_section(catalog, section, |known| known.is_known_as(key)) {
        return (
            found.help(format!("this is written `{name}` in {place}")),
            Vec::new(),
        );
    }
    let names: Vec<&str> = keys.iter().map(|known| known.name).collect();
    let help = if names.is_empty() {
        "remove the line".to_owned()
    } else {
        format!(
            "the keys of {}: {}",
            if title.is_empty() {
                "the top level"
            } else {
                title
            },
            names.join(", ")
        )
    };
    (found.help(help), Vec::new())
}

/// The first other section with a key that fits, as written, and the key.
fn other_section(
    catalog: &Catalog,
    section: &Section,
    fits: impl Fn(&Key) -> bool,
) -> Option<(String, &'static str)> {
    let others = catalog.sections.iter().filter(|other| {
        other.name != section.name && other.later.is_empty() && !other.name.is_empty()
    });
    others
        .flat_map(|other| {
            language::keys(catalog, other)
                .into_iter()
                .map(move |key| (other, key))
        })
        .find(|(_, key)| fits(key))
        .map(|(other, key)| {
            let place = if other.many {
                format!("[{}.NAME]", other.name)
            } else {
                format!("[{}]", other.name)
            };
            (place, key.name)
        })
}

/// The section that is probably meant by an unknown one.
pub(crate) fn section(catalog: &Catalog, name: &str) -> Option<&'static Section> {
    let named = |wanted: &str| catalog.sections.iter().find(|known| known.name == wanted);
    language::section_meant_by(name)
        .and_then(named)
        .or_else(|| {
            let names = catalog
                .sections
                .iter()
                .map(|known| known.name)
                .filter(|n| !n.is_empty());
            near(name, names).and_then(named)
        })
}

/// What a section is called here that other tools call otherwise: `instance` for
/// `aws_db_instance`, and for its plural.
#[must_use]
pub fn section_elsewhere(catalog: &Catalog, name: &str) -> Option<&'static str> {
    let singular = name.trim_end_matches('s');
    language::section_meant_by(name).or_else(|| {
        let known = catalog.sections.iter().map(|known| known.name);
        known.into_iter().find(|known| *known == singular)
    })
}

/// Whether an unknown section can mean no other than [`section`] says.
pub(crate) fn is_only(catalog: &Catalog, name: &str) -> bool {
    let names: Vec<&str> = catalog.sections.iter().map(|known| known.name).collect();
    language::section_meant_by(name).is_some() || only_near(name, &names).is_some()
}

/// `"a", "b", "c"`.
pub(crate) fn quoted<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words
        .into_iter()
        .map(|word| format!("\"{word}\""))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_near_and_another_word_is_not() {
        assert_eq!(near("mutli_az", ["class", "multi_az"]), Some("multi_az"));
        assert_eq!(
            near("db.m6g.xlagre", ["db.m6g.large", "db.m6g.xlarge"]),
            Some("db.m6g.xlarge")
        );
        assert_eq!(near("colour", ["class", "size"]), None);
    }
}
