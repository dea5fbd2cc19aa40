//! A written threshold to a number in the unit of its metric (alarms, 3).

use pgward_model::{Diagnostic, Value, units};

use crate::parse::Node;
use crate::resolve::Work;
use crate::sections::Group;

const GIB: f64 = 1_073_741_824.0;

/// Units of bytes; decimal ones are read as binary, as CloudWatch and RDS count.
const BYTES: [(&str, f64, &str); 10] = [
    ("B", 1.0, ""),
    ("KiB", 1024.0, ""),
    ("MiB", 1_048_576.0, ""),
    ("GiB", GIB, ""),
    ("TiB", 1_099_511_627_776.0, ""),
    ("kB", 1024.0, "KiB"),
    ("KB", 1024.0, "KiB"),
    ("MB", 1_048_576.0, "MiB"),
    ("GB", GIB, "GiB"),
    ("TB", 1_099_511_627_776.0, "TiB"),
];

/// Units of time, in seconds.
const TIMES: [(&str, f64); 7] = [
    ("us", 1e-6),
    ("ms", 1e-3),
    ("s", 1.0),
    ("sec", 1.0),
    ("min", 60.0),
    ("h", 3600.0),
    ("d", 86_400.0),
];

/// The threshold as CloudWatch takes it.
pub(super) fn threshold(
    work: &mut Work<'_>,
    group: &Group,
    key: &str,
    written: &Value,
    node: &Node,
    unit: &str,
) -> Result<f64, Box<Diagnostic>> {
    match written {
        Value::Text(text) => {
            let measured = units::measure(text).ok_or_else(|| {
                Diagnostic::error("P103", format!("`{key}` is a quantity, not \"{text}\""))
                    .at(&node.origin, "no number")
                    .help(format!("for example {key} = {}", example(unit)))
            })?;
            if measured.unit == "%" && unit != "Percent" {
                return share(work, group, key, measured.number, node);
            }
            if unit.is_empty() {
                return Ok(scale_unknown(measured.number, measured.unit));
            }
            let (factor, binary) = factor(unit, measured.unit)
                .ok_or_else(|| Box::new(wrong_unit(group, key, node, &measured, unit)))?;
            if !binary.is_empty() {
                let value = format!("{} {binary}", measured.digits);
                work.say(
                    Diagnostic::note_of("P105", format!("\"{text}\" is read as {value}"))
                        .at(&node.within(measured.unit_at, measured.unit.len()), "")
                        .help(format!("{key} = \"{value}\""))
                        .note("units of memory and storage count in 1024s here")
                        .about(group.path(key))
                        .fixed_by(&node.origin, format!("\"{value}\"")),
                );
            }
            Ok(rounded(measured.number * factor))
        }
        number => {
            let number = number.as_number().unwrap_or_default();
            if matches!(unit, "Count" | "Count/Second" | "") {
                return Ok(number);
            }
            Err(Box::new(missing_unit(key, node, number, unit)))
        }
    }
}

/// Takes away what binary fractions add: 100 × 0.001 is 0.1.
fn rounded(number: f64) -> f64 {
    let text = format!("{number:.9}");
    text.parse().unwrap_or(number)
}

/// The factor of a written unit and, for a decimal one, its binary name.
fn factor(unit: &str, written: &str) -> Option<(f64, &'static str)> {
    let time = |per_second: f64| {
        let known = TIMES.iter().find(|(name, _)| *name == written);
        known.map(|(_, seconds)| (seconds * per_second, ""))
    };
    match unit {
        "Percent" => (written == "%").then_some((1.0, "")),
        "Seconds" => time(1.0),
        "Milliseconds" => time(1e3),
        "Microseconds" => time(1e6),
        "Bytes" => bytes(written),
        "Bytes/Second" => written.strip_suffix("/s").and_then(bytes),
        "Count/Second" => (written == "/s").then_some((1.0, "")),
        _ => None,
    }
}

fn bytes(written: &str) -> Option<(f64, &'static str)> {
    BYTES
        .iter()
        .find(|(name, _, _)| *name == written)
        .map(|(_, factor, binary)| (*factor, *binary))
}

/// Bundled data that doesn't know the metric gives no unit: the written one decides.
fn scale_unknown(number: f64, written: &str) -> f64 {
    let known = bytes(written)
        .or_else(|| bytes(written.strip_suffix("/s").unwrap_or_default()))
        .map(|(factor, _)| factor)
        .or_else(|| {
            TIMES
                .iter()
                .find(|(name, _)| *name == written)
                .map(|(_, seconds)| *seconds)
        });
    rounded(number * known.unwrap_or(1.0))
}

