//! Wording: the sigils, effects, moments, durations, money and plurals of every output.

use std::collections::BTreeSet;

use jiff::Timestamp;
use pgward_engine::{Verb, When};
use pgward_model::{Effect, Flag};
use serde::{Deserialize, Serialize};

/// The mark at the start of a line, which says what kind of line it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Sigil {
    /// A resource is created.
    #[serde(rename = "+")]
    Create,
    /// A change without interruption.
    #[serde(rename = "~")]
    Change,
    /// A change that interrupts.
    #[serde(rename = "!")]
    Interrupt,
    /// A resource is replaced.
    #[serde(rename = "±")]
    Replace,
    /// A resource is deleted.
    #[serde(rename = "-")]
    Delete,
    /// A change that a plan never makes.
    #[serde(rename = "x")]
    Blocked,
    /// Accepted earlier, not in effect yet.
    #[serde(rename = ">")]
    Waiting,
    /// Something that could not be read or is not managed.
    #[serde(rename = "?")]
    Unread,
    /// An existing resource is adopted.
    #[serde(rename = "<")]
    Adopt,
    /// Changed in AWS, and the same as the spec again.
    #[serde(rename = "=")]
    Same,
}

impl Sigil {
    /// The sigil of a change that is not blocked.
    #[must_use]
    pub fn of(verb: Verb, effect: Effect) -> Self {
        match verb {
            Verb::Create => Self::Create,
            Verb::Replace => Self::Replace,
            Verb::Delete => Self::Delete,
            Verb::Restart => Self::Interrupt,
            Verb::Adopt => Self::Adopt,
            Verb::Update if effect.interrupts() => Self::Interrupt,
            Verb::Update | Verb::Await => Self::Change,
        }
    }

    /// The sigil as text, one column wide.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Create => "+",
            Self::Change => "~",
            Self::Interrupt => "!",
            Self::Replace => "±",
            Self::Delete => "-",
            Self::Blocked => "x",
            Self::Waiting => ">",
            Self::Unread => "?",
            Self::Adopt => "<",
            Self::Same => "=",
        }
    }
}

/// The effect of a change as people read it: `downtime 1-2 min`, `online, EXPOSURE`,
/// `REPLACE, DATA LOSS`.
#[must_use]
pub fn effect(
    verb: Verb,
    effect: Effect,
    flags: &BTreeSet<Flag>,
    interruption: Option<(u32, u32)>,
) -> String {
    let mut words = match (effect, verb) {
        (Effect::DataLoss, Verb::Replace) => "REPLACE, DATA LOSS".to_owned(),
        (Effect::DataLoss, Verb::Delete) => "DELETE, DATA LOSS".to_owned(),
        (Effect::DataLoss, _) => "DATA LOSS".to_owned(),
        (effect, _) => effect.word().to_owned(),
    };
    match (effect, interruption) {
        (Effect::Downtime, Some((from, to))) => {
            words = format!("{words} {}", seconds_range(from, to));
        }
        (Effect::Reboot, Some((from, to))) => {
            words = format!("{words}, {}", seconds_range(from, to));
        }
        _ => {}
    }
    if flags.contains(&Flag::Exposure) {
        words.push_str(", EXPOSURE");
    }
    if flags.contains(&Flag::OneWay) {
        words.push_str(", one-way");
    } else if flags.contains(&Flag::Cooldown) {
        words.push_str(", cooldown");
    }
    words
}

/// The effect as JSON names it: `data_loss`; `none` if there is no change.
#[must_use]
pub fn effect_key(effect: Option<Effect>) -> String {
    effect.map_or_else(
        || "none".to_owned(),
        |effect| effect.word().replace('-', "_"),
    )
}

/// A range of seconds in the largest unit that fits: `10-30 s`, `1-2 min`, `up to 2 min`.
#[must_use]
pub fn seconds_range(from: u32, to: u32) -> String {
    match (from, to) {
        (_, 0..60) => range(from, to, "s"),
        (60.., 0..7200) => range(from / 60, to.div_ceil(60), "min"),
        (7200.., _) => range(from / 3600, to.div_ceil(3600), "h"),
        (_, 0..7200) => format!("up to {} min", to.div_ceil(60)),
        _ => format!("up to {} h", to.div_ceil(3600)),
    }
}

/// A range of minutes: `12-20 min`, `up to 3 min`, `under 1 min`.
#[must_use]
pub fn minutes_range(from: u32, to: u32) -> String {
    if to == 0 {
        "under 1 min".to_owned()
    } else {
        range(from, to, "min")
    }
}

fn range(from: u32, to: u32, unit: &str) -> String {
    if from == to {
        format!("{to} {unit}")
    } else if from == 0 {
        format!("up to {to} {unit}")
    } else {
        format!("{from}-{to} {unit}")
    }
}

