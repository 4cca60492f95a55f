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

#[cfg(test)]
mod tests {
    use crate::audit::order::orders_of;
    use crate::audit::story::Story;

    /// Whether the first effect of `story` precedes the second, and the second the first.
    fn precede(story: &str, one_sequence: bool) -> (bool, bool) {
        let story = Story::told(story);
        let (orders, _) = orders_of(&story.ledgers, std::iter::empty());
        let mut facts = orders[0].facts.clone();
        facts.sort_by_key(|fact| fact.effect.seq);
        let [first, second] = facts[..] else { panic!("two effects") };
        (first.precedes(&second, one_sequence), second.precedes(&first, one_sequence))
    }

    #[test]
    fn time_tells_what_came_first_and_within_a_millisecond_the_numbers_that_compare() {
        let in_time = "1s expired auth_1\n2s expired res_1";
        let against_the_numbers = "2s expired auth_1\n1s expired auth_2";
        let at_once_elsewhere = "1s expired auth_1\n1s expired res_1";
        let at_once = "1s expired auth_1\n1s expired auth_2";
        for one_sequence in [false, true] {
            assert_eq!(precede(in_time, one_sequence), (true, false));
            assert_eq!(precede(against_the_numbers, one_sequence), (false, true));
            assert_eq!(precede(at_once, one_sequence), (true, false));
            assert_eq!(precede(at_once_elsewhere, one_sequence), (one_sequence, false));
        }
    }
}
