//! A lease that is ours: renewed by a thread of its own, and asked before every write.
//!
//! Its validity is counted on the steady clock of the machine and on the wall clock, and the worse
//! of both decides: a clock that is set back extends nothing, and neither does a suspended machine.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use pgward_engine::Lease;

use crate::holder::{Holder, TERM};

/// How often a lease is renewed.
const BEAT: Duration = Duration::from_secs(20);
/// How old a lease in a bucket may be at a write: whoever releases it by force, or takes it then, has
/// to count on its former holder for this long. Writes that begin together share one renewal.
const FRESH: SignedDuration = SignedDuration::from_secs(2);
/// How long before its end a lease counts as over, so that a call in flight ends within it.
const MARGIN: SignedDuration = SignedDuration::from_mins(5);

/// The clocks that a lease is counted on.
#[derive(Clone)]
pub struct Clocks {
    wall: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    steady: Arc<dyn Fn() -> Duration + Send + Sync>,
}

impl Clocks {
    /// The steady clock of the machine, and this wall clock.
    #[must_use]
    pub fn new(wall: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        let start = Instant::now();
        Self {
            wall: Arc::new(wall),
            steady: Arc::new(move || start.elapsed()),
        }
    }

    /// Both clocks as given; for tests.
    #[cfg(test)]
    pub(crate) fn of(
        wall: impl Fn() -> Timestamp + Send + Sync + 'static,
        steady: impl Fn() -> Duration + Send + Sync + 'static,
    ) -> Self {
        Self {
            wall: Arc::new(wall),
            steady: Arc::new(steady),
        }
    }

    /// The present moment.
    pub(crate) fn now(&self) -> Timestamp {
        (self.wall)()
    }

    /// How long these clocks have run, on the steady one.
    pub(crate) fn steady(&self) -> Duration {
        (self.steady)()
    }
}

impl fmt::Debug for Clocks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Clocks")
    }
}

/// Why a lease was not renewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotRenewed {
    /// It is ours no more.
    Lost(String),
    /// The store failed; it may still be ours.
    Failed(String),
}

/// What a form of the store does for a lease that is ours.
pub(crate) trait Keep: Send + Sync + fmt::Debug {
    /// Writes it again, if it is still ours.
    fn renew(&self, holder: &Holder) -> Result<(), NotRenewed>;

    /// A look that costs next to nothing; says who has it if it is lost.
    fn look(&self, holder: &Holder) -> Result<(), String>;

    /// Gives it back, if it is still ours.
    fn release(&self, holder: &Holder, now: Timestamp);

    /// Whether the operating system keeps it for the process, whatever the clocks say.
    fn is_locked(&self) -> bool;
}

/// A lease that is ours; given back when dropped.
#[derive(Debug)]
pub struct Held {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    keep: Box<dyn Keep>,
    clocks: Clocks,
    state: Mutex<State>,
    /// Who writes the lease at this moment.
    turn: Mutex<()>,
    wake: Condvar,
}

