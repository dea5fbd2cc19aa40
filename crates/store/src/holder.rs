//! Who holds an environment, as its lease says it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The format of a lease.
pub(crate) const FORMAT: &str = "pgward.lease/1";
/// How long a lease holds after it was written last.
pub(crate) const TERM: SignedDuration = SignedDuration::from_mins(15);
/// The longest text that is taken from a lease, in characters.
const LONGEST: usize = 200;

/// Who holds a lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Format: `pgward.lease/1`.
    pub format: String,
    /// The id that `unlock --id` takes.
    pub id: String,
    /// A few words that end with what can be looked for: `ci/apply run 8842`, `r.mehta, process 4711`.
    pub holder: String,
    /// ARN of the caller; empty until AWS has said it.
    pub arn: String,
    /// The command, such as `apply prod`.
    pub command: String,
    /// Since when.
    pub since: Timestamp,
    /// When it was renewed last.
    pub seen: Timestamp,
    /// Until when, unless it is renewed.
    pub expires_at: Timestamp,
    /// What ends it if nobody gives it back.
    pub ends_with: EndsWith,
    /// When it was given back; a lease with this is free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<Release>,
}

/// What ends a lease that nobody gives back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndsWith {
    /// The end of its process, since the operating system keeps a lock for it.
    Process,
    /// Its expiry.
    Expiry,
}

/// That a lease was given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// When.
    pub at: Timestamp,
    /// By whom, if it was not the holder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// What a run says of itself when it asks for a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// See [`Holder::holder`].
    pub holder: String,
    /// The command, such as `apply prod`.
    pub command: String,
}

/// A lease that somebody holds, as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Who.
    pub holder: Holder,
    /// How long ago it was renewed, by the clock of the store; nothing if that has none.
    pub seen_ago: Option<Duration>,
}

/// Whether an environment is free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nobody works on it.
    Free,
    /// Somebody does; nothing if the lease was taken from it and it has not stopped yet.
    Held(Option<Box<Sighting>>),
}

impl Holder {
    /// A lease as it begins.
    pub(crate) fn begin(claim: &Claim, now: Timestamp, ends_with: EndsWith) -> Self {
        Self {
            format: FORMAT.to_owned(),
            id: random_id(),
            holder: plain(&claim.holder),
            arn: String::new(),
            command: plain(&claim.command),
            since: now,
            seen: now,
            expires_at: later(now, TERM),
            ends_with,
            released: None,
        }
    }

    /// The same lease, renewed.
    pub(crate) fn renewed(mut self, now: Timestamp) -> Self {
        self.seen = now;
        self.expires_at = later(now, TERM);
        self
    }

    /// The same lease, given back.
    pub(crate) fn released(mut self, now: Timestamp, by: Option<&str>) -> Self {
        self.released = Some(Release {
            at: now,
            by: by.map(plain),
        });
        self
    }

    /// Reads a lease; nothing if it is none. Texts lose what a terminal would obey.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut holder: Self = serde_json::from_str(text).ok()?;
        if holder.format != FORMAT {
            return None;
        }
        for text in [
            &mut holder.id,
            &mut holder.holder,
            &mut holder.arn,
            &mut holder.command,
        ] {
            *text = plain(text);
        }
        Some(holder)
    }

    pub(crate) fn text(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("a holder is plain data");
        format!("{text}\n")
    }

    /// Whether it has ended: by the store's clock if that tells, else by ours, a minute later.
    pub(crate) fn is_over(&self, age: Option<Duration>, now: Timestamp) -> bool {
        let term = self.seen.duration_until(self.expires_at).max(TERM);
        match age {
            Some(age) => SignedDuration::try_from(age).unwrap_or(SignedDuration::MAX) > term,
            None => now > later(self.expires_at, SignedDuration::from_mins(1)),
        }
    }

    /// The first word of the command: `apply`, `destroy`.
    #[must_use]
    pub fn verb(&self) -> &str {
        self.command.split(' ').next().unwrap_or_default()
    }

    /// What can be looked for to see whether it is gone: `run 8842`, `process 4711`.
    #[must_use]
    pub fn run(&self) -> &str {
        let start = self.holder.rmatch_indices(' ').nth(1).map(|(at, _)| at + 1);
        &self.holder[start.unwrap_or_default()..]
    }
}

pub(crate) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// Eight hex digits that no other lease has.
pub(crate) fn random_id() -> String {
    let mut bytes = [0_u8; 4];
    getrandom::fill(&mut bytes).expect("the operating system has randomness");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A text without control characters and marks of direction, and not too long.
fn plain(text: &str) -> String {
    let turns = |letter: char| matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars()
        .filter(|letter| !letter.is_control() && !turns(*letter))
        .take(LONGEST)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(words: &str) -> Holder {
        let claim = Claim {
            holder: words.to_owned(),
            command: "apply prod".to_owned(),
        };
        let now = "2025-11-12T10:02:00Z".parse().expect("a moment");
        Holder::begin(&claim, now, EndsWith::Expiry)
    }

    #[test]
    fn a_holder_names_what_can_be_looked_for() {
        assert_eq!(holder("ci/apply run 8842").run(), "run 8842");
        assert_eq!(holder("r.mehta, process 4711").run(), "process 4711");
        assert_eq!(holder("somebody").run(), "somebody");
        assert_eq!(holder("somebody").verb(), "apply");
    }

    #[test]
    fn a_lease_is_over_by_the_clock_of_the_store() {
        let held = holder("somebody");
        let minutes = |minutes: i64| later(held.since, SignedDuration::from_mins(minutes));
        let young = Some(Duration::from_secs(60));
        let old = Some(Duration::from_secs(15 * 60 + 1));
        assert!(!held.is_over(young, minutes(600)));
        assert!(held.is_over(old, minutes(-600)));
        assert!(!held.is_over(None, minutes(15)));
        assert!(held.is_over(None, minutes(17)));
    }

    #[test]
    fn a_lease_of_others_cannot_command_the_terminal() {
        let mut held = holder("x");
        held.holder = "a\u{1b}[2Jb\u{202e}c".to_owned();
        let read = Holder::parse(&held.text()).expect("a lease");
        assert_eq!(read.holder, "a[2Jbc");
        assert_eq!(Holder::parse("{}"), None);
        assert_eq!(
            Holder::parse(&held.text().replace("lease/1", "lease/9")),
            None
        );
    }
}
