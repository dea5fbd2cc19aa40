//! Names of sections: from our tags, else from the name in AWS without what all names begin with.

use std::collections::BTreeMap;

/// The section names that are taken, by section and name in AWS.
#[derive(Debug, Default)]
pub(super) struct Labels {
    taken: BTreeMap<String, BTreeMap<String, String>>,
}

impl Labels {
    /// The name of a section for a resource; the same one when it is asked for again.
    pub(super) fn of(
        &mut self,
        section: &str,
        name: &str,
        address: Option<&str>,
        prefixes: &[&str],
    ) -> String {
        let taken = self.taken.entry(section.to_owned()).or_default();
        if let Some(known) = taken.get(name) {
            return known.clone();
        }
        let own = address
            .and_then(|address| address.strip_prefix(section)?.strip_prefix('.'))
            .map(str::to_owned);
        let wanted = own.unwrap_or_else(|| {
            let rest = prefixes
                .iter()
                .filter(|prefix| !prefix.is_empty())
                .find_map(|prefix| name.strip_prefix(*prefix))
                .filter(|rest| !slug(rest).is_empty());
            let slug = slug(rest.unwrap_or(name));
            if slug.is_empty() {
                section.to_owned()
            } else {
                slug
            }
        });
        let is_free = |label: &String| !taken.values().any(|other| other == label);
        let numbered = (2..).map(|number| format!("{wanted}-{number}"));
        let free = std::iter::once(wanted.clone())
            .chain(numbered)
            .find(is_free)
            .unwrap_or(wanted);
        taken.insert(name.to_owned(), free.clone());
        free
    }

    /// The name that was given before.
    pub(super) fn known(&self, section: &str, name: &str) -> Option<&String> {
        self.taken.get(section)?.get(name)
    }
}

/// Lower case letters, digits and single hyphens.
pub(super) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        let c = if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        };
        if c != '-' || !(slug.is_empty() || slug.ends_with('-')) {
            slug.push(c);
        }
    }
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_all_begin_with_and_stay_apart() {
        let mut labels = Labels::default();
        let prefixes = ["shop-prod-", "shop-"];
        assert_eq!(
            labels.of("alarm", "shop-prod-CPU high", None, &prefixes),
            "cpu-high"
        );
        assert_eq!(
            labels.of("alarm", "shop-cpu_high", None, &prefixes),
            "cpu-high-2"
        );
        assert_eq!(
            labels.of("alarm", "shop-cpu_high", None, &prefixes),
            "cpu-high-2"
        );
        assert_eq!(labels.of("alarm", "x", Some("alarm.own"), &prefixes), "own");
        assert_eq!(slug("--Über  Tag--"), "ber-tag");
    }
}