#[derive(Debug)]
struct State {
    holder: Holder,
    /// When the last renewal began that went well.
    steady: Duration,
    lost: Option<String>,
    ended: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Held {
    /// A lease that was just taken at `taken` of the steady clock.
    pub(crate) fn new(
        keep: Box<dyn Keep>,
        holder: Holder,
        clocks: Clocks,
        taken: Duration,
    ) -> Self {
        let shared = Arc::new(Shared {
            keep,
            clocks,
            state: Mutex::new(State {
                holder,
                steady: taken,
                lost: None,
                ended: false,
            }),
            turn: Mutex::new(()),
            wake: Condvar::new(),
        });
        let beating = Arc::clone(&shared);
        // A thread and not a task: a question on the terminal or a long call must not stop it.
        let thread = std::thread::Builder::new()
            .name("lease".to_owned())
            .spawn(move || beating.beat());
        // Without a thread it is renewed by `check` alone.
        drop(thread);
        Self { shared }
    }

    /// The lease as it was written last.
    #[must_use]
    pub fn holder(&self) -> Holder {
        lock(&self.shared.state).holder.clone()
    }

    /// Whether it ends with the process; another one has to be given back before the process ends.
    #[must_use]
    pub fn ends_with_process(&self) -> bool {
        self.shared.keep.is_locked()
    }

    /// Writes whose credentials the run has, so that others see it.
    pub fn identify(&self, arn: &str) {
        arn.clone_into(&mut lock(&self.shared.state).holder.arn);
        // A renewal that fails shows at the next check.
        drop(self.shared.renew());
    }

    /// Gives the lease back; further calls do nothing.
    pub fn release(&self) {
        let _turn = lock(&self.shared.turn);
        let holder = {
            let mut state = lock(&self.shared.state);
            if std::mem::replace(&mut state.ended, true) {
                return;
            }
            state.holder.clone()
        };
        self.shared.wake.notify_all();
        self.shared.keep.release(&holder, self.shared.clocks.now());
    }
}

impl Lease for Held {
    fn check(&self) -> Result<(), String> {
        let shared = &self.shared;
        let (holder, steady) = {
            let state = lock(&shared.state);
            if let Some(why) = &state.lost {
                return Err(why.clone());
            }
            (state.holder.clone(), state.steady)
        };
        shared.keep.look(&holder)?;
        let by_wall = shared.clocks.now().duration_since(holder.seen);
        let by_steady = shared.clocks.steady().saturating_sub(steady);
        let by_steady = SignedDuration::try_from(by_steady).unwrap_or(SignedDuration::MAX);
        let age = by_wall.max(by_steady);
        let beat = SignedDuration::try_from(BEAT).expect("seconds fit");
        let overdue = age >= TERM - MARGIN;
        // With a lock of the system a renewal is a write to a file, also in simulated time.
        let due = age >= if shared.keep.is_locked() { beat } else { FRESH };
        if !overdue && !due {
            return Ok(());
        }
        match shared.renew() {
            Ok(()) => Ok(()),
            Err(NotRenewed::Failed(_)) if shared.keep.is_locked() || !overdue => Ok(()),
            Err(NotRenewed::Lost(why)) => Err(why),
            Err(NotRenewed::Failed(why)) => Err(format!(
                "the lock could not be renewed since {}: {why}",
                holder.seen.strftime("%H:%M UTC")
            )),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.release();
    }
}

impl Shared {
    /// Renews until the lease is given back or lost.
    fn beat(&self) {
        loop {
            let state = lock(&self.state);
            let waited = self
                .wake
                .wait_timeout_while(state, BEAT, |state| !state.ended && state.lost.is_none());
            let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            if state.ended || state.lost.is_some() {
                return;
            }
            drop(state);
            // A renewal that fails is tried again; `check` counts how long it has failed.
            drop(self.renew());
        }
    }

