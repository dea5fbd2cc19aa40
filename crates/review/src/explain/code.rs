//! The pages of the diagnostic codes, from `codes.md`.

use pgward_model::Severity;

const PAGES: &str = include_str!("codes.md");

/// The pages without the mark of their headings, sorted by code as the file is.
fn pages() -> impl Iterator<Item = &'static str> {
    PAGES
        .strip_prefix("# ")
        .unwrap_or(PAGES)
        .split("\n# ")
        .map(str::trim_end)
}

/// The page of a code such as `P401`, in any case: title, level, what it means, the way out and an
/// example. It begins with the code and has no line break at its end.
#[must_use]
pub fn code(code: &str) -> Option<&'static str> {
    let wanted = code.trim().to_ascii_uppercase();
    pages().find(|page| page.split(' ').next() == Some(wanted.as_str()))
}

/// Every code with its title and its level, sorted by code; `[policy] deny` can raise a warning
/// to an error.
#[must_use]
pub fn codes() -> Vec<(&'static str, &'static str, Severity)> {
    pages()
        .filter_map(|page| {
            let (heading, rest) = page.split_once('\n')?;
            let (code, title) = heading.split_once(' ')?;
            let severity = match rest.split(',').next()? {
                "warning" => Severity::Warning,
                "note" => Severity::Note,
                _ => Severity::Error,
            };
            Some((code, title, severity))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_complete_and_fits_a_terminal() {
        let codes = codes();
        assert_eq!(codes.len(), pages().count());
        assert!(codes.is_sorted_by(|a, b| a.0 < b.0));
        for (name, _, _) in codes {
            let page = code(name).expect("it is listed");
            assert!(name.len() == 4 && name.starts_with('P'), "{name}");
            assert!(page.contains("\n\nWay out: "), "{name} has no way out");
            assert!(
                page.lines().all(|line| line.chars().count() <= 100),
                "{name} is too wide"
            );
            let level = page.lines().nth(1).unwrap_or_default();
            assert!(
                level.starts_with("error, ") || level.starts_with("warning, "),
                "{name}"
            );
        }
    }

    #[test]
    fn levels_are_those_of_the_findings() {
        let level = |wanted: &str| {
            codes()
                .into_iter()
                .find(|(name, _, _)| *name == wanted)
                .map(|(_, _, level)| level)
        };
        assert_eq!(level("P401"), Some(Severity::Error));
        assert_eq!(level("P404"), Some(Severity::Warning));
        assert_eq!(level("P999"), None);
        assert!(code("p312").is_some_and(|page| page.starts_with("P312 limit of storage")));
    }
}
