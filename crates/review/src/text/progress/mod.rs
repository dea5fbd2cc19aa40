//! Progress of a run: lines for logs, and a frame that is redrawn on a terminal.

mod frame;
mod lines;

pub use frame::Frame;
pub use lines::Lines;

use pgward_engine::Operation;

/// Whether an operation is over in a moment and one of many, so that its start is not worth a
/// line: secrets, alarms.
fn is_small(operation: &Operation) -> bool {
    operation.minutes.1 == 0 && operation.address.name().is_some()
}

/// How long an operation usually takes, if that is more than a moment.
fn usual(minutes: (u32, u32, u32)) -> Option<String> {
    (minutes.1 > 0).then(|| crate::wording::minutes_range(minutes.0, minutes.1))
}
