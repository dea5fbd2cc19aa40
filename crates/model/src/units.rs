//! Quantities and windows: from the text of the language to one unit, and back.
//!
//! Everywhere else a quantity is a number in the canonical unit of its form.

use std::fmt;

/// A number and the unit that follows it: `100 GiB` is (100, `GiB`, 4).
#[derive(Debug, Clone, PartialEq)]
pub struct Measured<'a> {
    /// The number.
    pub number: f64,
    /// The number as written.
    pub digits: &'a str,
    /// The unit as written; empty if there is none.
    pub unit: &'a str,
    /// Byte offset of the unit in the text.
    pub unit_at: usize,
}

/// Splits a text into number and unit, if it begins with a number.
#[must_use]
pub fn measure(text: &str) -> Option<Measured<'_>> {
    let end = text
        .char_indices()
        .find(|(index, c)| !(c.is_ascii_digit() || *c == '.' || (*index == 0 && *c == '-')))
        .map_or(text.len(), |(index, _)| index);
    let digits = &text[..end];
    let number: f64 = digits.parse().ok()?;
    let rest = &text[end..];
    let unit = rest.trim();
    let unit_at = end + (rest.len() - rest.trim_start().len());
    Some(Measured {
        number,
        digits,
        unit,
        unit_at,
    })
}

/// Why a text is not a quantity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnitProblem {
    /// It does not begin with a number.
    NoNumber,
    /// The unit is missing.
    Missing,
    /// The unit is not one of the form: byte offset in the text and the unit as written.
    Wrong {
        /// Byte offset of the unit in the text.
        at: usize,
        /// The unit as written.
        unit: String,
    },
    /// The result is not a whole number of the canonical unit.
    Fraction,
}

impl fmt::Display for UnitProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoNumber => f.write_str("it does not begin with a number"),
            Self::Missing => f.write_str("it needs a unit"),
            Self::Wrong { unit, .. } => write!(f, "`{unit}` is not a unit of it"),
            Self::Fraction => f.write_str("it is not a whole number of its unit"),
        }
    }
}

/// A whole number of the canonical unit, by a table of units and their factors.
fn scaled(text: &str, units: &[(&str, f64)]) -> Result<i64, UnitProblem> {
    let measured = measure(text).ok_or(UnitProblem::NoNumber)?;
    if measured.unit.is_empty() {
        return Err(UnitProblem::Missing);
    }
    let Some((_, factor)) = units.iter().find(|(unit, _)| *unit == measured.unit) else {
        return Err(UnitProblem::Wrong {
            at: measured.unit_at,
            unit: measured.unit.to_owned(),
        });
    };
    whole(measured.number * factor).ok_or(UnitProblem::Fraction)
}

/// The whole number of a float, if it is one and not beyond 2^53.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    reason = "the range is checked first"
)]
pub fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

/// A size in GiB; takes GiB and TiB.
///
/// # Errors
///
/// If the number or the unit is missing or wrong, or it is no whole number of GiB.
pub fn gib(text: &str) -> Result<i64, UnitProblem> {
    scaled(text, &[("GiB", 1.0), ("TiB", 1024.0)])
}

/// A throughput in MiB/s; takes `MiB/s` and `GiB/s`.
///
/// # Errors
///
/// As [`gib`].
pub fn mibps(text: &str) -> Result<i64, UnitProblem> {
    scaled(text, &[("MiB/s", 1.0), ("GiB/s", 1024.0)])
}

/// A number of days; takes `day`, `days`, `d`, `week`, `weeks`.
///
/// # Errors
///
/// As [`gib`].
pub fn days(text: &str) -> Result<i64, UnitProblem> {
    scaled(
        text,
        &[
            ("day", 1.0),
            ("days", 1.0),
            ("d", 1.0),
            ("week", 7.0),
            ("weeks", 7.0),
        ],
    )
}

/// A time in seconds; takes `s`, `sec`, `min`, `h`, `d`, their long forms, `week` and `weeks`.
///
/// # Errors
///
/// As [`gib`].
pub fn seconds(text: &str) -> Result<i64, UnitProblem> {
    scaled(text, &SECONDS)
}

const SECONDS: [(&str, f64); 15] = [
    ("s", 1.0),
    ("sec", 1.0),
    ("second", 1.0),
    ("seconds", 1.0),
    ("min", 60.0),
    ("minute", 60.0),
    ("minutes", 60.0),
    ("h", 3600.0),
    ("hour", 3600.0),
    ("hours", 3600.0),
    ("d", 86_400.0),
    ("day", 86_400.0),
    ("days", 86_400.0),
    ("week", 604_800.0),
    ("weeks", 604_800.0),
];

/// `1 day`, `30 days`.
#[must_use]
pub fn print_days(days: i64) -> String {
    if days == 1 {
        "1 day".to_owned()
    } else {
        format!("{days} days")
    }
}

