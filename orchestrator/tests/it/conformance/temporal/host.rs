//! A worker on a Temporal server as a host, in real time.

use std::cell::RefCell;
use std::future::Future;
use std::process::Command;
use std::sync::Arc;

use orchestrator::activities::{ActivitySettings, Services, register};
use orchestrator::engine::temporal::{Registry, Settings, Temporal, TemporalClient, Worker};
use orchestrator::gateways::Transport;
use orchestrator::workflow::{WorkflowClient, WorkflowDef};
use orchestrator::workflows::order_fulfillment::OrderFulfillment;
use shared::environment::Environment;
use shared::time::{Clock, TimeScale};
use tokio::runtime::Builder;

/// A worker on a task queue of its own.
pub(crate) struct Host {
    temporal: Temporal,
    backends: Arc<dyn Transport>,
    scale: TimeScale,
    client: Arc<TemporalClient>,
    worker: RefCell<Option<Worker>>,
}

impl Host {
    /// Runs a test where the host's time passes.
    pub(crate) fn run<T>(test: impl Future<Output = T>) -> T {
        Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(test)
    }

    pub(crate) async fn start(task_queue: &str, backends: Arc<dyn Transport>, scale: TimeScale) -> Self {
        let temporal =
            Temporal::connect(Settings::new(&address(), "default", task_queue).unwrap()).await.unwrap();
        let client = Arc::new(temporal.client(&registry::<OrderFulfillment>(&backends, scale)));
        let host = Self { temporal, backends, scale, client, worker: RefCell::default() };
        host.restart().await;
        host
    }

    pub(crate) fn client(&self) -> Arc<dyn WorkflowClient> {
        Arc::clone(&self.client) as _
    }

    /// A run's history, as it is kept in a file.
    pub(crate) async fn recorded(&self, workflow_id: &str) -> String {
        self.client.recorded(workflow_id).await.unwrap()
    }

    /// As `kill -9` does it.
    pub(crate) async fn crash(&self) {
        let worker = self.worker.take();
        worker.unwrap().kill().await;
    }

    pub(crate) async fn stop(&self) {
        let worker = self.worker.take();
        worker.unwrap().shutdown().await;
    }

    pub(crate) async fn restart(&self) {
        let registry = registry::<OrderFulfillment>(&self.backends, self.scale);
        let worker = self.temporal.start_worker(registry).await.unwrap();
        self.worker.replace(Some(worker));
    }
}

/// The server to test with.
pub(crate) fn address() -> String {
    let environment = Environment::of_process();
    environment.get("TEMPORAL_ADDRESS").expect("TEMPORAL_ADDRESS names a server to test with").to_owned()
}

/// Sends a signal with Temporal's command line.
pub(super) fn signal(workflow_id: &str, name: &str, input: &str) {
    let arguments = ["workflow", "signal", "--workflow-id", workflow_id, "--name", name, "--input", input];
    let output = Command::new("temporal").args(arguments).args(["--address", &address()]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

pub(super) fn registry<W: WorkflowDef>(
    backends: &Arc<dyn Transport>,
    scale: TimeScale,
) -> Registry<Services> {
    let mut registry = Registry::new(Arc::new(Services::over(Arc::clone(backends))), Clock::system());
    registry.register::<W>();
    register(&mut registry, &ActivitySettings::default(), scale);
    registry
}
