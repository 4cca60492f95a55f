use jiff::Timestamp;

use crate::chaos::{Draw, Outcome};
use crate::ledger::{Fact, Ledger, LedgerWriter};

/// What an operation gets for its one atomic step: the time, a source of ids, and the refusal that
/// chaos wants in its place.
#[derive(Debug)]
pub struct OperationContext<'a> {
    now: Timestamp,
    draw: &'a mut Draw,
    writer: LedgerWriter,
    instead: Option<&'static Outcome>,
    injected_refusal: bool,
}

impl<'a> OperationContext<'a> {
    pub(super) fn new(
        now: Timestamp,
        draw: &'a mut Draw,
        writer: LedgerWriter,
        instead: Option<&'static Outcome>,
    ) -> Self {
        Self { now, draw, writer, instead, injected_refusal: false }
    }

    /// A context without chaos, for tests of domain code.
    pub fn without_chaos(now: Timestamp, draw: &'a mut Draw) -> Self {
        Self::new(now, draw, LedgerWriter::of(Ledger::bounded_to(0)), None)
    }

    /// The time of the step.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// A new id. Should a resource have it already, ask for the next.
    pub fn id<I: From<u64>>(&mut self) -> I {
        I::from(self.draw.bits())
    }

    /// The refusal that was drawn, if one was. An operation MUST ask this only when it knows that it
    /// would succeed now, and then refuse as told: a refusal never stands in for another truth.
    pub fn injected_refusal(&mut self) -> Option<&'static str> {
        self.injected_refusal = self.instead.is_some();
        self.instead.map(|outcome| outcome.name)
    }

    /// Writes what happened into the ledger. It MUST be called in the step in which it happens.
    pub fn record(&self, fact: &Fact<'_>) {
        self.writer.record(self.now, fact);
    }

    /// Writes into the ledger what a helper does in this step.
    pub fn writer(&self) -> &LedgerWriter {
        &self.writer
    }

    pub(super) fn gave_injected_refusal(&self) -> bool {
        self.injected_refusal
    }
}
