//! The wish to stop a run: set once by a signal, seen by every wait.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Whether a run shall stop after the call in progress.
#[derive(Debug, Default)]
pub struct Stop {
    set: AtomicBool,
    notify: Notify,
}

impl Stop {
    /// Asks the run to stop.
    pub fn set(&self) {
        self.set.store(true, Ordering::SeqCst);
        self.notify.notify_waiters();
    }

    /// Whether somebody asked.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.set.load(Ordering::SeqCst)
    }

    /// Returns when somebody asks, at once if somebody has.
    pub async fn wait(&self) {
        let asked = self.notify.notified();
        tokio::pin!(asked);
        // Registered before the flag is read, so that a wish in between is not missed.
        asked.as_mut().enable();
        if !self.is_set() {
            asked.await;
        }
    }
}
