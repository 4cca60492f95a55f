use std::sync::Arc;

use jiff::Timestamp;

use super::book::Book;
use super::{Fact, Ledger};

/// Writes what one request does. Cheap to clone, for what outlives the request's step.
#[derive(Clone, Debug)]
pub struct Scribe {
    pub(super) ledger: Ledger,
    pub(super) order: Option<Arc<str>>,
    pub(super) request: Option<u64>,
}

impl Scribe {
    /// A scribe of no request, whose facts belong to no order. For tests of domain code.
    pub fn of(ledger: Ledger) -> Self {
        Self { ledger, order: None, request: None }
    }

    /// Writes a fact. It MUST be called in the atomic step that makes it one, and only when nothing
    /// can undo that step any more.
    pub fn happened(&self, at: Timestamp, fact: &Fact<'_>) {
        self.ledger.book().effect(at, self.order.as_ref(), self.request, fact);
    }

    pub(super) fn edit(&self, change: impl FnOnce(&mut Book, u64)) {
        if let Some(seq) = self.request {
            change(&mut self.ledger.book(), seq);
        }
    }
}