    fn renew(&self) -> Result<(), NotRenewed> {
        let _turn = lock(&self.turn);
        let next = {
            let state = lock(&self.state);
            if let Some(why) = &state.lost {
                return Err(NotRenewed::Lost(why.clone()));
            }
            if state.ended {
                return Ok(());
            }
            state.holder.clone().renewed(self.clocks.now())
        };
        let began = self.clocks.steady();
        let renewed = self.keep.renew(&next);
        let mut state = lock(&self.state);
        match &renewed {
            Ok(()) => {
                state.holder.seen = next.seen;
                state.holder.expires_at = next.expires_at;
                state.steady = began;
            }
            Err(NotRenewed::Lost(why)) => {
                state.lost = Some(why.clone());
                self.wake.notify_all();
            }
            Err(NotRenewed::Failed(_)) => {}
        }
        renewed
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

    use super::*;
    use crate::holder::{Claim, EndsWith};

    /// A store whose next answers are set.
    #[derive(Debug, Default)]
    struct Toy {
        answer: Mutex<Option<NotRenewed>>,
        renewals: AtomicU64,
    }

    impl Keep for Arc<Toy> {
        fn renew(&self, _holder: &Holder) -> Result<(), NotRenewed> {
            self.renewals.fetch_add(1, Ordering::Relaxed);
            lock(&self.answer).clone().map_or(Ok(()), Err)
        }

        fn look(&self, _holder: &Holder) -> Result<(), String> {
            Ok(())
        }

        fn release(&self, _holder: &Holder, _now: Timestamp) {}

        fn is_locked(&self) -> bool {
            false
        }
    }

    struct Stage {
        toy: Arc<Toy>,
        wall: Arc<AtomicI64>,
        steady: Arc<AtomicU64>,
        held: Held,
    }

    fn stage() -> Stage {
        let toy = Arc::new(Toy::default());
        let wall = Arc::new(AtomicI64::new(1_000_000));
        let steady = Arc::new(AtomicU64::new(500));
        let (w, s) = (Arc::clone(&wall), Arc::clone(&steady));
        let clocks = Clocks::of(
            move || Timestamp::from_second(w.load(Ordering::Relaxed)).unwrap(),
            move || Duration::from_secs(s.load(Ordering::Relaxed)),
        );
        let claim = Claim {
            holder: "a run 1".to_owned(),
            command: "apply prod".to_owned(),
        };
        let holder = Holder::begin(&claim, clocks.now(), EndsWith::Expiry);
        let held = Held::new(
            Box::new(Arc::clone(&toy)),
            holder,
            clocks,
            Duration::from_secs(500),
        );
        Stage {
            toy,
            wall,
            steady,
            held,
        }
    }

    impl Stage {
        fn pass(&self, wall: i64, steady: u64) {
            self.wall.fetch_add(wall, Ordering::Relaxed);
            self.steady.fetch_add(steady, Ordering::Relaxed);
        }

        fn store(&self, answer: Option<NotRenewed>) {
            *lock(&self.toy.answer) = answer;
        }

        fn renewals(&self) -> u64 {
            self.toy.renewals.load(Ordering::Relaxed)
        }
    }

    #[test]
    fn a_fresh_lease_is_checked_without_the_store() {
        let stage = stage();
        stage.pass(1, 1);
        assert_eq!(stage.held.check(), Ok(()));
        assert_eq!(stage.renewals(), 0);
    }

    #[test]
    fn a_lease_that_was_released_by_force_is_missed_at_the_next_write() {
        let stage = stage();
        stage.store(Some(NotRenewed::Lost("somebody released it".to_owned())));
        stage.pass(3, 3);
        assert_eq!(stage.held.check(), Err("somebody released it".to_owned()));
    }

    #[test]
    fn a_clock_set_back_extends_nothing() {
        let stage = stage();
        stage.store(Some(NotRenewed::Failed("no connection".to_owned())));
        stage.pass(-3600, 11 * 60);
        let why = stage.held.check().unwrap_err();
        assert!(why.ends_with("no connection"), "{why}");
    }

    #[test]
    fn a_machine_that_slept_asks_the_store_first() {
        let stage = stage();
        stage.pass(3600, 1);
        assert_eq!(stage.held.check(), Ok(()));
        assert_eq!(stage.renewals(), 1);
        assert_eq!(stage.held.check(), Ok(()));
        assert_eq!(stage.renewals(), 1);
        stage.store(Some(NotRenewed::Lost("somebody has it".to_owned())));
        stage.pass(3600, 1);
        assert_eq!(stage.held.check(), Err("somebody has it".to_owned()));
    }

    #[test]
    fn what_was_lost_stays_lost() {
        let stage = stage();
        stage.store(Some(NotRenewed::Lost("somebody has it".to_owned())));
        stage.held.identify("arn:aws:iam::111122223333:user/a");
        stage.store(None);
        assert_eq!(stage.held.check(), Err("somebody has it".to_owned()));
    }

    #[test]
    fn a_store_that_fails_for_a_while_is_borne() {
        let stage = stage();
        stage.store(Some(NotRenewed::Failed("no connection".to_owned())));
        stage.pass(9 * 60, 9 * 60);
        assert_eq!(stage.held.check(), Ok(()));
        stage.pass(60, 60);
        assert!(stage.held.check().is_err());
        stage.store(None);
        assert_eq!(stage.held.check(), Ok(()));
    }
}
