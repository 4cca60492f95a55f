//! The two engines side by side, in one run: sagas of the shape of an order's, whose steps answer at once.
//!
//! `bash .ci/with-temporal cargo bench -p orchestrator --features temporal --bench temporal` prints figures of
//! this machine, which the clients, the workers and the server share; ratios are the part that travels.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program of its own, for people")]

#[path = "engine/saga.rs"]
mod saga;

use std::sync::Arc;
use std::time::Duration;

use orchestrator::engine::embedded::{Engine, EngineOptions, SqliteJournal};
use orchestrator::engine::temporal::{Registry, Settings, Temporal};
use orchestrator::workflow::{Json, WorkflowClient};
use saga::{OrderSaga, Steps, add_steps, drive, order, registry};
use shared::environment::Environment;
use shared::time::Clock;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, sleep};

/// How many sagas are run one after the other, and how many 64 at a time.
struct Counts {
    alone: usize,
    together: usize,
}

const TOGETHER: usize = 64;
/// Of how many signals the effect is waited for.
const SIGNALS: usize = 31;
/// Longer than either engine takes until an order waits for its decision.
const UNTIL_IT_WAITS: Duration = Duration::from_millis(500);

#[tokio::main]
async fn main() {
    on_embedded().await;
    on_temporal().await;
}

async fn on_embedded() {
    let (begun, begins) = unbounded_channel();
    let directory = tempfile::tempdir().unwrap();
    let journal = Arc::new(SqliteJournal::open(directory.path()).unwrap());
    let options = EngineOptions::new(Clock::system(), 7);
    let registry = registry(Steps(Some(begun)));
    let engine = Engine::start_on_thread(journal, registry, options, Handle::current()).unwrap();
    measure("embedded", engine.clone(), begins, &Counts { alone: 500, together: 5_000 }).await;
    engine.shutdown().await;
}

async fn on_temporal() {
    let (begun, begins) = unbounded_channel();
    let settings = Settings::from_environment(&Environment::of_process()).unwrap();
    let temporal = Temporal::connect(settings).await.unwrap();
    let mut registry = Registry::new(Arc::new(Steps(Some(begun))), Clock::system());
    registry.register::<OrderSaga>();
    add_steps(&mut registry);
    let client = temporal.client(&registry);
    let worker = temporal.start_worker(registry).await.unwrap();
    measure("temporal", client, begins, &Counts { alone: 20, together: 600 }).await;
    worker.shutdown().await;
}

async fn measure<C>(engine: &str, client: C, mut begins: UnboundedReceiver<Instant>, counts: &Counts)
where
    C: WorkflowClient + Clone + 'static,
{
    drive(client.clone(), TOGETHER, TOGETHER).await;
    for (concurrency, sagas) in [(1, counts.alone), (TOGETHER, counts.together)] {
        let started = Instant::now();
        drive(client.clone(), sagas, concurrency).await;
        let each = sagas as f64 / started.elapsed().as_secs_f64();
        println!("{engine}: sagas/s at concurrency {concurrency:>2}:   {each:>8.1}");
    }
    while begins.try_recv().is_ok() {}
    let mut waits = Vec::new();
    for number in 0..SIGNALS {
        waits.push(from_signal_to_effect(&client, number, &mut begins).await);
    }
    waits.sort_unstable();
    let [median, longest] = [waits[SIGNALS / 2], waits[SIGNALS - 1]].map(|wait| wait.as_secs_f64() * 1e3);
    println!("{engine}: ms from signal to effect:  {median:>8.1}  (longest {longest:.1})");
}

/// From sending the decision until the attempt of the next step begins.
async fn from_signal_to_effect<C: WorkflowClient>(
    client: &C,
    number: usize,
    begins: &mut UnboundedReceiver<Instant>,
) -> Duration {
    let order = order(number);
    let id = order.workflow_id.clone();
    client.start(order).await.unwrap();
    sleep(UNTIL_IT_WAITS).await;
    let sent = Instant::now();
    client.signal(&id, "approve", Json::null()).await.unwrap();
    let begun = begins.recv().await.unwrap();
    client.result(&id, Duration::from_secs(60)).await.unwrap();
    begun - sent
}
