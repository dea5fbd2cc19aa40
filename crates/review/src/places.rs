//! Where files are: relative to the repository, on the web, and the page of the run.

use crate::document::Source;

/// What forms need to point at files and at the run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// The working directory relative to the root of the repository: `infra/`, or empty.
    pub prefix: String,
    /// The address before the path of a file: `https://github.com/ORG/REPO/blob/9b07e15`.
    pub base: Option<String>,
    /// The address of the run.
    pub run: Option<String>,
    /// The file that findings without a place belong to, relative to the working directory.
    pub fallback: Option<String>,
}

impl Places {
    /// Whether an address can stand in a link of every form: `http` or `https`, and nothing that
    /// ends a link, an attribute or a line.
    #[must_use]
    pub fn is_address(text: &str) -> bool {
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"));
        rest.is_some_and(|rest| {
            !rest.is_empty()
                && rest
                    .chars()
                    .all(|c| c.is_ascii_graphic() && !"<>\"'()[]|\\`{}*".contains(c))
        })
    }

    /// The path of a file relative to the root of the repository, with `/` and without `.` and
    /// `..`; a file above the root keeps what is left of its path.
    #[must_use]
    pub fn in_repository(&self, file: &str) -> String {
        let whole = if file.starts_with('/') {
            file.to_owned()
        } else {
            format!("{}{file}", self.prefix)
        };
        let mut parts: Vec<&str> = Vec::new();
        for part in whole.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop();
                }
                part => parts.push(part),
            }
        }
        parts.join("/")
    }

    /// The address of a line, if addresses are known.
    #[must_use]
    pub fn link(&self, source: &Source) -> Option<String> {
        let base = self.base.as_ref().filter(|base| Self::is_address(base))?;
        Some(format!(
            "{}/{}#L{}",
            base.trim_end_matches('/'),
            percent(&self.in_repository(&source.file)),
            source.line
        ))
    }

    /// The address of the run, if it is one.
    pub(crate) fn run(&self) -> Option<&str> {
        let run = self.run.as_deref();
        run.filter(|run| run.len() <= 300 && Self::is_address(run))
    }
}

/// A path as an address spells it.
pub(crate) fn percent(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for half in [byte >> 4, byte & 15] {
                out.push(char::from(b"0123456789ABCDEF"[usize::from(half)]));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(file: &str) -> Source {
        Source {
            file: file.to_owned(),
            line: 7,
            column: 1,
            end_column: 2,
        }
    }

    #[test]
    fn links_are_absolute_and_spelled_for_the_web() {
        let places = Places {
            prefix: "infra/".to_owned(),
            base: Some("https://github.com/o/r/blob/9b07e15/".to_owned()),
            ..Places::default()
        };
        assert_eq!(
            places.link(&source("./specs/prod 1).toml")).as_deref(),
            Some("https://github.com/o/r/blob/9b07e15/infra/specs/prod%201%29.toml#L7")
        );
        assert_eq!(
            places.in_repository("../specs/prod.toml"),
            "specs/prod.toml"
        );
        assert_eq!(Places::default().link(&source("a.toml")), None);
    }

    #[test]
    fn an_address_ends_no_link() {
        assert!(Places::is_address("https://ci.example.com/run/8842?x=1"));
        for bad in [
            "javascript:alert(1)",
            "https://",
            "https://a b",
            "http://a)b",
            "https://a\">",
        ] {
            assert!(!Places::is_address(bad), "{bad}");
        }
    }
}
