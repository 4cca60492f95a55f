use jiff::Timestamp;
use rust_decimal::Decimal;
use shared::ledger::Effect;

use crate::audit::Domain;

/// An effect as a rule sees it.
#[derive(Clone, Copy, Debug)]
pub struct Fact<'a> {
    /// Where it happened.
    pub domain: Domain,
    /// What happened.
    pub change: Change,
    /// The record.
    pub effect: &'a Effect,
}

/// What happened to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are the ledger's terms")]
pub enum Change {
    Held,
    Captured,
    Released,
    Refunded,
    Expired,
    Reserved,
    Generated,
    Cancelled,
    Sent,
    /// Anything else, which no rule names.
    Other,
}

impl Change {
    fn named(name: &str) -> Self {
        match name {
            "held" => Self::Held,
            "captured" => Self::Captured,
            "released" => Self::Released,
            "refunded" => Self::Refunded,
            "expired" => Self::Expired,
            "reserved" => Self::Reserved,
            "generated" => Self::Generated,
            "cancelled" => Self::Cancelled,
            "sent" => Self::Sent,
            _ => Self::Other,
        }
    }
}

impl<'a> Fact<'a> {
    /// The effect, as one in this domain.
    pub fn new(domain: Domain, effect: &'a Effect) -> Self {
        Self { domain, change: Change::named(&effect.effect), effect }
    }

    /// When it happened.
    pub fn at(&self) -> Timestamp {
        self.effect.at
    }

    /// How much money it moved.
    pub fn amount(&self) -> Decimal {
        self.effect.amount.map_or(Decimal::ZERO, |amount| amount.0)
    }

    /// Whether it certainly happened before `other`. Within one millisecond the time does not tell two
    /// domains' records apart; the numbers of one sequence do.
    pub fn precedes(&self, other: &Self, one_sequence: bool) -> bool {
        let comparable = one_sequence || self.domain == other.domain;
        self.at() < other.at()
            || (self.at() == other.at() && comparable && self.effect.seq < other.effect.seq)
    }

    /// Whether it returned money or stock, or voided a label, because of a request.
    pub fn is_undo(&self) -> bool {
        let undone = matches!(self.change, Change::Released | Change::Refunded | Change::Cancelled);
        undone && self.effect.request.is_some()
    }
}
