//! The way to AWS of one run: it counts calls, and the program may die or be stopped at one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use pgward_engine::Stop;
use pgward_sandbox::Connector;
use tokio::sync::Notify;

/// What happens at the n-th call of a run, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The program is killed before the call reaches AWS.
    Before(usize),
    /// The program is killed after AWS has done the call and before the answer arrives.
    After(usize),
    /// Somebody presses Ctrl-C.
    Stop(usize),
    /// Somebody else changes something.
    Meddle(usize),
}

impl Cut {
    fn at(self) -> usize {
        match self {
            Self::Before(at) | Self::After(at) | Self::Stop(at) | Self::Meddle(at) => at,
        }
    }
}

/// What somebody else does in the middle of a run.
pub(crate) type Meddler = Box<dyn FnOnce() + Send>;

struct State {
    count: usize,
    cut: Option<Cut>,
    stop: Option<Arc<Stop>>,
    meddler: Option<Meddler>,
    is_dead: bool,
}

/// An HTTP client whose calls count; clones share the count.
#[derive(Clone)]
pub(crate) struct Wire {
    connector: Connector,
    state: Arc<Mutex<State>>,
    died: Arc<Notify>,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Wire").finish_non_exhaustive()
    }
}

impl Wire {
    /// A way without incidents.
    pub(crate) fn new(connector: Connector) -> Self {
        let state = State {
            count: 0,
            cut: None,
            stop: None,
            meddler: None,
            is_dead: false,
        };
        Self {
            connector,
            state: Arc::new(Mutex::new(state)),
            died: Arc::default(),
        }
    }

    /// From here on calls count, and at one of them something happens.
    pub(crate) fn arm(&self, cut: Option<Cut>, stop: &Arc<Stop>, meddler: Option<Meddler>) {
        let mut state = self.state();
        state.count = 0;
        state.cut = cut;
        state.stop = Some(Arc::clone(stop));
        state.meddler = meddler;
    }

    /// Returns when the program is killed.
    pub(crate) async fn death(&self) {
        self.died.notified().await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn die(&self) {
        self.state().is_dead = true;
        self.died.notify_one();
    }
}

impl HttpClient for Wire {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut state = self.state();
        if state.is_dead {
            return never();
        }
        state.count += 1;
        let due = state.cut.filter(|cut| cut.at() == state.count);
        match due {
            None => {}
            Some(Cut::Before(_)) => {
                drop(state);
                self.die();
                return never();
            }
            Some(Cut::After(_)) => {
                drop(state);
                let done = HttpConnector::call(&self.connector, request);
                let wire = self.clone();
                return HttpConnectorFuture::new(async move {
                    // The answer is lost with the program.
                    drop(done.await);
                    wire.die();
                    std::future::pending().await
                });
            }
            Some(Cut::Stop(_)) => {
                if let Some(stop) = &state.stop {
                    stop.set();
                }
            }
            Some(Cut::Meddle(_)) => {
                if let Some(meddler) = state.meddler.take() {
                    drop(state);
                    meddler();
                }
            }
        }
        HttpConnector::call(&self.connector, request)
    }
}

fn never() -> HttpConnectorFuture {
    HttpConnectorFuture::new(std::future::pending())
}