/// The largest unit that keeps it whole: `30 min`, `90 s`, `2 h`.
#[must_use]
pub fn print_seconds(seconds: i64) -> String {
    if seconds != 0 && seconds % 86_400 == 0 {
        print_days(seconds / 86_400)
    } else if seconds != 0 && seconds % 3600 == 0 {
        format!("{} h", seconds / 3600)
    } else if seconds != 0 && seconds % 60 == 0 {
        format!("{} min", seconds / 60)
    } else {
        format!("{seconds} s")
    }
}

/// Days of the week in AWS's spelling, Monday first.
pub const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Minutes of a week.
pub const WEEK: u32 = 7 * 24 * 60;

/// Why a text is not a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WindowProblem {
    /// It does not have the form of a window.
    Form,
    /// `UTC` is missing.
    NoZone,
    /// Another zone than UTC is written.
    Zone(String),
}

/// A daily window in AWS's form, `02:00-03:00`, from `"02:00-03:00 UTC"` or AWS's own form.
///
/// # Errors
///
/// If it is no window, or names no zone or another one than UTC.
pub fn daily_window(text: &str) -> Result<String, WindowProblem> {
    let (body, zone) = split_zone(text)?;
    let (from, to) = body.split_once('-').ok_or(WindowProblem::Form)?;
    let from = minutes(from).ok_or(WindowProblem::Form)?;
    let to = minutes(to).ok_or(WindowProblem::Form)?;
    if !zone {
        return Err(WindowProblem::NoZone);
    }
    Ok(format!("{}-{}", print_minutes(from), print_minutes(to)))
}

/// A weekly window in AWS's form, `sun:03:00-sun:04:00`, from `"Sun 03:00-04:00 UTC"`,
/// `"Sat 23:30-Sun 00:30 UTC"` or AWS's own form.
///
/// # Errors
///
/// If it is no window, or names no zone or another one than UTC.
pub fn weekly_window(text: &str) -> Result<String, WindowProblem> {
    let (body, zone) = split_zone(text)?;
    let (from, to) = body.split_once('-').ok_or(WindowProblem::Form)?;
    let (from_day, from) = day_and_time(from.trim());
    let (to_day, to) = day_and_time(to.trim());
    let from_day = from_day.ok_or(WindowProblem::Form)?;
    let from = minutes(from).ok_or(WindowProblem::Form)?;
    let to = minutes(to).ok_or(WindowProblem::Form)?;
    let aws_form = body.trim().get(3..4) == Some(":");
    if !zone && !aws_form {
        return Err(WindowProblem::NoZone);
    }
    let to_day = to_day.unwrap_or(if to > from {
        from_day
    } else {
        (from_day + 1) % 7
    });
    Ok(format!(
        "{}:{}-{}:{}",
        WEEKDAYS[from_day],
        print_minutes(from),
        WEEKDAYS[to_day],
        print_minutes(to)
    ))
}

/// The text before a time zone, and whether `UTC` is written.
fn split_zone(text: &str) -> Result<(&str, bool), WindowProblem> {
    let text = text.trim();
    match text.rsplit_once(' ') {
        Some((body, "UTC" | "utc" | "Z" | "GMT")) => Ok((body.trim(), true)),
        Some((_, last)) if !last.contains(':') => Err(WindowProblem::Zone(last.to_owned())),
        _ => Ok((text, false)),
    }
}

/// Splits `Sun 03:00`, `sun:03:00` or `03:00`.
fn day_and_time(text: &str) -> (Option<usize>, &str) {
    let letters = text
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let word = text[..letters].to_ascii_lowercase();
    let day = (word.len() >= 3)
        .then(|| {
            let long = [
                "monday",
                "tuesday",
                "wednesday",
                "thursday",
                "friday",
                "saturday",
                "sunday",
            ];
            long.iter().position(|name| name.starts_with(&word))
        })
        .flatten();
    (day, text[letters..].trim_start_matches([' ', ':']))
}

