//! The ledger: the requests to a domain and what really happened there, per order.
//!
//! Every domain keeps one. An audit joins them, and can thus tell whether a flow, in whatever
//! language, left money, stock or labels in a wrong state.
//!
//! Requests are written by [`pipeline`](crate::pipeline), on arrival and again when they end. Effects are
//! written by the domains through a [`LedgerWriter`], in the atomic step in which they happen; expiries
//! are written by the stores.

mod domain_store;
mod fact;
mod line;
mod lines;
mod orders;
mod record;
mod state;
mod text;
mod writer;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use smol_str::SmolStr;

pub use domain_store::DomainStore;
pub use fact::{Fact, Lifecycle};
pub use record::{Effect, Record, Request};
pub use state::Selection;
pub use writer::LedgerWriter;

pub(crate) use line::Sent;
pub(crate) use state::{Arrival, LedgerState};

/// How many records a ledger keeps by default.
pub const CAPACITY: usize = 1_000_000;

/// One domain's ledger. Cheap to clone; all clones are the same ledger.
///
/// It is bounded: beyond its capacity settled orders are evicted, oldest first. An order with something
/// live, or with a request executing, is evicted only when no other is left.
#[derive(Clone, Debug)]
pub struct Ledger(Arc<Mutex<LedgerState>>);

/// Numbers the records of one ledger, or of several, whose records it puts into one order.
#[derive(Clone, Debug, Default)]
pub struct Sequence(Arc<AtomicU64>);

impl Sequence {
    fn next(&self) -> u64 {
        self.0.fetch_add(1, Relaxed) + 1
    }
}

impl Ledger {
    /// An empty ledger for about `capacity` records, with its own numbering.
    pub fn bounded_to(capacity: usize) -> Self {
        Self::numbered_by(Sequence::default(), capacity)
    }

    /// An empty ledger for about `capacity` records, numbered by `sequence`.
    pub fn numbered_by(sequence: Sequence, capacity: usize) -> Self {
        Self(Arc::new(Mutex::new(LedgerState::new(sequence, capacity))))
    }

    /// Records an effect that no request caused, such as an expiry at `at`, on a resource of `order`.
    pub fn record_by_clock(&self, at: Timestamp, order: Option<&str>, fact: &Fact<'_>) {
        self.state().clock(at, order, fact);
    }

    /// The records of a page, in order, and the position of the next page.
    pub fn page(&self, selection: &Selection<'_>) -> (Vec<Record>, Option<u64>) {
        self.state().page(selection)
    }

    /// How many orders were evicted to make room: an audit can judge neither them nor, correctly, what other
    /// ledgers still have of them.
    pub fn evicted_orders(&self) -> u64 {
        self.state().evicted_orders()
    }

    /// Every record, in order.
    pub fn records(&self) -> Vec<Record> {
        self.page(&Selection::default()).0
    }

    /// Clears everything but the numbering, so that no request in flight meets another's record.
    pub fn clear(&self) {
        self.state().clear();
    }

    /// The ticket of the request with the number `seq`, which belongs to `order`.
    pub(crate) fn ticket(&self, seq: u64, order: Option<SmolStr>) -> Ticket {
        Ticket { writer: LedgerWriter { ledger: self.clone(), order, request: Some(seq) }, is_open: true }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, LedgerState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request whose record is open. Dropping it records that the client disconnected.
#[derive(Debug)]
pub(crate) struct Ticket {
    writer: LedgerWriter,
    is_open: bool,
}

impl Ticket {
    pub(crate) fn writer(&self) -> &LedgerWriter {
        &self.writer
    }

    /// Whether the request has not ended yet.
    pub(crate) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Records how the request ended.
    pub(crate) fn finish(&mut self, sent: &Sent, now: Timestamp) {
        if std::mem::replace(&mut self.is_open, false) {
            self.writer.edit(|state, seq| state.finish(seq, sent, now));
        }
    }

    /// Records that the client disconnected before it got its answer.
    pub(crate) fn abandon(&mut self, now: Timestamp) {
        self.finish(&Sent { is_abandoned: true, ..Sent::default() }, now);
    }
}
