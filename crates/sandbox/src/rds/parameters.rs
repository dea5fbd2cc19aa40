//! The parameters of each family, from `data/parameters.tsv`, and which values they take.

use std::sync::OnceLock;

use super::formula::{self, Variables};
use super::state::{Instance, ParameterGroup};
use super::{classes, versions};
use crate::call::Refusal;

const DATA: &str = include_str!("../../data/parameters.tsv");

/// One parameter of some families.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub name: &'static str,
    first_major: u32,
    last_major: u32,
    /// Whether it needs a restart.
    pub is_static: bool,
    pub data_type: &'static str,
    /// Empty if anything is allowed.
    pub allowed: &'static str,
    /// What RDS sets; empty if PostgreSQL's own default applies.
    pub default: &'static str,
    pub modifiable: bool,
    pub description: &'static str,
}

fn all() -> &'static [Parameter] {
    static ALL: OnceLock<Vec<Parameter>> = OnceLock::new();
    ALL.get_or_init(|| {
        DATA.lines()
            .filter(|line| !line.starts_with('#'))
            .map(read)
            .collect()
    })
}

fn read(line: &'static str) -> Parameter {
    let columns: Vec<&'static str> = line.split('\t').collect();
    let [
        name,
        majors,
        apply,
        data_type,
        allowed,
        default,
        modifiable,
        description,
    ] = columns[..]
    else {
        panic!("the parameter table has eight columns: {line}");
    };
    let (first, last) = majors.split_once('-').expect("the families are a range");
    Parameter {
        name,
        first_major: first.parse().expect("a major is a number"),
        last_major: last.parse().expect("a major is a number"),
        is_static: apply == "static",
        data_type,
        allowed,
        default,
        modifiable: modifiable == "yes",
        description,
    }
}

/// The major of a family such as `postgres16`, if there is one.
pub(crate) fn family_major(family: &str) -> Option<u32> {
    let major = family.strip_prefix("postgres")?.parse().ok()?;
    (13..=18).contains(&major).then_some(major)
}

/// The parameters of a family by name.
pub(crate) fn of_family(family: &str) -> impl Iterator<Item = &'static Parameter> {
    let major = family_major(family).unwrap_or(0);
    all()
        .iter()
        .filter(move |known| (known.first_major..=known.last_major).contains(&major))
}

/// One parameter of a family.
pub(crate) fn find(family: &str, name: &str) -> Option<&'static Parameter> {
    of_family(family).find(|known| known.name == name)
}

/// Checks a value.
///
/// # Errors
/// It is none that the parameter takes.
pub(crate) fn check_value(parameter: &Parameter, value: &str) -> Result<(), Refusal> {
    let good = match parameter.data_type {
        _ if formula::is_formula(value) => formula::evaluate(value, &NOMINAL).is_some(),
        _ if value.starts_with('"') => true,
        "integer" => value.parse::<i64>().is_ok() && in_ranges(value, parameter.allowed),
        "float" => value.parse::<f64>().is_ok() && in_ranges(value, parameter.allowed),
        "list" => value
            .split(',')
            .all(|part| in_list(part.trim(), parameter.allowed)),
        _ => in_list(value, parameter.allowed),
    };
    if good {
        return Ok(());
    }
    Err(Refusal::value(format!(
        "Invalid parameter value: {value} for: {} allowed values are: {}",
        parameter.name, parameter.allowed
    )))
}

/// Values to try a formula with.
const NOMINAL: Variables = Variables {
    memory: 16 << 30,
    vcpu: 4,
    storage: 100 << 30,
    port: 5432,
};

fn in_list(value: &str, allowed: &str) -> bool {
    allowed.is_empty() || allowed.split(',').any(|known| known.trim() == value)
}

/// Whether a number is in one of some ranges such as `-1-2147483647`, or equals a single value.
fn in_ranges(value: &str, allowed: &str) -> bool {
    let Ok(number) = value.parse::<f64>() else {
        return false;
    };
    allowed.is_empty()
        || allowed.split(',').any(|range| match bounds(range.trim()) {
            Some((low, high)) => (low..=high).contains(&number),
            None => range
                .trim()
                .parse::<f64>()
                .is_ok_and(|only| only.total_cmp(&number).is_eq()),
        })
}

/// Both ends of a range: the dash between them follows a digit and is no sign of an exponent.
fn bounds(range: &str) -> Option<(f64, f64)> {
    range
        .char_indices()
        .skip(1)
        .filter(|(_, letter)| *letter == '-')
        .find_map(|(at, _)| Some((range[..at].parse().ok()?, range[at + 1..].parse().ok()?)))
}

/// Whether the parameters of a group need more memory than the class of an instance has, so that PostgreSQL
/// cannot start. Without a group the defaults apply.
pub(crate) fn too_large(group: Option<&ParameterGroup>, instance: &Instance) -> bool {
    let Some(power) = classes::find(&instance.class) else {
        return false;
    };
    let variables = Variables {
        memory: classes::class_memory(power),
        vcpu: i64::from(power.vcpu),
        storage: instance.storage.size_gib << 30,
        port: instance.port,
    };
    let set = group.and_then(|group| group.values.get("shared_buffers"));
    let family = versions::family(&instance.engine_version);
    let text = match set {
        Some(set) => set.value.as_str(),
        None => find(&family, "shared_buffers").map_or("", |parameter| parameter.default),
    };
    let pages = text
        .parse()
        .ok()
        .or_else(|| formula::evaluate(text, &variables));
    pages.is_some_and(|pages: i64| pages.saturating_mul(8192) > variables.memory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_have_a_realistic_count_and_no_name_twice() {
        for major in 13..=18 {
            let names: Vec<_> = of_family(&format!("postgres{major}"))
                .map(|known| known.name)
                .collect();
            assert!(
                (340..=450).contains(&names.len()),
                "{major}: {}",
                names.len()
            );
            assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "{major}");
        }
        assert_eq!(of_family("postgresql16").count(), 0);
    }

    #[test]
    fn values_are_checked() {
        for (name, value, good) in [
            ("shared_buffers", "327680", true),
            ("shared_buffers", "2560MB", false),
            ("shared_buffers", "{DBInstanceClassMemory/32768}", true),
            ("shared_buffers", "{DBInstanceClassMemory*25%}", false),
            ("work_mem", "63", false),
            ("log_min_duration_statement", "-1", true),
            ("log_min_duration_statement", "-2", false),
            ("random_page_cost", "1.1", true),
            ("rds.force_ssl", "1", true),
            ("rds.force_ssl", "on", false),
            ("log_statement", "ddl", true),
            ("log_statement", "DDL", false),
            (
                "shared_preload_libraries",
                "pg_stat_statements, pgaudit",
                true,
            ),
            ("shared_preload_libraries", "pg_stat_statements,mine", false),
        ] {
            let parameter = find("postgres16", name).unwrap();
            assert_eq!(
                check_value(parameter, value).is_ok(),
                good,
                "{name} = {value}"
            );
        }
    }
}
