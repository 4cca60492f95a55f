//! What the embedded engine does in a second, and what waiting runs cost.
//!
//! `cargo bench -p orchestrator --bench engine [-- throughput | latency | simulation | parked]`
//! prints figures of one run on this machine; ratios are the part that travels.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program of its own, for people")]

mod parked;
mod recording;
mod saga;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mimalloc::MiMalloc;
use orchestrator::engine::embedded::{Engine, EngineOptions, Journal, MemoryJournal, SqliteJournal};
use recording::{Recording, write_bare};
use saga::{Steps, drive, registry};
use shared::time::Clock;
use tempfile::tempdir;
use tokio::runtime::{Builder, Handle};
use tokio::time::Instant;

/// As in the binary.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const SAGAS: usize = 20_000;
const CONCURRENCY: usize = 128;

fn main() {
    let wanted = std::env::args().nth(1).filter(|argument| !argument.starts_with('-'));
    let wants = |name: &str| wanted.as_deref().is_none_or(|wanted| wanted == name);
    if wants("throughput") {
        throughput();
    }
    if wants("latency") {
        latency();
    }
    if wants("simulation") {
        simulation();
    }
    if wants("parked") {
        parked::measure();
    }
}

/// Durable sagas at once, against a bare writer of the same rows.
fn throughput() {
    let recording = Arc::new(Recording::over(MemoryJournal::new()));
    through_engine(Arc::clone(&recording) as Arc<dyn Journal>, SAGAS, CONCURRENCY);
    let directory = tempdir().unwrap();
    let engine = through_engine(open(directory.path()), SAGAS, CONCURRENCY);
    let directory = tempdir().unwrap();
    let recorded = recording.take();
    let runs = recorded.runs();
    let bare = write_bare(&*open(directory.path()), recorded, CONCURRENCY, 1);
    let (engine, bare) = (SAGAS as f64 / engine.as_secs_f64(), runs as f64 / bare.as_secs_f64());
    println!("durable sagas/s at concurrency {CONCURRENCY}: {engine:.0}");
    println!("bare writer of the same rows:        {bare:.0}  (engine/bare {:.2})", engine / bare);
}

/// One durable saga after the other, against a bare writer of the same rows, one after the other.
fn latency() {
    let sagas = 1_000;
    let recording = Arc::new(Recording::over(MemoryJournal::new()));
    through_engine(Arc::clone(&recording) as Arc<dyn Journal>, sagas, 1);
    let directory = tempdir().unwrap();
    let engine = through_engine(open(directory.path()), sagas, 1);
    let directory = tempdir().unwrap();
    let recorded = recording.take();
    let runs = recorded.runs();
    let bare = write_bare(&*open(directory.path()), recorded, 1, 0);
    let millis = |took: Duration, sagas: usize| took.as_secs_f64() * 1e3 / sagas as f64;
    println!("one durable saga alone, start to end: {:.2} ms", millis(engine, sagas));
    println!("bare writer of the same rows:         {:.2} ms", millis(bare, runs));
}

/// Sagas in virtual time, in memory, on one core.
fn simulation() {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let wall = wall();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let options = EngineOptions { retention: None, ..options() };
        let engine =
            Engine::start_local(Arc::new(MemoryJournal::new()), registry(Steps(None)), options).unwrap();
        drive(engine, SAGAS, CONCURRENCY).await;
    });
    let took = wall.elapsed();
    let steps = SAGAS as f64 * 8.0;
    println!(
        "sagas/s in virtual time, one core:    {:.0}  ({:.1} us a step)",
        SAGAS as f64 / took.as_secs_f64(),
        took.as_secs_f64() * 1e6 / steps
    );
}

fn through_engine(journal: Arc<dyn Journal>, sagas: usize, concurrency: usize) -> Duration {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    runtime.block_on(async {
        let engine =
            Engine::start_on_thread(journal, registry(Steps(None)), options(), Handle::current()).unwrap();
        drive(engine.clone(), 200.min(sagas), concurrency).await;
        let started = Instant::now();
        drive(engine.clone(), sagas, concurrency).await;
        let took = started.elapsed();
        engine.shutdown().await;
        took
    })
}

fn options() -> EngineOptions {
    EngineOptions::new(Clock::system(), 7)
}

fn open(directory: &Path) -> Arc<dyn Journal> {
    Arc::new(SqliteJournal::open(directory).unwrap())
}

#[expect(clippy::disallowed_methods, reason = "virtual time does not say how long a simulation takes")]
fn wall() -> std::time::Instant {
    std::time::Instant::now()
}
