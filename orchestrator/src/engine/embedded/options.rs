use std::time::Duration;

use shared::time::Clock;

/// The options of an engine. All durations are the process's own.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// The engine's clock. It is moved forward if the journal has seen a later time.
    pub clock: Clock,
    /// What run ids and the runs' random numbers are derived from, together with the workflow id.
    pub id_seed: u64,
    /// How many idle runs stay in memory; others are rebuilt from the journal when needed.
    pub resident_runs: usize,
    /// How many entries may wait to become durable. Beyond that, starts and signals are refused, and
    /// results of activities wait.
    pub journal_queue: usize,
    /// How many requests of clients may wait for the engine.
    pub request_queue: usize,
    /// How many signals a run may accept.
    pub signals_per_run: usize,
    /// How long a closed run that needs no attention is kept; `None` means forever.
    pub retention: Option<Duration>,
}

impl EngineOptions {
    /// The defaults.
    pub fn new(clock: Clock, id_seed: u64) -> Self {
        Self {
            clock,
            id_seed,
            resident_runs: 10_000,
            journal_queue: 65_536,
            request_queue: 65_536,
            signals_per_run: 1_000,
            retention: Some(Duration::from_secs(7 * 24 * 3600)),
        }
    }
}
