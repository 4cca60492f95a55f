//! Runs that wait for a signal or a timer: what they cost, and how soon they are served again.

use std::sync::Arc;
use std::time::Duration;

use orchestrator::engine::embedded::{Engine, Journal};
use orchestrator::workflow::{Filter, Json, WorkflowClient};
use tempfile::tempdir;
use tokio::runtime::{Builder, Handle};

use super::saga::{Steps, order, registry};
use super::{open, options, wall};

const PARKED: usize = 100_000;
const RESTARTED: usize = 20_000;

pub(crate) fn measure() {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    runtime.block_on(async {
        for parked in [RESTARTED, PARKED] {
            let directory = tempdir().unwrap();
            let engine = start(open(directory.path()));
            let last = park(&engine, parked).await;
            println!("{parked} parked runs: {} MB of the whole process", resident_mb());
            engine.shutdown().await;
            let started = wall();
            let engine = start(open(directory.path()));
            let filter = Filter { limit: 1000, ..Filter::default() };
            let page = engine.list(&filter).await.unwrap();
            engine.signal(&last, "approve", Json::null()).await.unwrap();
            let first = started.elapsed();
            assert_eq!(page.runs.len(), 1000);
            engine.result(&last, Duration::from_secs(60)).await.unwrap().unwrap();
            println!(
                "  served again {first:.0?} after the start (a list and a signal), one ended after {:.0?}, {} MB",
                started.elapsed(),
                resident_mb()
            );
            engine.shutdown().await;
        }
    });
}

fn start(journal: Arc<dyn Journal>) -> Engine {
    Engine::start_on_thread(journal, registry(Steps(None)), options(), Handle::current()).unwrap()
}

/// Starts orders and approves none; gives the id of the last.
async fn park(engine: &Engine, runs: usize) -> String {
    let mut last = String::new();
    let mut starts = tokio::task::JoinSet::new();
    for number in 0..runs {
        let (engine, order) = (engine.clone(), order(number));
        last.clone_from(&order.workflow_id);
        starts.spawn(async move { engine.start(order).await.unwrap() });
        if starts.len() >= 1_000 {
            starts.join_next().await.unwrap().unwrap();
        }
    }
    starts.join_all().await;
    // Until the first activity of each is over.
    loop {
        let described = engine.describe(&last).await.unwrap();
        if described.activities.iter().all(|activity| activity.ended_at.is_some()) {
            return last;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}