/// A share of something that the spec knows: connections, storage or memory.
fn share(
    work: &Work<'_>,
    group: &Group,
    key: &str,
    percent: f64,
    node: &Node,
) -> Result<f64, Box<Diagnostic>> {
    let metric = group.text("metric").unwrap_or_default();
    let (whole, why) = match metric {
        "DatabaseConnections" => {
            let parameters = work.sections.one("parameters");
            let number = parameters
                .and_then(|group| group.value("max_connections"))
                .and_then(Value::as_number);
            (number, "write max_connections in [parameters] as a number")
        }
        "FreeStorageSpace" => {
            let size = work
                .sections
                .one("storage")
                .and_then(|group| group.value("size"));
            (
                size.and_then(Value::as_number).map(|size| size * GIB),
                "write `size` in [storage]",
            )
        }
        "FreeableMemory" => {
            let class = work
                .sections
                .one("instance")
                .and_then(|group| group.text("class"));
            let facts = class.and_then(|class| work.catalog.facts.class(class));
            (
                facts.map(|facts| f64::from(facts.memory_gib) * GIB),
                "the memory of this class is not known",
            )
        }
        _ => (None, "a share needs a whole that is known"),
    };
    whole
        .map(|whole| (whole * percent / 100.0).floor())
        .ok_or_else(|| {
            let found = Diagnostic::error("P105", format!("`{key}` can't be a share of {metric}"))
                .at(&node.origin, "a share of what?")
                .help(format!("{why}, or give the value itself"));
            Box::new(found)
        })
}

fn example(unit: &str) -> &'static str {
    match unit {
        "Percent" => "\"80%\"",
        "Seconds" | "Milliseconds" | "Microseconds" => "\"100 ms\"",
        "Bytes" => "\"10 GiB\"",
        "Bytes/Second" => "\"100 MiB/s\"",
        _ => "150",
    }
}

fn missing_unit(key: &str, node: &Node, number: f64, unit: &str) -> Diagnostic {
    let value = match unit {
        "Percent" => format!("{number}%"),
        "Bytes" if number >= 1_048_576.0 => {
            units::whole(number).map_or_else(|| format!("{number} B"), units::print_bytes)
        }
        "Bytes" => format!("{number} GiB"),
        "Bytes/Second" => format!("{number} MiB/s"),
        "Seconds" if (1.0..30.0).contains(&number) => format!("{number} s"),
        "Seconds" if number < 1.0 => format!("{} ms", rounded(number * 1e3)),
        _ => format!("{number} ms"),
    };
    let found = Diagnostic::error("P104", format!("`{key}` needs a unit"))
        .at(&node.origin, format!("{} of what?", node.raw))
        .help(format!("{key} = \"{value}\""));
    if unit == "Percent" {
        found.fixed_by(&node.origin, format!("\"{value}\""))
    } else {
        found
    }
}

fn wrong_unit(
    group: &Group,
    key: &str,
    node: &Node,
    measured: &units::Measured<'_>,
    unit: &str,
) -> Diagnostic {
    let metric = group.text("metric").unwrap_or_default();
    let words = match unit {
        "Percent" => "percent",
        "Seconds" | "Milliseconds" | "Microseconds" => "time",
        "Bytes" => "bytes",
        "Bytes/Second" => "bytes a second",
        "Count/Second" => "events a second",
        _ => "a count without a unit",
    };
    if measured.unit.is_empty() {
        return if unit == "Count" || unit == "Count/Second" {
            Diagnostic::error("P103", format!("`{key}` is a number, not text"))
                .at(&node.origin, "text")
                .help(format!("remove the quotes: {key} = {}", measured.digits))
                .fixed_by(&node.origin, measured.digits)
        } else {
            missing_unit(key, node, measured.number, unit)
        };
    }
    Diagnostic::error(
        "P105",
        format!("{metric} is {words}, not {}", measured.unit),
    )
    .at(
        &node.within(measured.unit_at, measured.unit.chars().count()),
        "not a unit of this metric",
    )
    .help(format!("for example {key} = {}", example(unit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_lead_to_the_metrics_own() {
        assert_eq!(
            factor("Seconds", "ms").map(|(factor, _)| rounded(100.0 * factor)),
            Some(0.1)
        );
        assert_eq!(
            factor("Milliseconds", "s").map(|(factor, _)| rounded(5.0 * factor)),
            Some(5000.0)
        );
        assert_eq!(factor("Bytes", "GB"), Some((GIB, "GiB")));
        assert_eq!(factor("Bytes/Second", "MiB/s"), Some((1_048_576.0, "")));
        assert_eq!(factor("Count", "GiB"), None);
    }
}