/// Minutes since midnight of `HH:MM`.
fn minutes(text: &str) -> Option<u32> {
    let (hour, minute) = text.trim().split_once(':')?;
    if hour.is_empty() || hour.len() > 2 || minute.len() != 2 {
        return None;
    }
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

fn print_minutes(minutes: u32) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Start and length in minutes of a daily window in AWS's form.
#[must_use]
pub fn daily_span(window: &str) -> Option<(u32, u32)> {
    let (from, to) = window.split_once('-')?;
    let (from, to) = (minutes(from)?, minutes(to)?);
    Some((from, (to + 24 * 60 - from) % (24 * 60)))
}

/// Start (minutes since Monday 00:00) and length in minutes of a weekly window in AWS's form.
#[must_use]
pub fn weekly_span(window: &str) -> Option<(u32, u32)> {
    let (from, to) = window.split_once('-')?;
    let at = |text: &str| {
        let (day, time) = day_and_time(text);
        Some(u32::try_from(day?).ok()? * 24 * 60 + minutes(time)?)
    };
    let (from, to) = (at(from)?, at(to)?);
    Some((from, (to + WEEK - from) % WEEK))
}

/// The days (Monday = 0) on which a daily window overlaps a weekly one; touching is allowed.
#[must_use]
pub fn overlap(daily: &str, weekly: &str) -> Vec<usize> {
    let (Some((start, length)), Some((week_start, week_length))) =
        (daily_span(daily), weekly_span(weekly))
    else {
        return Vec::new();
    };
    let meets = |day: u32| {
        let from = day * 24 * 60 + start;
        // Both are intervals on a circle of one week: one begins within the other.
        (from + WEEK - week_start) % WEEK < week_length
            || (week_start + WEEK - from) % WEEK < length
    };
    (0..7_usize)
        .filter(|day| meets(u32::try_from(*day).expect("below 7")))
        .collect()
}

/// `02:00-03:00 UTC`.
#[must_use]
pub fn print_daily_window(window: &str) -> String {
    format!("{window} UTC")
}

/// `Sun 03:00-04:00 UTC` from `sun:03:00-sun:04:00`.
#[must_use]
pub fn print_weekly_window(window: &str) -> String {
    let Some((from, to)) = window.split_once('-') else {
        return window.to_owned();
    };
    let (from_day, from_time) = day_and_time(from);
    let (to_day, to_time) = day_and_time(to);
    let (Some(from_day), Some(to_day)) = (from_day, to_day) else {
        return window.to_owned();
    };
    let word = |day: usize| ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][day];
    if from_day == to_day {
        format!("{} {from_time}-{to_time} UTC", word(from_day))
    } else {
        format!(
            "{} {from_time}-{} {to_time} UTC",
            word(from_day),
            word(to_day)
        )
    }
}

/// Bytes as people read them, in binary units: `10 GiB`, `256 MiB`, `1536 MiB`.
#[must_use]
pub fn print_bytes(bytes: i64) -> String {
    const UNITS: [(&str, i64); 4] = [
        ("TiB", 1 << 40),
        ("GiB", 1 << 30),
        ("MiB", 1 << 20),
        ("KiB", 1 << 10),
    ];
    UNITS
        .into_iter()
        .find(|(_, size)| bytes != 0 && bytes % size == 0)
        .map_or_else(
            || format!("{bytes} B"),
            |(unit, size)| format!("{} {unit}", bytes / size),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_converted_once() {
        assert_eq!(gib("100 GiB"), Ok(100));
        assert_eq!(gib("1TiB"), Ok(1024));
        assert_eq!(gib("100"), Err(UnitProblem::Missing));
        assert_eq!(
            gib("100 GB"),
            Err(UnitProblem::Wrong {
                at: 4,
                unit: "GB".to_owned()
            })
        );
        assert_eq!(seconds("30 min"), Ok(1800));
        assert_eq!(seconds("2 weeks"), Ok(1_209_600));
        assert_eq!(days("1 day"), Ok(1));
        assert_eq!(days("soon"), Err(UnitProblem::NoNumber));
    }

    #[test]
    fn windows_take_both_forms_and_print_the_long_one() {
        assert_eq!(
            weekly_window("Sun 03:00-04:00 UTC").as_deref(),
            Ok("sun:03:00-sun:04:00")
        );
        assert_eq!(
            weekly_window("Sunday 03:00-04:00 UTC").as_deref(),
            Ok("sun:03:00-sun:04:00")
        );
        assert_eq!(
            weekly_window("sun:03:00-sun:04:00").as_deref(),
            Ok("sun:03:00-sun:04:00")
        );
        assert_eq!(
            weekly_window("Sat 23:30-00:30 UTC").as_deref(),
            Ok("sat:23:30-sun:00:30")
        );
        assert_eq!(weekly_window("Sun 03:00-04:00"), Err(WindowProblem::NoZone));
        assert_eq!(
            daily_window("02:00-03:00 UTC").as_deref(),
            Ok("02:00-03:00")
        );
        assert_eq!(
            daily_window("02:00-03:00 CET"),
            Err(WindowProblem::Zone("CET".to_owned()))
        );
        assert_eq!(
            print_weekly_window("sat:23:30-sun:00:30"),
            "Sat 23:30-Sun 00:30 UTC"
        );
    }

    #[test]
    fn touching_windows_do_not_overlap() {
        assert_eq!(
            overlap("02:00-03:00", "sun:03:00-sun:04:00"),
            Vec::<usize>::new()
        );
        assert_eq!(overlap("02:30-03:30", "sun:03:00-sun:04:00"), vec![6]);
        assert_eq!(overlap("23:30-00:30", "mon:00:00-mon:01:00"), vec![6]);
    }
}
