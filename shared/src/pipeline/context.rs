use jiff::Timestamp;

use crate::chaos::{Draw, Outcome};
use crate::ledger::{Fact, Ledger, LedgerWriter};

/// What an operation's atomic step may use: the time, new ids, and the refusal that chaos injects
/// instead.
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

    /// A new id. If a resource already has it, ask for the next.
    pub fn id<I: From<u64>>(&mut self) -> I {
        I::from(self.draw.bits())
    }

    /// The injected refusal, if one was drawn. An operation MUST call this only once it is known to
    /// succeed, and MUST then return that refusal: it never replaces a real one.
    pub fn injected_refusal(&mut self) -> Option<&'static str> {
        self.injected_refusal = self.instead.is_some();
        self.instead.map(|outcome| outcome.name)
    }

    /// Writes a fact into the ledger. It MUST be called in the step in which it happens.
    pub fn record(&self, fact: &Fact<'_>) {
        self.writer.record(self.now, fact);
    }

    /// The ledger's writer, for helpers that act in this step.
    pub fn writer(&self) -> &LedgerWriter {
        &self.writer
    }

    pub(super) fn gave_injected_refusal(&self) -> bool {
        self.injected_refusal
    }
}
