//! Days of the calendar, as far as waivers need them.

/// A day as a number that grows by one from day to day, from `2026-03-31`; nothing if it is none.
pub(crate) fn day_number(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let year: i64 = parts.next().filter(|year| year.len() == 4)?.parse().ok()?;
    let month: i64 = parts
        .next()
        .filter(|month| month.len() == 2)?
        .parse()
        .ok()?;
    let day: i64 = parts.next().filter(|day| day.len() == 2)?.parse().ok()?;
    let valid = (1..=12).contains(&month) && (1..=31).contains(&day) && parts.next().is_none();
    // The year is counted from March, so that the leap day is its last one.
    let from_march = (month + 9) % 12;
    let years = if from_march >= 10 { year - 1 } else { year };
    let days = years * 365 + years.div_euclid(4) - years.div_euclid(100) + years.div_euclid(400);
    valid.then_some(days + (from_march * 306 + 5) / 10 + day - 1)
}

/// The first of a month that is at least two weeks after a day.
pub(crate) fn first_of_month_after(today: &str) -> String {
    let Some(now) = day_number(today) else {
        return "2026-01-31".to_owned();
    };
    let year: i64 = today[..4].parse().unwrap_or(2026);
    let month: i64 = today[5..7].parse().unwrap_or(1);
    (1..4)
        .map(|ahead| {
            let months = month - 1 + ahead;
            format!("{:04}-{:02}-01", year + months / 12, months % 12 + 1)
        })
        .find(|first| day_number(first).is_some_and(|day| day >= now + 14))
        .unwrap_or_else(|| today.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_across_months_and_leap_years() {
        let between = |from, to| day_number(to).unwrap() - day_number(from).unwrap();
        assert_eq!(between("2025-11-12", "2025-12-01"), 19);
        assert_eq!(between("2024-02-28", "2024-03-01"), 2);
        assert_eq!(between("2025-12-31", "2026-01-01"), 1);
        assert_eq!(day_number("2025-13-01"), None);
        assert_eq!(day_number("soon"), None);
    }

    #[test]
    fn a_proposed_end_is_the_first_of_a_month() {
        assert_eq!(first_of_month_after("2025-11-12"), "2025-12-01");
        assert_eq!(first_of_month_after("2025-11-28"), "2026-01-01");
    }
}
