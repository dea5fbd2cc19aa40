//! Progress of a run: lines for logs, and a frame that is redrawn on a terminal.

mod frame;
mod lines;

pub use frame::Frame;
pub use lines::Lines;

use jiff::{SignedDuration, Timestamp};
use pgward_engine::Operation;

/// How long a wait stays silent while AWS's word does not change.
const SILENCE: SignedDuration = SignedDuration::from_mins(5);

/// Whether an operation is over in a moment and one of many, so that its start is not worth a
/// line: secrets, alarms.
fn is_small(operation: &Operation) -> bool {
    operation.minutes.1 == 0 && operation.address.name().is_some()
}

/// How long an operation usually takes, if that is more than a moment.
fn usual(minutes: (u32, u32, u32)) -> Option<String> {
    (minutes.1 > 0).then(|| crate::wording::minutes_range(minutes.0, minutes.1))
}

/// Whether the same word was said a short while ago.
pub(crate) fn is_recent(last: Option<&(String, Timestamp)>, word: &str, at: Timestamp) -> bool {
    last.is_some_and(|(known, since)| known == word && at.duration_since(*since) < SILENCE)
}
