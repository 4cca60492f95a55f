use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::Serialize;
use utoipa::ToSchema;

use super::{PlannedOperation, faults};

/// The requests to one operation and what was drawn for them. Plain counters, read while they change.
#[derive(Debug)]
pub(super) struct Counters {
    requests: AtomicU64,
    replays: AtomicU64,
    scripted: AtomicU64,
    overridden: AtomicU64,
    drawn: Vec<AtomicU64>,
}

impl Counters {
    pub(super) fn for_rows(rows: usize) -> Self {
        Self {
            requests: AtomicU64::new(0),
            replays: AtomicU64::new(0),
            scripted: AtomicU64::new(0),
            overridden: AtomicU64::new(0),
            drawn: (0..rows).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    pub(super) fn request(&self) {
        self.requests.fetch_add(1, Relaxed);
    }

    pub(super) fn replay(&self) {
        self.replays.fetch_add(1, Relaxed);
    }

    pub(super) fn drew(&self, row: usize) {
        self.drawn[row].fetch_add(1, Relaxed);
    }

    pub(super) fn scripted(&self) {
        self.scripted.fetch_add(1, Relaxed);
    }

    pub(super) fn overridden(&self) {
        self.overridden.fetch_add(1, Relaxed);
    }

    pub(super) fn clear(&self) {
        let single = [&self.requests, &self.replays, &self.scripted, &self.overridden];
        single.into_iter().chain(&self.drawn).for_each(|counter| counter.store(0, Relaxed));
    }

    pub(super) fn report(&self, planned: &PlannedOperation) -> OperationStats {
        let shares = planned.table.shares();
        let drawn: Vec<u64> = self.drawn.iter().map(|counter| counter.load(Relaxed)).collect();
        let draws: u64 = drawn.iter().sum();
        let outcomes = shares.iter().zip(&drawn).map(|(share, drawn)| OutcomeStats {
            outcome: share.outcome.name,
            configured: share.fraction(),
            observed: if draws == 0 { 0.0 } else { *drawn as f64 / draws as f64 },
            drawn: *drawn,
        });
        let successes =
            shares.iter().zip(&drawn).filter(|(share, _)| share.outcome.name == faults::SUCCESS.name);
        OperationStats {
            operation: planned.operation.name,
            requests: self.requests.load(Relaxed),
            replays: self.replays.load(Relaxed),
            draws,
            scripted: self.scripted.load(Relaxed),
            injected: draws - successes.map(|(_, drawn)| drawn).sum::<u64>(),
            overridden: self.overridden.load(Relaxed),
            outcomes: outcomes.collect(),
        }
    }
}

/// The requests to one operation and what was drawn for them, since the start or the last reset.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OperationStats {
    /// Such as `payment.authorize`.
    #[schema(example = "payment.authorize")]
    pub operation: &'static str,
    /// Well-formed requests, including replays and refused keys.
    pub requests: u64,
    /// Requests answered from the stored answer of their `Idempotency-Key`.
    pub replays: u64,
    /// Outcomes drawn from the table.
    pub draws: u64,
    /// Outcomes fixed by `CHAOS_SCRIPT`.
    pub scripted: u64,
    /// Draws other than `success`.
    pub injected: u64,
    /// Outcomes that gave way to the real answer, because the operation would not have succeeded.
    pub overridden: u64,
    /// Each outcome of the table.
    pub outcomes: Vec<OutcomeStats>,
}

/// How often an outcome should be drawn, and how often it was.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OutcomeStats {
    /// Such as `insufficient_funds`.
    #[schema(example = "insufficient_funds")]
    pub outcome: &'static str,
    /// The configured share, from 0 to 1.
    pub configured: f64,
    /// The share of all draws, from 0 to 1.
    pub observed: f64,
    /// How often it was drawn.
    pub drawn: u64,
}
