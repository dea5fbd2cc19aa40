//! PostgreSQL's units: memory in 1024s, and time.

use pgward_model::units;

/// What a unit measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    /// Memory or disk, in bytes.
    Memory,
    /// Time, in microseconds.
    Time,
}

impl Measure {
    /// PostgreSQL's units of it, smallest first, each with its size.
    fn units(self) -> &'static [(&'static str, f64)] {
        match self {
            Self::Memory => &[
                ("B", 1.0),
                ("kB", 1024.0),
                ("MB", 1_048_576.0),
                ("GB", 1_073_741_824.0),
                ("TB", 1_099_511_627_776.0),
            ],
            Self::Time => &[
                ("us", 1.0),
                ("ms", 1000.0),
                ("s", 1_000_000.0),
                ("min", 60_000_000.0),
                ("h", 3_600_000_000.0),
                ("d", 86_400_000_000.0),
            ],
        }
    }

    /// What PostgreSQL takes, as a note.
    pub(crate) fn note(self) -> &'static str {
        match self {
            Self::Memory => "PostgreSQL memory units are kB, MB, GB, TB and count in 1024s",
            Self::Time => "PostgreSQL time units are us, ms, s, min, h, d",
        }
    }

    /// What it is, in a sentence.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Memory => "a size",
            Self::Time => "a time",
        }
    }
}

/// What a parameter's unit measures, and its size; nothing for plain numbers.
pub(crate) fn of(unit: &str) -> Option<(Measure, f64)> {
    match unit {
        "" => None,
        "8kB" => Some((Measure::Memory, 8192.0)),
        unit => written(unit),
    }
}

/// What a written unit measures, and its size: PostgreSQL's own, and those that spell out that
/// they count in 1024s.
pub(crate) fn written(unit: &str) -> Option<(Measure, f64)> {
    let memory = match unit {
        "KB" | "KiB" => "kB",
        "MiB" => "MB",
        "GiB" => "GB",
        "TiB" => "TB",
        unit => unit,
    };
    let find = |measure: Measure, name: &str| {
        let found = measure.units().iter().find(|(known, _)| *known == name);
        found.map(|(_, size)| (measure, *size))
    };
    find(Measure::Memory, memory).or_else(|| find(Measure::Time, unit))
}

/// PostgreSQL's unit that somebody meant by another spelling: `mb`, `sec`, `m`.
pub(crate) fn meant(measure: Measure, unit: &str) -> Option<&'static str> {
    let lower = unit.to_ascii_lowercase();
    let lower = lower.trim_end_matches('s');
    let found = match measure {
        Measure::Memory => match lower {
            "b" | "byte" => "B",
            "k" | "kb" | "kib" | "kilobyte" => "kB",
            "m" | "mb" | "mib" | "megabyte" => "MB",
            "g" | "gb" | "gib" | "gigabyte" => "GB",
            "t" | "tb" | "tib" | "terabyte" => "TB",
            _ => return None,
        },
        Measure::Time => match lower {
            "u" | "µ" | "microsecond" | "microsec" => "us",
            "m" if unit.eq_ignore_ascii_case("ms") => "ms",
            "millisecond" | "millisec" | "msec" => "ms",
            "" | "sec" | "second" => "s",
            "m" | "min" | "minute" => "min",
            "h" | "hr" | "hour" => "h",
            "d" | "day" => "d",
            _ => return None,
        },
    };
    Some(found)
}

/// A value as a person writes it, in the largest unit that keeps it whole: 32768 of `kB` is
/// `32MB`; -1 and 0 stay bare.
pub(crate) fn human(value: f64, unit: &str) -> String {
    let Some((measure, size)) = of(unit) else {
        return value.to_string();
    };
    if value <= 0.0 {
        return value.to_string();
    }
    let total = value * size;
    let fits = |(_, size): &&(&str, f64)| units::whole(total / size).is_some() && total >= *size;
    match measure.units().iter().rev().find(fits) {
        Some((name, size)) => format!("{}{name}", total / size),
        None => format!("{value}{unit}"),
    }
}

/// The unit that people think in when they leave it out, one above the parameter's own, with the
/// words for so many of it: `MB` and `megabytes`.
pub(crate) fn usual(unit: &str) -> (&'static str, &'static str) {
    match unit {
        "B" => ("kB", "kilobytes"),
        "MB" => ("GB", "gigabytes"),
        "us" => ("ms", "milliseconds"),
        "ms" => ("s", "seconds"),
        "s" => ("min", "minutes"),
        "min" => ("h", "hours"),
        _ => ("MB", "megabytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_printed_in_the_largest_unit_that_keeps_them_whole() {
        let rows = [
            (32_768.0, "kB", "32MB"),
            (2048.0, "8kB", "16MB"),
            (1.0, "8kB", "8kB"),
            (1000.0, "ms", "1s"),
            (1500.0, "ms", "1500ms"),
            (0.5, "ms", "500us"),
            (600_000.0, "ms", "10min"),
            (10_080.0, "min", "7d"),
            (-1.0, "ms", "-1"),
            (0.0, "kB", "0"),
            (200.0, "", "200"),
        ];
        for (value, unit, text) in rows {
            assert_eq!(human(value, unit), text);
        }
    }

    #[test]
    fn other_spellings_of_units_are_understood_well_enough_to_suggest() {
        let rows = [
            (Measure::Memory, "mb", Some("MB")),
            (Measure::Memory, "Mb", Some("MB")),
            (Measure::Memory, "gigabytes", Some("GB")),
            (Measure::Memory, "s", None),
            (Measure::Time, "sec", Some("s")),
            (Measure::Time, "MS", Some("ms")),
            (Measure::Time, "m", Some("min")),
            (Measure::Time, "days", Some("d")),
            (Measure::Time, "S", Some("s")),
            (Measure::Time, "kB", None),
        ];
        for (measure, unit, found) in rows {
            assert_eq!(meant(measure, unit), found, "{unit}");
        }
    }
}
