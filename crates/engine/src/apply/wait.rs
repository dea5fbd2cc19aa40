//! When to look again, when to repeat and when to give up, as data; pure.

use std::time::Duration;

use crate::FaultKind;

/// The pause before the next look at a resource that AWS works on.
pub(crate) fn next_look(looks: u32) -> Duration {
    match looks {
        0 => Duration::ZERO,
        1..=3 => Duration::from_secs(2),
        4..=9 => Duration::from_secs(5),
        _ => Duration::from_secs(10),
    }
}

/// The pause before a call is repeated: doubling from 2 s up to 30 s.
pub(crate) fn next_attempt(attempts: u32) -> Duration {
    Duration::from_secs(2_u64.saturating_pow(attempts.min(5)).min(30))
}

/// How long a call is repeated that AWS answers with this fault; nothing if repeating is of no use.
pub(crate) fn patience(kind: FaultKind) -> Option<Duration> {
    match kind {
        FaultKind::Throttled => Some(Duration::from_secs(10 * 60)),
        FaultKind::Busy => Some(Duration::from_secs(20 * 60)),
        FaultKind::InUse => Some(Duration::from_secs(15 * 60)),
        FaultKind::Ambiguous => Some(Duration::from_secs(5 * 60)),
        FaultKind::NotFound
        | FaultKind::AlreadyExists
        | FaultKind::Denied
        | FaultKind::Credentials
        | FaultKind::Quota
        | FaultKind::Capacity
        | FaultKind::Invalid
        | FaultKind::Unsupported
        | FaultKind::Failed
        | FaultKind::Moved
        | FaultKind::Other => None,
    }
}

/// How long a resource may be missing after AWS has accepted its creation.
pub(crate) const APPEARS_WITHIN: Duration = Duration::from_secs(120);

/// How long a failed read is repeated while waiting.
pub(crate) const READS_AGAIN_FOR: Duration = Duration::from_secs(10 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_bounded() {
        assert_eq!(next_look(0), Duration::ZERO);
        assert_eq!(next_look(1000), Duration::from_secs(10));
        assert_eq!(next_attempt(1), Duration::from_secs(2));
        assert_eq!(next_attempt(60), Duration::from_secs(30));
    }
}
