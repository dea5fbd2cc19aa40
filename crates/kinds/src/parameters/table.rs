//! The rows of `data/parameters.toml`, as one family sees them.

use std::{collections::BTreeMap, sync::OnceLock};

use pgward_model::ParameterFacts;
use serde::Deserialize;

/// First major version in the data.
pub(crate) const OLDEST: u32 = 13;

/// Last major version in the data; families that are unknown are taken for it.
pub(crate) const NEWEST: u32 = 18;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    #[serde(rename = "source")]
    _source: String,
    #[serde(rename = "date")]
    _date: String,
    parameters: BTreeMap<String, Row>,
}

/// One row of the data, changed to what holds in one family.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    /// `int`, `float`, `bool`, `enum`, `list` or `string`.
    #[serde(rename = "type")]
    pub(crate) data_type: String,
    /// What it is counted in; empty for plain numbers.
    #[serde(default)]
    pub(crate) unit: String,
    /// Whether it takes effect only after a restart.
    #[serde(rename = "static", default)]
    pub(crate) is_static: bool,
    /// Whether it is a size of memory.
    #[serde(default)]
    pub(crate) memory: bool,
    /// Smallest and largest value.
    pub(crate) range: Option<(f64, f64)>,
    /// The words it may take.
    #[serde(default)]
    pub(crate) words: Vec<String>,
    /// Whether there may be other words.
    #[serde(default)]
    pub(crate) open: bool,
    /// What holds if it is not set.
    #[serde(default)]
    pub(crate) default: String,
    /// First major version that has it.
    #[serde(default = "oldest")]
    pub(crate) from: u32,
    /// Last major version that has it.
    pub(crate) until: Option<u32>,
    /// Whether nobody may set it on RDS.
    #[serde(default)]
    pub(crate) fixed: bool,
    /// What to write instead.
    #[serde(default)]
    pub(crate) instead: Vec<String>,
    /// Why it can't be set, or what became of it.
    #[serde(default)]
    pub(crate) note: String,
    /// Whether Aurora has it.
    #[serde(default = "yes")]
    aurora: bool,
    #[serde(rename = "verify", default)]
    _verify: bool,
    #[serde(default)]
    by_major: Vec<Later>,
}

/// What differs from a major version on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Later {
    from: u32,
    #[serde(rename = "type")]
    data_type: Option<String>,
    #[serde(rename = "static")]
    is_static: Option<bool>,
    range: Option<(f64, f64)>,
    words: Option<Vec<String>>,
    default: Option<String>,
}

fn oldest() -> u32 {
    OLDEST
}

fn yes() -> bool {
    true
}

fn data() -> &'static BTreeMap<String, Row> {
    static DATA: OnceLock<Data> = OnceLock::new();
    let text = include_str!("../../data/parameters.toml");
    &DATA
        .get_or_init(|| toml::from_str(text).expect("a test reads the bundled data"))
        .parameters
}

/// A parameter group family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Family {
    /// Major version of PostgreSQL.
    pub(crate) major: u32,
    /// Whether it is Aurora's.
    pub(crate) aurora: bool,
    /// Whether the data covers it.
    pub(crate) known: bool,
}

impl Family {
    /// The family of a name such as `postgres16`.
    pub(crate) fn of(name: &str) -> Self {
        let (aurora, major) = match name.strip_prefix("aurora-postgresql") {
            Some(major) => (true, major),
            None => (false, name.strip_prefix("postgres").unwrap_or("")),
        };
        match major.parse() {
            Ok(major) if (OLDEST..=NEWEST).contains(&major) => Self {
                major,
                aurora,
                known: true,
            },
            _ => Self {
                major: NEWEST,
                aurora,
                known: false,
            },
        }
    }

    /// Whether the family has the parameter.
    pub(crate) fn has(self, row: &Row) -> bool {
        row.from <= self.major
            && row.until.is_none_or(|until| self.major <= until)
            && (row.aurora || !self.aurora)
    }
}

