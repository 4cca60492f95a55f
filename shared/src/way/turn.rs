use jiff::Timestamp;

use crate::chaos::{Draw, Outcome};
use crate::ledger::{Fact, Ledger, Scribe};

/// What an operation gets for its one atomic step: the time, a source of ids, and the refusal that
/// chaos wants in its place.
#[derive(Debug)]
pub struct Turn<'a> {
    now: Timestamp,
    draw: &'a mut Draw,
    scribe: Scribe,
    instead: Option<&'static Outcome>,
    overruled: bool,
}

impl<'a> Turn<'a> {
    pub(super) fn new(
        now: Timestamp,
        draw: &'a mut Draw,
        scribe: Scribe,
        instead: Option<&'static Outcome>,
    ) -> Self {
        Self { now, draw, scribe, instead, overruled: false }
    }

    /// A turn without chaos, for tests of domain code.
    pub fn undisturbed(now: Timestamp, draw: &'a mut Draw) -> Self {
        Self::new(now, draw, Scribe::of(Ledger::bounded_to(0)), None)
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
    pub fn overruled(&mut self) -> Option<&'static str> {
        self.overruled = self.instead.is_some();
        self.instead.map(|outcome| outcome.name)
    }

    /// Writes what happened into the ledger. It MUST be called in the step in which it happens.
    pub fn happened(&self, fact: &Fact<'_>) {
        self.scribe.happened(self.now, fact);
    }

    /// Writes into the ledger what a helper does in this step.
    pub fn scribe(&self) -> &Scribe {
        &self.scribe
    }

    pub(super) fn was_overruled(&self) -> bool {
        self.overruled
    }
}
