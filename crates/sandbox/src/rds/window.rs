//! Daily backup windows and weekly maintenance windows, in UTC.

use jiff::{SignedDuration, Timestamp};

use crate::call::Refusal;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAY: i64 = 24 * 60;
const WEEK: i64 = 7 * DAY;

/// A stretch of minutes in a day or week; the end may lie in the next round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    start: i64,
    minutes: i64,
    round: i64,
}

/// Reads `hh:mm-hh:mm`.
///
/// # Errors
/// It is malformed or shorter than 30 minutes.
pub(crate) fn daily(text: &str) -> Result<Window, Refusal> {
    let bad = || {
        Refusal::value(format!(
            "Invalid backup window format: {text}. Should be specified as a range hh24:mi-hh24:mi (24H Clock UTC). Must be at least 30 minutes."
        ))
    };
    let (start, end) = text.split_once('-').ok_or_else(bad)?;
    let (start, end) = (clock(start).ok_or_else(bad)?, clock(end).ok_or_else(bad)?);
    let window = Window {
        start,
        minutes: (end - start).rem_euclid(DAY),
        round: DAY,
    };
    if window.minutes < 30 {
        Err(bad())
    } else {
        Ok(window)
    }
}

/// Reads `ddd:hh:mm-ddd:hh:mm`.
///
/// # Errors
/// It is malformed, shorter than 30 minutes, or a day or longer.
pub(crate) fn weekly(text: &str) -> Result<Window, Refusal> {
    let bad = || {
        Refusal::value(format!(
            "Invalid maintenance window format: {text}. Should be specified as a range ddd:hh24:mi-ddd:hh24:mi (24H Clock UTC). Must be at least 30 minutes and less than 24 hours."
        ))
    };
    let minute = |part: &str| {
        let (day, time) = part.split_once(':')?;
        let day = DAYS.iter().position(|known| *known == day)?;
        Some(i64::try_from(day).ok()? * DAY + clock(time)?)
    };
    let (start, end) = text.split_once('-').ok_or_else(bad)?;
    let (start, end) = (minute(start).ok_or_else(bad)?, minute(end).ok_or_else(bad)?);
    let window = Window {
        start,
        minutes: (end - start).rem_euclid(WEEK),
        round: WEEK,
    };
    if (30..DAY).contains(&window.minutes) {
        Ok(window)
    } else {
        Err(bad())
    }
}

fn clock(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    ((0..24).contains(&hours) && (0..60).contains(&minutes)).then_some(hours * 60 + minutes)
}

/// Checks that a daily and a weekly window have no minute in common.
///
/// # Errors
/// They overlap.
pub(crate) fn check_apart(backup: &str, maintenance: &str) -> Result<(), Refusal> {
    let (backup, maintenance) = (daily(backup)?, weekly(maintenance)?);
    // A maintenance window may reach into the next week, and a backup window into the next day.
    let overlap = (-1..9).any(|day| {
        let start = backup.start + day * DAY;
        let end = start + backup.minutes;
        [-WEEK, 0, WEEK].iter().any(|shift| {
            let other = maintenance.start + shift;
            start < other + maintenance.minutes && other < end
        })
    });
    if overlap {
        return Err(Refusal::value(
            "The backup window and maintenance window must not overlap.",
        ));
    }
    Ok(())
}

/// Made-up windows, for whom none were given: at night, apart from each other.
pub(crate) fn made_up(random: &mut fastrand::Rng) -> (String, String) {
    let hour = random.u8(3..7);
    let half = random.bool();
    let backup = if half {
        format!("{hour:02}:30-{:02}:00", hour + 1)
    } else {
        format!("{hour:02}:00-{hour:02}:30")
    };
    let day = DAYS[random.usize(0..7)];
    let hour = random.u8(8..12);
    (backup, format!("{day}:{hour:02}:00-{day}:{hour:02}:30"))
}

impl Window {
    /// Minutes since the round began, at a moment.
    fn position(self, now: Timestamp) -> (i64, i64) {
        // 1970 began on a Thursday.
        let minutes = now.as_second().div_euclid(60) + 3 * DAY;
        (
            minutes.rem_euclid(self.round),
            now.as_second().rem_euclid(60),
        )
    }

    /// Whether it is open.
    pub(crate) fn contains(self, now: Timestamp) -> bool {
        (self.position(now).0 - self.start).rem_euclid(self.round) < self.minutes
    }

    /// When it opens next, after now.
    pub(crate) fn next(self, now: Timestamp) -> Timestamp {
        let (position, seconds) = self.position(now);
        let mut minutes = (self.start - position).rem_euclid(self.round);
        if minutes == 0 {
            minutes = self.round;
        }
        let whole = Timestamp::from_second(now.as_second()).unwrap_or(now);
        whole + SignedDuration::from_secs(minutes * 60 - seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_read_or_refused() {
        for (text, good) in [
            ("sun:03:00-sun:04:00", true),
            ("sun:23:30-mon:00:30", true),
            ("Sun:03:00-Sun:04:00", false),
            ("sun:03:00-sun:03:20", false),
            ("sun:03:00-tue:03:00", false),
            ("sun:3:00-sun:4:00", false),
        ] {
            assert_eq!(weekly(text).is_ok(), good, "{text}");
        }
        assert!(daily("23:45-00:15").is_ok());
        assert!(daily("23:45-00:10").is_err());
    }

    #[test]
    fn windows_must_not_overlap() {
        for (backup, maintenance, good) in [
            ("02:00-03:00", "sun:03:00-sun:04:00", true),
            ("02:00-03:01", "sun:03:00-sun:04:00", false),
            ("23:30-00:30", "sun:23:45-mon:00:15", false),
            ("23:30-00:30", "mon:00:00-mon:00:45", false),
            ("23:30-00:30", "mon:00:30-mon:01:00", true),
        ] {
            assert_eq!(
                check_apart(backup, maintenance).is_ok(),
                good,
                "{backup} {maintenance}"
            );
        }
    }

    #[test]
    fn a_window_opens_once_a_week() {
        let now: Timestamp = "2026-01-05T09:00:30Z".parse().unwrap();
        let window = weekly("sun:03:00-sun:04:00").unwrap();
        let opens = window.next(now);
        assert_eq!(opens.to_string(), "2026-01-11T03:00:00Z");
        assert!(window.contains(opens));
        assert!(!window.contains(now));
        assert_eq!(window.next(opens).to_string(), "2026-01-18T03:00:00Z");
    }
}
