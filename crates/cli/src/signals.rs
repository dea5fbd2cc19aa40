//! Signals: the first one asks the run to stop, the second leaves at once.

use std::sync::Arc;

use pgward_engine::Stop;
use tokio::sync::oneshot;

use crate::exit::Exit;
use crate::ui::{Ui, complain};

/// The signals that ask to end, from here on; none that comes between two looks is lost.
pub(crate) struct Signals {
    #[cfg(unix)]
    streams: Vec<tokio::signal::unix::Signal>,
}

impl Signals {
    /// Listens from now on; needs a runtime.
    pub(crate) fn listen() -> Self {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let kinds = [
                SignalKind::interrupt(),
                SignalKind::terminate(),
                SignalKind::hangup(),
            ];
            Self {
                streams: kinds
                    .into_iter()
                    .filter_map(|kind| signal(kind).ok())
                    .collect(),
            }
        }
        #[cfg(not(unix))]
        Self {}
    }

    /// Returns at the next one.
    pub(crate) async fn next(&mut self) {
        #[cfg(unix)]
        {
            std::future::poll_fn(|task| {
                let any = self
                    .streams
                    .iter_mut()
                    .any(|stream| stream.poll_recv(task).is_ready());
                if any {
                    std::task::Poll::Ready(())
                } else {
                    std::task::Poll::Pending
                }
            })
            .await;
        }
        #[cfg(not(unix))]
        {
            drop(tokio::signal::ctrl_c().await);
        }
    }
}

/// Listens while a run goes on.
pub(crate) fn listen(stop: Arc<Stop>, ui: Ui) {
    let mut signals = Signals::listen();
    tokio::spawn(async move {
        signals.next().await;
        ui.say("^C stopping after the call in progress. Ctrl-C again leaves at once.");
        stop.set();
        signals.next().await;
        complain("exit 130: interrupted");
        leave();
    });
}

/// Deals with a signal while a run has not begun: what must not outlive the program is given back.
/// Ends when dropped.
pub(crate) struct Watch(
    #[expect(dead_code, reason = "its drop ends the watch")] oneshot::Sender<()>,
);

impl Watch {
    /// Watches on a thread of its own, since the run may wait for an answer on the terminal.
    pub(crate) fn start(give_back: impl FnOnce() + Send + 'static) -> Self {
        let (sender, receiver) = oneshot::channel();
        let watch = move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let Ok(runtime) = runtime else {
                return;
            };
            let signaled = runtime.block_on(async {
                let mut signals = Signals::listen();
                tokio::select! {
                    () = signals.next() => true,
                    _ = receiver => false,
                }
            });
            if signaled {
                give_back();
                complain("exit 130: interrupted, nothing was changed");
                leave();
            }
        };
        // Without a thread the lease ends by itself.
        drop(
            std::thread::Builder::new()
                .name("signals".to_owned())
                .spawn(watch),
        );
        Self(sender)
    }
}

#[expect(
    clippy::exit,
    reason = "the second signal leaves at once; AWS and the journal tell the rest"
)]
fn leave() {
    std::process::exit(i32::from(Exit::Interrupted.code()));
}