/// When a change takes effect, in the few words of a table, as seen at `now`.
#[must_use]
pub fn moment(when: &When, now: Timestamp) -> String {
    match when {
        When::Now => "at apply".to_owned(),
        When::Window { at: Some(at) } => window_start(*at, now),
        When::Window { at: None } => "next maintenance window".to_owned(),
        When::Restart { with: Some(_) } => "with that restart".to_owned(),
        When::Restart { with: None } => "after the next restart".to_owned(),
        When::Never => "never".to_owned(),
    }
}

/// The start of a window as seen at `now`: `window Sun 16 Nov 03:00 UTC`, `in 12 min`.
#[must_use]
pub fn window_start(at: Timestamp, now: Timestamp) -> String {
    let seconds = at.as_second() - now.as_second();
    match seconds {
        ..=0 => "in the open window".to_owned(),
        1..=900 => format!("in {} min", (seconds + 59) / 60),
        _ => format!("window {}", day_and_time(at)),
    }
}

/// `Sun 16 Nov 03:00-04:00 UTC`; over midnight `Sat 15 Nov 23:30-Sun 00:30 UTC`.
#[must_use]
pub fn window_range(start: Timestamp, end: Timestamp) -> String {
    let same_day = print(start, "%F") == print(end, "%F");
    let end = print(end, if same_day { "%H:%M" } else { "%a %H:%M" });
    format!("{}-{end} UTC", print(start, "%a %-d %b %H:%M"))
}

/// `Sun 16 Nov 03:00 UTC`.
#[must_use]
pub fn day_and_time(at: Timestamp) -> String {
    print(at, "%a %-d %b %H:%M UTC")
}

/// `2025-11-12 09:14 UTC`.
#[must_use]
pub fn date_and_time(at: Timestamp) -> String {
    print(at, "%F %H:%M UTC")
}

/// `10:26`.
#[must_use]
pub fn time(at: Timestamp) -> String {
    print(at, "%H:%M")
}

/// `2025-11-12T10:02:11Z`.
#[must_use]
pub fn stamp(at: Timestamp) -> String {
    print(at, "%FT%H:%M:%SZ")
}

/// The moment without its fraction of a second.
#[must_use]
pub fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).expect("a valid moment without its fraction is valid")
}

/// A moment in UTC, the zone of every output.
fn print(at: Timestamp, form: &str) -> String {
    at.strftime(form).to_string()
}

