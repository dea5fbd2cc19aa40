//! Signals: the first one asks the run to stop, the second leaves at once.

use std::sync::Arc;

use pgward_engine::Stop;

use crate::exit::Exit;
use crate::ui::{Ui, complain};

/// Returns at the first signal that asks to end.
pub(crate) async fn first() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
        ];
        let mut streams: Vec<_> = kinds
            .into_iter()
            .filter_map(|kind| signal(kind).ok())
            .collect();
        if streams.is_empty() {
            std::future::pending::<()>().await;
        }
        std::future::poll_fn(|task| {
            let any = streams
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

/// Listens while a run goes on.
pub(crate) fn listen(stop: Arc<Stop>, ui: Ui) {
    tokio::spawn(async move {
        first().await;
        ui.say("^C stopping after the call in progress. Ctrl-C again leaves at once.");
        stop.set();
        first().await;
        complain("exit 130: interrupted");
        leave();
    });
}

#[expect(
    clippy::exit,
    reason = "the second signal leaves at once; AWS and the journal tell the rest"
)]
fn leave() {
    std::process::exit(i32::from(Exit::Interrupted.code()));
}
