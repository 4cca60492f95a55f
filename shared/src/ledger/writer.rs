use jiff::Timestamp;
use smol_str::SmolStr;

use super::state::LedgerState;
use super::{Fact, Ledger};

/// Writes the effects of one request. Cheap to clone, for work that outlives the request's step.
#[derive(Clone, Debug)]
pub struct LedgerWriter {
    pub(super) ledger: Ledger,
    pub(super) order: Option<SmolStr>,
    pub(super) request: Option<u64>,
}

impl LedgerWriter {
    /// A writer without a request, whose facts belong to no order. For tests of domain code.
    pub fn of(ledger: Ledger) -> Self {
        Self { ledger, order: None, request: None }
    }

    /// Writes a fact. It MUST be called in the atomic step that makes it true, and only when nothing can
    /// undo that step any more.
    pub fn record(&self, at: Timestamp, fact: &Fact<'_>) {
        self.ledger.state().effect(at, self.order.as_deref(), self.request, fact);
    }

    pub(super) fn edit(&self, change: impl FnOnce(&mut LedgerState, u64)) {
        if let Some(seq) = self.request {
            change(&mut self.ledger.state(), seq);
        }
    }
}
