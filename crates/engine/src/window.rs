//! Maintenance windows on the calendar, in UTC.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use pgward_model::units;

/// Start and end of the window that is open or comes next, from AWS's form `sun:03:00-sun:04:00`.
#[must_use]
pub fn next_window(now: Timestamp, window: &str) -> Option<(Timestamp, Timestamp)> {
    let (start, length) = units::weekly_span(window)?;
    let length = if length == 0 { units::WEEK } else { length };
    let into = minute_of_week(now);
    let since = (into + units::WEEK - start) % units::WEEK;
    let opening = if since < length {
        back_to_minute(now) - minutes(since)
    } else {
        back_to_minute(now) + minutes(units::WEEK - since)
    };
    Some((opening, opening + minutes(length)))
}

/// Minutes since Monday 00:00 UTC.
fn minute_of_week(now: Timestamp) -> u32 {
    let zoned = TimeZone::UTC.to_datetime(now);
    let day = u32::try_from(zoned.weekday().to_monday_zero_offset()).expect("0 to 6");
    let hour = u32::try_from(zoned.hour()).expect("0 to 23");
    let minute = u32::try_from(zoned.minute()).expect("0 to 59");
    (day * 24 + hour) * 60 + minute
}

fn back_to_minute(now: Timestamp) -> Timestamp {
    now - SignedDuration::from_nanos(
        now.as_nanosecond()
            .rem_euclid(60_000_000_000)
            .try_into()
            .expect("below 60 s"),
    )
}

fn minutes(count: u32) -> SignedDuration {
    SignedDuration::from_mins(i64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(now: &str, window: &str) -> String {
        let (from, to) = next_window(now.parse().expect("a moment"), window).expect("a window");
        format!("{from} {to}")
    }

    #[test]
    fn the_next_window_is_found_from_before_within_and_after() {
        let window = "sun:03:00-sun:04:00";
        let sunday = "2025-11-16T03:00:00Z 2025-11-16T04:00:00Z";
        assert_eq!(next("2025-11-12T09:14:00Z", window), sunday);
        assert_eq!(next("2025-11-16T03:30:12Z", window), sunday);
        assert_eq!(
            next("2025-11-16T04:00:00Z", window),
            "2025-11-23T03:00:00Z 2025-11-23T04:00:00Z"
        );
    }

    #[test]
    fn a_window_may_wrap_around_the_week() {
        let window = "sun:23:30-mon:00:30";
        assert_eq!(
            next("2025-11-17T00:10:00Z", window),
            "2025-11-16T23:30:00Z 2025-11-17T00:30:00Z"
        );
    }
}
