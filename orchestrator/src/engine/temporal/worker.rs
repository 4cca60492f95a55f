//! The worker: a thread with its own runtime, because the SDK's futures cannot move between threads.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use temporalio_client::Client;
use temporalio_sdk::runtime::RuntimeOptions;
use temporalio_sdk::runtime::worker_tuner::{FixedSizeSlotSupplier, TunerHolder};
use temporalio_sdk::{Runtime, Worker as SdkWorker, WorkerOptions};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::Settings;
use super::attempt_host::CANCEL_LATENCY;
use super::connect::{ConnectError, connect};
use super::registry::Workload;
use super::scheduling::compensations;
use crate::workflow::{ActivityOptions, race};

/// How long attempts may continue after the worker was told to stop.
const GRACE: Duration = Duration::from_secs(5);
/// How long the SDK may then take to report the attempts that ended.
const FAREWELL: Duration = Duration::from_secs(1);
/// How many idle runs stay in memory; others are rebuilt from their histories.
const RESIDENT_RUNS: usize = 2_000;
const WORKFLOW_TASKS: usize = 100;
/// How long a task waits for the worker that knows the run, before any other may take it. It must be
/// shorter than a client's timeout, so that a worker's death is not a client's failure.
const STICKY_TIMEOUT: Duration = Duration::from_secs(5);
const THREADS: usize = 2;

/// A worker that serves the task queues of [`Settings`]. Dropped, it stops as if its process had been
/// killed.
#[derive(Debug)]
pub struct Worker {
    stop: CancellationToken,
    kill: CancellationToken,
    ended: CancellationToken,
}

impl Worker {
    pub(super) async fn start(settings: Settings, workload: Workload) -> Result<Self, ConnectError> {
        let [stop, kill, ended] = [(); 3].map(|()| CancellationToken::new());
        let (ready, is_ready) = oneshot::channel();
        let end = ended.clone();
        let life = Life { stop: stop.clone(), kill: kill.clone(), ready };
        let failed = |error: &dyn std::fmt::Display| ConnectError::Worker(error.to_string());
        let runtime = Builder::new_multi_thread().worker_threads(THREADS).enable_all().build();
        let runtime = runtime.map_err(|error| failed(&error))?;
        let thread = std::thread::Builder::new().name("temporal-worker".to_owned());
        let run = move || {
            let _end = end.drop_guard();
            runtime.block_on(life.run(&settings, workload));
            runtime.shutdown_background();
        };
        thread.spawn(run).map_err(|error| failed(&error))?;
        let ready = is_ready.await.unwrap_or_else(|_| Err(failed(&"its thread ended")));
        ready.map(|()| Self { stop, kill, ended })
    }

    /// Waits until the worker has ended. If it was not told to, the log says why.
    pub async fn ended(&self) {
        self.ended.cancelled().await;
    }

    /// Accepts no more work, gives attempts in flight five seconds, and ends. Those that still run then are
    /// dropped as by [`kill`](Self::kill): they are made again once the server's timeouts have passed.
    pub async fn shutdown(self) {
        self.stop.cancel();
        self.ended().await;
    }

    /// Ends as a killed process would: attempts are dropped, and nothing is reported.
    pub async fn kill(self) {
        self.kill.cancel();
        self.ended().await;
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill.cancel();
    }
}

/// The channels of a worker's thread: its signals to stop, and the report that it is ready.
struct Life {
    stop: CancellationToken,
    kill: CancellationToken,
    ready: oneshot::Sender<Result<(), ConnectError>>,
}

impl Life {
    async fn run(self, settings: &Settings, workload: Workload) {
        let Self { stop, kill, ready } = self;
        let expired = async {
            stop.cancelled().await;
            sleep(GRACE + FAREWELL).await;
        };
        let work = async {
            match connect(settings).await.and_then(|client| Pair::new(&client, settings, workload)) {
                Ok(pair) => {
                    drop(ready.send(Ok(())));
                    pair.run(&stop).await;
                }
                Err(error) => drop(ready.send(Err(error))),
            }
        };
        race(race(kill.cancelled(), expired), work).await;
    }
}

/// The worker of workflows and forward activities, and that of undos, if there are any.
struct Pair {
    forward: SdkWorker,
    compensations: Option<SdkWorker>,
}

impl Pair {
    fn new(client: &Client, settings: &Settings, workload: Workload) -> Result<Self, ConnectError> {
        let failed = |error: &dyn std::fmt::Display| ConnectError::Worker(error.to_string());
        let runtime = Runtime::from_current_tokio(RuntimeOptions::default()).map_err(|e| failed(&e))?;
        let worker = |options| SdkWorker::new(&runtime, client.clone(), options).map_err(|e| failed(&e));
        let mut forward = options(&settings.task_queue, &workload.forward);
        for register in &workload.workflows {
            register(&mut forward, Arc::clone(&workload.options)).map_err(|error| failed(&error))?;
        }
        let has_undos = !workload.compensations.is_empty();
        let mut undos = options(&compensations(&settings.task_queue), &workload.compensations);
        workload.forward.into_iter().for_each(|(_, register)| register(&mut forward));
        workload.compensations.into_iter().for_each(|(_, register)| register(&mut undos));
        // The SDK refuses a worker that has nothing to do.
        let compensations = has_undos.then(|| worker(undos)).transpose()?;
        Ok(Self { forward: worker(forward)?, compensations })
    }

    async fn run(self, stop: &CancellationToken) {
        let undos = async {
            if let Some(worker) = self.compensations {
                run("compensations", worker, stop).await;
            }
        };
        join(run("forward", self.forward, stop), undos).await;
    }
}

/// Runs a worker until it is told to stop, or ends and has the others stop.
async fn run(name: &str, mut worker: SdkWorker, stop: &CancellationToken) {
    let shut_down = worker.shutdown_handle();
    let stopping = async {
        stop.cancelled().await;
        shut_down();
    };
    let working = async {
        if let Err(error) = worker.run().await {
            tracing::error!(worker = name, "the worker ended: {error}");
        }
        stop.cancel();
    };
    join(stopping, working).await;
}

/// A worker for these activities, of which each has the slots that its options ask for.
fn options<T>(task_queue: &str, activities: &[(ActivityOptions, T)]) -> WorkerOptions {
    let slots = |options: &ActivityOptions| options.concurrency.max(1);
    let wanted = activities.iter().map(|(options, _)| slots(options));
    let pool = activities.first().is_some_and(|(options, _)| options.compensation);
    let slots = if pool { wanted.max().unwrap_or(1) } else { wanted.sum::<usize>().max(1) };
    let tuner = TunerHolder::builder()
        .workflow_task_slot_supplier(FixedSizeSlotSupplier::new(WORKFLOW_TASKS))
        .activity_task_slot_supplier(FixedSizeSlotSupplier::new(slots))
        .local_activity_task_slot_supplier(FixedSizeSlotSupplier::new(1))
        .nexus_task_slot_supplier(FixedSizeSlotSupplier::new(1))
        .build();
    WorkerOptions::new(task_queue)
        .max_cached_workflows(RESIDENT_RUNS)
        .tuner(tuner)
        .max_heartbeat_throttle_interval(CANCEL_LATENCY)
        .default_heartbeat_throttle_interval(CANCEL_LATENCY)
        .graceful_shutdown_period(GRACE)
        .sticky_queue_schedule_to_start_timeout(STICKY_TIMEOUT)
        .build()
}
