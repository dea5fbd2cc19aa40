//! From what RDS holds to what people write, and when two values mean the same.

use pgward_model::{Value, units};

use super::{
    convert::truth,
    formula::{self, Machine},
    table::{self, Family, Row},
    unit::{self, Measure},
};
use crate::facts;

/// The row of the newest family that is known: how a value is printed depends on no family.
fn newest(name: &str) -> Option<Row> {
    table::row(Family::of(""), name)
}

/// A value in RDS's units as people write it: `32768` of `work_mem` is `32MB`, a formula is
/// `25% of memory`, `1` of a switch is `on`. What can't be put that way is printed as it is.
#[must_use]
pub fn show(name: &str, value: &Value) -> String {
    let text = match value {
        Value::Text(text) => text.trim().to_owned(),
        Value::Bool(value) => return if *value { "on" } else { "off" }.to_owned(),
        Value::List(list) => {
            return list
                .iter()
                .map(|item| show("", item))
                .collect::<Vec<_>>()
                .join(",");
        }
        other => other
            .as_number()
            .map(|number| number.to_string())
            .unwrap_or_default(),
    };
    let Some(row) = newest(name) else { return text };
    if formula::is_formula(&text) {
        return percent(&row, &text).unwrap_or(text);
    }
    match row.data_type.as_str() {
        "bool" => truth(&text).map_or(text, |on| if on { "on" } else { "off" }.to_owned()),
        "int" | "float" => text
            .parse()
            .map_or(text, |number: f64| unit::human(number, &row.unit)),
        _ => text,
    }
}

/// `25% of memory`, if the formula is such a share to two decimals.
fn percent(row: &Row, text: &str) -> Option<String> {
    let (parts, whole) = formula::share_of_memory(text)?;
    let unit = match unit::of(&row.unit) {
        Some((Measure::Memory, size)) if row.memory => i128::from(units::whole(size)?),
        _ => return None,
    };
    let hundredths = parts.checked_mul(unit)?.checked_mul(10_000)?;
    if hundredths % whole != 0 {
        return None;
    }
    let hundredths = hundredths / whole;
    let (number, rest) = (hundredths / 100, hundredths % 100);
    Some(match rest {
        0 => format!("{number}% of memory"),
        rest if rest % 10 == 0 => format!("{number}.{}% of memory", rest / 10),
        rest => format!("{number}.{rest:02}% of memory"),
    })
}

/// An estimate of what a formula gives on an instance class, from its nominal memory: `12 GB`,
/// or a plain number. Nothing for other values and for classes that are unknown.
///
/// What the operating system and RDS take is not counted, so the true value is some percent lower.
#[must_use]
pub fn effective(name: &str, value: &Value, class: &str) -> Option<String> {
    let text = value.as_text()?;
    if !formula::is_formula(text) || text.contains("AllocatedStorage") {
        return None;
    }
    let class = facts::class(class)?;
    let machine = Machine {
        memory: i128::from(class.memory_gib) << 30,
        vcpu: i128::from(class.vcpu),
        storage: 0,
    };
    let number = formula::evaluate(text, &machine).ok()?;
    match newest(name).and_then(|row| unit::of(&row.unit)) {
        Some((Measure::Memory, size)) => Some(rounded_bytes(
            number.checked_mul(i128::from(units::whole(size)?))?,
        )),
        _ => Some(number.to_string()),
    }
}

/// Bytes to a tenth of a GB, or to a whole MB or kB.
fn rounded_bytes(bytes: i128) -> String {
    let nearest = |size: i128| (bytes + size / 2) / size;
    if bytes >= 1 << 30 {
        let tenths = (bytes * 10 + (1 << 29)) >> 30;
        match tenths % 10 {
            0 => format!("{} GB", tenths / 10),
            tenth => format!("{}.{tenth} GB", tenths / 10),
        }
    } else if bytes >= 1 << 20 {
        format!("{} MB", nearest(1 << 20))
    } else {
        format!("{} kB", nearest(1 << 10))
    }
}

