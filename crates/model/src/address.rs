//! Where things stand: the address of a resource and the path of a value.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The address of a resource: its header in TOML, such as `instance` or `replica.reporting`.
///
/// An address never changes when a name, an ARN or a cloud id does, so it is the key of every map
/// that is handed from one station to the next.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Address(String);

impl Address {
    /// The address of a section that occurs once, such as `instance`, or of any written address.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The address of a named section, such as `replica.reporting`.
    #[must_use]
    pub fn named(section: &str, name: &str) -> Self {
        Self(format!("{section}.{name}"))
    }

    /// The section: `replica` of `replica.reporting`.
    #[must_use]
    pub fn section(&self) -> &str {
        self.0
            .split_once('.')
            .map_or(self.0.as_str(), |(section, _)| section)
    }

    /// The name within the section: `reporting` of `replica.reporting`.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.0.split_once('.').map(|(_, name)| name)
    }

    /// The text as written in TOML.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The path of a value in the TOML language, such as `storage.size` or `alarm.cpu-high.above`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Path(String);

impl Path {
    /// A path from its text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text as written in TOML.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `selection` (a path, an address or a section, as `--only` takes it) covers this path.
    #[must_use]
    pub fn is_within(&self, selection: &str) -> bool {
        self.0 == selection
            || self
                .0
                .strip_prefix(selection)
                .is_some_and(|rest| rest.starts_with('.'))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_covers_whole_words_only() {
        assert!(Path::new("storage.size").is_within("storage"));
        assert!(Path::new("storage.size").is_within("storage.size"));
        assert!(!Path::new("storage.size").is_within("stor"));
    }
}
