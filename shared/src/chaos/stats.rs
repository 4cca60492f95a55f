use serde::Serialize;
use utoipa::ToSchema;

use super::{PlannedOperation, faults};

/// The requests to one operation and what was drawn for them.
#[derive(Debug)]
pub(super) struct Counters {
    pub(super) requests: u64,
    pub(super) replays: u64,
    pub(super) scripted: u64,
    pub(super) overridden: u64,
    /// For each row of its table.
    pub(super) drawn: Vec<u64>,
}

impl Counters {
    pub(super) fn for_rows(rows: usize) -> Self {
        Self { requests: 0, replays: 0, scripted: 0, overridden: 0, drawn: vec![0; rows] }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::for_rows(self.drawn.len());
    }

    pub(super) fn report(&self, planned: &PlannedOperation) -> OperationStats {
        let shares = planned.table.shares();
        let draws: u64 = self.drawn.iter().sum();
        let outcomes = shares.iter().zip(&self.drawn).map(|(share, drawn)| OutcomeStats {
            outcome: share.outcome.name,
            configured: share.fraction(),
            observed: if draws == 0 { 0.0 } else { *drawn as f64 / draws as f64 },
            drawn: *drawn,
        });
        let successes =
            shares.iter().zip(&self.drawn).filter(|(share, _)| share.outcome.name == faults::SUCCESS.name);
        OperationStats {
            operation: planned.operation.name,
            requests: self.requests,
            replays: self.replays,
            draws,
            scripted: self.scripted,
            injected: draws - successes.map(|(_, drawn)| drawn).sum::<u64>(),
            overridden: self.overridden,
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
