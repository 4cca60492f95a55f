//! The embedded engine as a host, in virtual time.

use std::cell::RefCell;
use std::future::Future;
use std::sync::Arc;

use orchestrator::activities::{ActivitySettings, Services, register};
use orchestrator::engine::embedded::{Engine, EngineOptions, MemoryJournal, Registry};
use orchestrator::gateways::Transport;
use orchestrator::workflow::WorkflowClient;
use orchestrator::workflows::order_fulfillment::OrderFulfillment;
use shared::time::{Clock, TimeScale};

use crate::saga::in_virtual_time;

/// An engine over a journal that outlives it.
pub(super) struct Host {
    journal: MemoryJournal,
    backends: Arc<dyn Transport>,
    scale: TimeScale,
    engine: RefCell<Engine>,
}

impl Host {
    /// Runs a test where the host's time passes.
    pub(super) fn run<T>(test: impl Future<Output = T>) -> T {
        in_virtual_time(test)
    }

    pub(super) async fn start(_name: &str, backends: Arc<dyn Transport>, scale: TimeScale) -> Self {
        let journal = MemoryJournal::new();
        let engine = RefCell::new(engine(&journal, &backends, scale));
        Self { journal, backends, scale, engine }
    }

    pub(super) fn client(&self) -> Arc<dyn WorkflowClient> {
        Arc::new(self.engine.borrow().clone())
    }

    /// As `kill -9` does it.
    pub(super) async fn crash(&self) {
        self.engine.borrow().kill();
        tokio::task::yield_now().await;
    }

    pub(super) async fn restart(&self) {
        self.engine.replace(engine(&self.journal, &self.backends, self.scale));
    }
}

fn engine(journal: &MemoryJournal, backends: &Arc<dyn Transport>, scale: TimeScale) -> Engine {
    let mut registry = Registry::new(Arc::new(Services::over(Arc::clone(backends))));
    registry.register::<OrderFulfillment>();
    register(&mut registry, &ActivitySettings::default(), scale);
    Engine::start_local(Arc::new(journal.clone()), registry, EngineOptions::new(Clock::system(), 1)).unwrap()
}