/// The row of a parameter as the family sees it, whether or not it has it.
pub(crate) fn row(family: Family, name: &str) -> Option<Row> {
    let mut row = data().get(name)?.clone();
    for later in std::mem::take(&mut row.by_major) {
        if later.from <= family.major {
            row.data_type = later.data_type.unwrap_or(row.data_type);
            row.is_static = later.is_static.unwrap_or(row.is_static);
            row.range = later.range.or(row.range);
            row.words = later.words.unwrap_or(row.words);
            row.default = later.default.unwrap_or(row.default);
        }
    }
    Some(row)
}

/// Whether the data knows other parameters of the same library, such as `pgaudit`; names of
/// libraries it has never heard of are AWS's to judge.
pub(crate) fn knows_library(name: &str) -> bool {
    let Some((library, _)) = name.split_once('.') else {
        return true;
    };
    data().keys().any(|known| {
        known
            .split_once('.')
            .is_some_and(|(head, _)| head == library)
    })
}

/// What is known of a parameter in a family; a family that is not in the data is taken for the
/// newest one.
#[must_use]
pub fn find(family: &str, name: &str) -> Option<ParameterFacts> {
    let family = Family::of(family);
    let row = row(family, name).filter(|row| family.has(row))?;
    Some(ParameterFacts {
        name: name.to_owned(),
        unit: row.unit,
        is_static: row.is_static,
        data_type: row.data_type,
        range: row.range,
        words: row.words,
        modifiable: !row.fixed,
        default: row.default,
    })
}

/// The names of all parameters of a family that one may set, sorted.
#[must_use]
pub fn names(family: &str) -> Vec<String> {
    let family = Family::of(family);
    data()
        .iter()
        .filter(|(_, row)| family.has(row) && !row.fixed)
        .map(|(name, _)| name.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::unit;

    #[test]
    fn every_row_is_complete() {
        for (name, row) in data() {
            let types = ["int", "float", "bool", "enum", "list", "string"];
            assert!(types.contains(&row.data_type.as_str()), "{name}");
            assert!(
                row.unit.is_empty() || unit::of(&row.unit).is_some(),
                "{name}"
            );
            assert!(row.range.is_none_or(|(from, to)| from <= to), "{name}");
            assert!(row.data_type != "enum" || !row.words.is_empty(), "{name}");
            assert!(
                row.until
                    .is_none_or(|until| row.from <= until || until < OLDEST),
                "{name}"
            );
        }
    }

    #[test]
    fn families_differ_where_postgresql_does() {
        let default = |family, name| find(family, name).map(|facts| facts.default);
        assert_eq!(default("postgres14", "rds.force_ssl").as_deref(), Some("0"));
        assert_eq!(default("postgres15", "rds.force_ssl").as_deref(), Some("1"));
        assert_eq!(
            default("postgres13", "password_encryption").as_deref(),
            Some("md5")
        );
        assert_eq!(
            default("postgres18", "effective_io_concurrency").as_deref(),
            Some("16")
        );
        let is_static = |family| find(family, "autovacuum_max_workers").map(|f| f.is_static);
        assert_eq!(is_static("postgres17"), Some(true));
        assert_eq!(is_static("postgres18"), Some(false));
        assert_eq!(find("postgres16", "transaction_timeout"), None);
        assert!(find("postgres17", "transaction_timeout").is_some());
        assert_eq!(find("postgres17", "old_snapshot_threshold"), None);
        assert_eq!(find("aurora-postgresql16", "max_wal_size"), None);
        assert!(find("postgres16", "shared_buffers").is_some_and(|facts| facts.is_static));
        assert!(find("postgres16", "wal_level").is_some_and(|facts| !facts.modifiable));
        assert!(names("postgres16").contains(&"work_mem".to_owned()));
        assert!(!names("postgres16").contains(&"wal_level".to_owned()));
    }
}
