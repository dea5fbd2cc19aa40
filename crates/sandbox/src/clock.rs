//! Virtual time: a start, plus what tokio's clock counts, plus what was skipped.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_smithy_async::rt::sleep::{AsyncSleep, Sleep};
use aws_smithy_async::time::TimeSource;
use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Handle;
use tokio::time::Instant;

/// The clock of a sandbox, shared by its clones.
///
/// It runs with tokio's clock, so under a paused runtime it moves only while all tasks wait. It stands still
/// until it is first read inside a runtime, and outside of any.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Mutex<Hands>>);

#[derive(Debug)]
struct Hands {
    /// Virtual time at `origin`.
    base: Timestamp,
    /// Where tokio's clock stood at `base`.
    origin: Option<Instant>,
    /// Latest time shown, which stays when there is no runtime to ask.
    shown: Timestamp,
    /// Virtual seconds per second.
    speed: f64,
}

impl Hands {
    fn now(&mut self) -> Timestamp {
        if Handle::try_current().is_ok() {
            let origin = *self.origin.get_or_insert_with(Instant::now);
            let elapsed = origin.elapsed().mul_f64(self.speed);
            let elapsed = SignedDuration::try_from(elapsed).unwrap_or(SignedDuration::MAX);
            let now = self.base.saturating_add(elapsed).unwrap_or(self.base);
            self.shown = self.shown.max(now);
        }
        self.shown
    }

    fn anchor(&mut self, now: Timestamp) {
        self.base = now;
        self.shown = now;
        self.origin = running();
    }
}

/// Where tokio's clock stands, inside a runtime.
fn running() -> Option<Instant> {
    Handle::try_current().is_ok().then(Instant::now)
}

impl Clock {
    pub(crate) fn starting_at(base: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(Hands {
            base,
            origin: running(),
            shown: base,
            speed: 1.0,
        })))
    }

    fn hands(&self) -> std::sync::MutexGuard<'_, Hands> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The moment it is in the sandbox.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.hands().now()
    }

    /// Lets time run `speed` times as fast as tokio's clock; values that are not above zero are ignored.
    pub fn set_speed(&self, speed: f64) {
        if speed > 0.0 && speed.is_finite() {
            let mut hands = self.hands();
            let now = hands.now();
            hands.anchor(now);
            hands.speed = speed;
        }
    }

    pub(crate) fn advance(&self, by: Duration) -> Timestamp {
        let mut hands = self.hands();
        let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        let now = hands.now();
        let later = now.saturating_add(by).unwrap_or(now);
        hands.anchor(later);
        later
    }

    /// Makes the present the new start, so that another runtime may take over.
    pub(crate) fn settle(&self) -> Timestamp {
        let mut hands = self.hands();
        let now = hands.now();
        hands.anchor(now);
        hands.origin = None;
        now
    }
}

impl TimeSource for Clock {
    fn now(&self) -> SystemTime {
        let now = Self::now(self);
        let since = u64::try_from(now.as_microsecond()).unwrap_or_default();
        SystemTime::UNIX_EPOCH + Duration::from_micros(since)
    }
}

impl AsyncSleep for Clock {
    fn sleep(&self, duration: Duration) -> Sleep {
        let speed = self.hands().speed;
        Sleep::new(tokio::time::sleep(duration.div_f64(speed)))
    }
}