/// Whether two values that RDS may hold for a parameter mean the same: units (`32MB` and `32768`
/// of `work_mem`), spaces and results of formulas, `1.10` and `1.1`, upper and lower case of words,
/// `on` and `1`, spaces in lists, RDS's own `rdsutils`.
///
/// A formula and a number are never the same: its result depends on the instance. Of a parameter
/// that is unknown only numbers and formulas are understood.
#[must_use]
pub fn same(name: &str, a: &str, b: &str) -> bool {
    let (a, b) = (a.trim(), b.trim());
    if a == b {
        return true;
    }
    match (formula::is_formula(a), formula::is_formula(b)) {
        (true, true) => return same_formula(a, b),
        (false, false) => {}
        _ => return false,
    }
    let row = newest(name);
    let row = row.as_ref();
    let kind = row.map_or("", |row| row.data_type.as_str());
    if matches!(kind, "int" | "float" | "") {
        let unit = row.map_or("", |row| row.unit.as_str());
        return matches!((amount(a, unit), amount(b, unit)), (Some(a), Some(b))
            if (a - b).abs() <= f64::EPSILON * a.abs().max(b.abs()));
    }
    match kind {
        // Free texts, such as names of databases and prefixes of log lines, keep their case.
        "string" => false,
        "list" => items(a) == items(b),
        _ => {
            a.eq_ignore_ascii_case(b)
                || matches!((truth(a), truth(b)), (Some(a), Some(b)) if a == b)
        }
    }
}

/// A number in the parameter's unit.
fn amount(text: &str, own: &str) -> Option<f64> {
    let measured = units::measure(text)?;
    if measured.unit.is_empty() {
        return Some(measured.number);
    }
    let (wanted, size) = unit::of(own)?;
    let (found, factor) = unit::written(measured.unit)?;
    (found == wanted).then_some(measured.number * factor / size)
}

/// The items of a list, without the library that RDS adds by itself.
fn items(text: &str) -> Vec<String> {
    let items = text.split(',').map(str::trim);
    items
        .filter(|item| !item.is_empty() && *item != "rdsutils")
        .map(str::to_ascii_lowercase)
        .collect()
}