/// A measured time as a clock shows it: `0:21`, `9:13`, `1:02:03`.
#[must_use]
pub fn clock(milliseconds: u64) -> String {
    let (hours, minutes, seconds) = split(milliseconds);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// A measured time: `2s`, `14m32s`, `1h02m03s`.
#[must_use]
pub fn elapsed(milliseconds: u64) -> String {
    let (hours, minutes, seconds) = split(milliseconds);
    if hours > 0 {
        format!("{hours}h{minutes:02}m{seconds:02}s")
    } else if minutes > 0 {
        format!("{minutes}m{seconds:02}s")
    } else {
        format!("{seconds}s")
    }
}

/// Hours, minutes and seconds; below a minute the nearest second, as a call of 0.9 s is not 0 s.
fn split(milliseconds: u64) -> (u64, u64, u64) {
    let seconds = if milliseconds < 59_500 {
        (milliseconds + 500) / 1000
    } else {
        milliseconds / 1000
    };
    (seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// How long several steps take together, rounded up to five minutes: `about 40 min`.
#[must_use]
pub fn about_minutes(from: u32, to: u32) -> String {
    let middle = (from + to).div_ceil(2);
    let shown = if middle < 10 {
        middle
    } else {
        middle.div_ceil(5) * 5
    };
    if shown < 120 {
        format!("about {shown} min")
    } else {
        format!("about {} h", shown.div_ceil(60))
    }
}

/// Hundredths of a cent as decimal text: `370.84`, `-13.61`, `0.0125`.
#[must_use]
pub fn decimal(hundredths_of_cents: i64) -> String {
    let sign = if hundredths_of_cents < 0 { "-" } else { "" };
    let amount = hundredths_of_cents.unsigned_abs();
    let (dollars, rest) = (amount / 10_000, amount % 10_000);
    let fraction = format!("{rest:04}");
    let fraction = if rest % 100 == 0 {
        &fraction[..2]
    } else {
        &fraction
    };
    format!("{sign}{dollars}.{fraction}")
}

/// A difference in dollars with two decimals from decimal text: `+370.84`, `-13.61`, `0.00`.
#[must_use]
pub fn difference(decimal: &str) -> String {
    let (sign, amount) = signed(decimal);
    format!("{sign}{amount}")
}

/// A difference in dollars with a unit: `+$370.84/month`.
#[must_use]
pub fn money(decimal: &str, per: &str) -> String {
    let (sign, amount) = signed(decimal);
    format!("{sign}${amount}/{per}")
}

/// The sign, empty for nothing, and the amount rounded to cents.
fn signed(decimal: &str) -> (&'static str, String) {
    let (negative, digits) = match decimal.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, decimal),
    };
    let (dollars, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let padded = format!("{fraction:0<4}");
    let parts: u64 = padded
        .get(..4)
        .and_then(|four| four.parse().ok())
        .unwrap_or(0);
    let dollars: u64 = dollars.parse().unwrap_or(0);
    let cents = (dollars * 10_000 + parts + 50) / 100;
    let sign = match (cents, negative) {
        (0, _) => "",
        (_, true) => "-",
        (_, false) => "+",
    };
    (sign, format!("{}.{:02}", cents / 100, cents % 100))
}

/// Whether decimal text stands for nothing.
#[must_use]
pub fn is_zero(decimal: &str) -> bool {
    !decimal
        .bytes()
        .any(|byte| byte.is_ascii_digit() && byte != b'0')
}

/// `1 change`, `5 changes`; for nouns whose plural only adds an `s`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

/// `a`, `a and b`, `a, b and c`; beyond `most` items `a, b and 4 more`.
#[must_use]
pub fn list<T: AsRef<str>>(items: &[T], most: usize) -> String {
    let texts: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    match texts.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        all if all.len() > most => {
            format!("{} and {} more", all[..most].join(", "), all.len() - most)
        }
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

/// A small number in words: `two`; digits from ten.
#[must_use]
pub fn number(number: usize) -> String {
    const WORDS: [&str; 10] = [
        "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    ];
    WORDS
        .get(number)
        .map_or_else(|| number.to_string(), |word| (*word).to_owned())
}

/// A reason after the words of an effect: a sentence follows a period, a phrase a colon.
#[must_use]
pub fn with_reason(words: &str, reason: &str) -> String {
    let reason = reason.trim();
    let Some(first) = reason.chars().next() else {
        return words.to_owned();
    };
    let joint = if first.is_uppercase() { ". " } else { ": " };
    let end = if reason.ends_with(['.', '!', '?', ':']) {
        ""
    } else {
        "."
    };
    format!("{words}{joint}{reason}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_window_within_fifteen_minutes_is_counted_down() {
        let window = at("2025-11-16T03:00:00Z");
        assert_eq!(
            window_start(window, at("2025-11-12T09:14:00Z")),
            "window Sun 16 Nov 03:00 UTC"
        );
        assert_eq!(
            window_start(window, at("2025-11-16T02:48:30Z")),
            "in 12 min"
        );
        assert_eq!(
            window_start(window, at("2025-11-16T03:00:00Z")),
            "in the open window"
        );
        assert_eq!(
            window_range(window, at("2025-11-16T04:00:00Z")),
            "Sun 16 Nov 03:00-04:00 UTC"
        );
        assert_eq!(
            window_range(at("2025-11-15T23:30:00Z"), at("2025-11-16T00:30:00Z")),
            "Sat 15 Nov 23:30-Sun 00:30 UTC"
        );
    }

    #[test]
    fn durations_are_short() {
        assert_eq!(clock(553_187), "9:13");
        assert_eq!(clock(1_570), "0:02");
        assert_eq!(elapsed(872_624), "14m32s");
        assert_eq!(elapsed(1_320), "1s");
        assert_eq!(elapsed(3_723_000), "1h02m03s");
        assert_eq!(minutes_range(12, 20), "12-20 min");
        assert_eq!(minutes_range(0, 0), "under 1 min");
        assert_eq!(seconds_range(60, 120), "1-2 min");
        assert_eq!(seconds_range(10, 30), "10-30 s");
        assert_eq!(seconds_range(30, 120), "up to 2 min");
        assert_eq!(seconds_range(3600, 7200), "up to 2 h");
        assert_eq!(about_minutes(27, 45), "about 40 min");
    }

    #[test]
    fn money_is_decimal_and_never_a_float() {
        assert_eq!(decimal(3_708_400), "370.84");
        assert_eq!(decimal(-136_100), "-13.61");
        assert_eq!(decimal(125), "0.0125");
        assert_eq!(decimal(0), "0.00");
        assert_eq!(money("370.84", "month"), "+$370.84/month");
        assert_eq!(money("0.4000", "mo"), "+$0.40/mo");
        assert_eq!(difference("-13.61"), "-13.61");
        assert_eq!(difference("0.0125"), "+0.01");
        assert_eq!(difference("0.00"), "0.00");
    }

    #[test]
    fn effects_name_what_is_to_be_feared() {
        let flags = |flags: &[Flag]| flags.iter().copied().collect::<BTreeSet<_>>();
        let say = |verb, word, set: &[Flag], time| effect(verb, word, &flags(set), time);
        assert_eq!(
            say(Verb::Replace, Effect::DataLoss, &[Flag::Stateful], None),
            "REPLACE, DATA LOSS"
        );
        assert_eq!(
            say(Verb::Update, Effect::Online, &[Flag::Exposure], None),
            "online, EXPOSURE"
        );
        assert_eq!(
            say(Verb::Update, Effect::Downtime, &[], Some((60, 120))),
            "downtime 1-2 min"
        );
        assert_eq!(
            say(
                Verb::Update,
                Effect::Degraded,
                &[Flag::OneWay, Flag::Cooldown],
                None
            ),
            "degraded, one-way"
        );
    }
}