/// Whether two formulas give the same on machines of several sizes.
fn same_formula(a: &str, b: &str) -> bool {
    if formula::compact(a).eq_ignore_ascii_case(&formula::compact(b)) {
        return true;
    }
    let machines = [
        (781_000_000, 2),
        (4_160_749_568, 3),
        (16_470_000_123, 4),
        (1_099_000_000_077, 128),
    ];
    machines.into_iter().all(|(memory, vcpu)| {
        let machine = Machine {
            memory,
            vcpu,
            storage: memory * 7,
        };
        match (
            formula::evaluate(a, &machine),
            formula::evaluate(b, &machine),
        ) {
            (Ok(a), Ok(b)) => a == b,
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_as_people_write_them() {
        let rows = [
            ("work_mem", "32768", "32MB"),
            ("maintenance_work_mem", "1048576", "1GB"),
            ("wal_buffers", "2048", "16MB"),
            ("max_wal_size", "2048", "2GB"),
            (
                "shared_buffers",
                "{DBInstanceClassMemory/32768}",
                "25% of memory",
            ),
            (
                "shared_buffers",
                "{DBInstanceClassMemory*25/819200}",
                "25% of memory",
            ),
            (
                "effective_cache_size",
                "{DBInstanceClassMemory*3/32768}",
                "75% of memory",
            ),
            (
                "shared_buffers",
                "{DBInstanceClassMemory/65536}",
                "12.5% of memory",
            ),
            (
                "shared_buffers",
                "{DBInstanceClassMemory/12038}",
                "{DBInstanceClassMemory/12038}",
            ),
            (
                "max_connections",
                "LEAST({DBInstanceClassMemory/9531392},5000)",
                "LEAST({DBInstanceClassMemory/9531392},5000)",
            ),
            ("log_min_duration_statement", "1000", "1s"),
            ("log_min_duration_statement", "-1", "-1"),
            ("checkpoint_timeout", "900", "15min"),
            ("rds.log_retention_period", "10080", "7d"),
            ("rds.force_ssl", "1", "on"),
            ("autovacuum", "0", "off"),
            ("random_page_cost", "1.1", "1.1"),
            ("max_connections", "200", "200"),
            ("log_statement", "ddl", "ddl"),
            ("autovacuum_vacuum_cost_delay", "0.5", "500us"),
            ("nobody.knows", "17", "17"),
        ];
        for (name, value, shown) in rows {
            assert_eq!(show(name, &Value::text(value)), shown, "{name} {value}");
        }
        assert_eq!(show("max_connections", &Value::Int(200)), "200");
    }

    #[test]
    fn formulas_are_estimated_from_nominal_memory() {
        let rows = [
            (
                "shared_buffers",
                "{DBInstanceClassMemory/32768}",
                "db.m6g.xlarge",
                Some("4 GB"),
            ),
            (
                "shared_buffers",
                "{DBInstanceClassMemory/32768}",
                "db.m6g.2xlarge",
                Some("8 GB"),
            ),
            (
                "effective_cache_size",
                "{DBInstanceClassMemory*3/32768}",
                "db.m6g.xlarge",
                Some("12 GB"),
            ),
            (
                "shared_buffers",
                "{DBInstanceClassMemory/32768}",
                "db.t3.micro",
                Some("256 MB"),
            ),
            (
                "effective_cache_size",
                "{DBInstanceClassMemory*3/32768}",
                "db.t3.small",
                Some("1.5 GB"),
            ),
            (
                "max_connections",
                "LEAST({DBInstanceClassMemory/9531392},5000)",
                "db.m6g.xlarge",
                Some("1802"),
            ),
            ("work_mem", "32768", "db.m6g.xlarge", None),
            (
                "shared_buffers",
                "{DBInstanceClassMemory/32768}",
                "db.z9.huge",
                None,
            ),
        ];
        for (name, value, class, found) in rows {
            assert_eq!(
                effective(name, &Value::text(value), class).as_deref(),
                found,
                "{name}"
            );
        }
    }

    #[test]
    fn values_with_the_same_meaning_are_the_same() {
        let rows = [
            ("random_page_cost", "1.10", "1.1", true),
            ("max_connections", "200", "200.0", true),
            ("max_connections", "200", "400", false),
            ("work_mem", "32MB", "32768", true),
            ("work_mem", "32MB", "32768kB", true),
            ("statement_timeout", "1s", "1000", true),
            ("rds.force_ssl", "on", "1", true),
            ("rds.force_ssl", "off", "1", false),
            ("wal_compression", "on", "1", true),
            ("log_statement", "DDL", "ddl", true),
            ("log_statement", "ddl", "mod", false),
            ("cron.database_name", "travel", "Travel", false),
            (
                "shared_preload_libraries",
                "pg_cron, pgaudit",
                "pg_cron,pgaudit",
                true,
            ),
            (
                "shared_preload_libraries",
                "rdsutils,pgaudit",
                "pgaudit",
                true,
            ),
            (
                "shared_preload_libraries",
                "pgaudit,pg_cron",
                "pg_cron,pgaudit",
                false,
            ),
            (
                "shared_buffers",
                "{DBInstanceClassMemory/32768}",
                "{ DBInstanceClassMemory / 32768 }",
                true,
            ),
            (
                "shared_buffers",
                "{DBInstanceClassMemory/32768}",
                "{DBInstanceClassMemory*25/819200}",
                true,
            ),
            (
                "shared_buffers",
                "{DBInstanceClassMemory/32768}",
                "{DBInstanceClassMemory/16384}",
                false,
            ),
            (
                "shared_buffers",
                "{DBInstanceClassMemory/32768}",
                "524288",
                false,
            ),
            (
                "log_line_prefix",
                "%t:%r:%u@%d:[%p]:",
                "%T:%r:%u@%d:[%p]:",
                false,
            ),
            ("other_library.size", "7.0", "7", true),
            ("other_library.word", "a", "b", false),
        ];
        for (name, a, b, equal) in rows {
            assert_eq!(same(name, a, b), equal, "{name}: {a} and {b}");
            assert_eq!(same(name, b, a), equal, "{name}: {b} and {a}");
        }
    }
}
