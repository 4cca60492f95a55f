mod call;
mod correlated;
mod fact;
mod resources;
mod told;

use std::collections::HashMap;

use foldhash::fast::RandomState;
use jiff::Timestamp;
use shared::ledger::Record;

use super::{Decision, Ledgers};

pub(in crate::audit) use call::Question;
pub use call::{Call, Ending, Operation};
use correlated::Correlated;
pub use correlated::attribute;
pub use fact::{Change, Fact};
pub use resources::{Hold, Label, Reservation, Resources};

/// Everything known about one order, from the ledgers of all domains.
#[derive(Clone, Debug)]
pub struct Order<'a> {
    /// Its id, or the correlation id that stands for it.
    pub id: &'a str,
    /// The requests, in time order.
    pub calls: Vec<Call<'a>>,
    /// The effects, in time order.
    pub facts: Vec<Fact<'a>>,
    /// What it left behind.
    pub resources: Resources<'a>,
    /// What its orchestrator said about it.
    pub decision: Option<&'a Decision>,
    /// When its client was restarted.
    pub restarts: &'a [Timestamp],
    /// Whether all domains number their records in one sequence.
    pub one_sequence: bool,
}

/// The orders in `ledgers`, plus those with these `ids`, by id, each with its records in time order;
/// and how many records belong to none.
pub(super) fn orders_of<'a>(
    ledgers: &'a Ledgers,
    ids: impl Iterator<Item = &'a str>,
) -> (Vec<Order<'a>>, usize) {
    let mut orders = Orders::default();
    let mut unattributed = 0;
    for id in ids {
        orders.of(id);
    }
    let correlated = Correlated::of(ledgers, |id| orders.by_id.contains_key(id));
    for (&domain, records) in ledgers {
        for record in records {
            let Some(id) = record.order() else {
                unattributed += 1;
                continue;
            };
            let id = correlated.order(id);
            match record {
                Record::Request(request) => orders.of(id).calls.push(Call::new(domain, request)),
                Record::Effect(effect) => orders.of(id).facts.push(Fact::new(domain, effect)),
            }
        }
    }
    let Orders { mut orders, .. } = orders;
    orders.sort_unstable_by_key(|order| order.id);
    for order in &mut orders {
        order.calls.sort_unstable_by_key(|call| (call.request.started_at, call.request.seq, call.domain));
        order.facts.sort_unstable_by_key(|fact| (fact.effect.at, fact.effect.seq, fact.domain));
        order.resources = Resources::after(&order.facts);
    }
    (orders, unattributed)
}

/// Orders, found by their id.
#[derive(Default)]
struct Orders<'a> {
    orders: Vec<Order<'a>>,
    by_id: HashMap<&'a str, usize, RandomState>,
}

impl<'a> Orders<'a> {
    fn of(&mut self, id: &'a str) -> &mut Order<'a> {
        let index = *self.by_id.entry(id).or_insert_with(|| {
            self.orders.push(Order::new(id));
            self.orders.len() - 1
        });
        &mut self.orders[index]
    }
}

impl<'a> Order<'a> {
    /// An order about which nothing is known.
    pub(super) fn new(id: &'a str) -> Self {
        Self {
            id,
            calls: Vec::new(),
            facts: Vec::new(),
            resources: Resources::default(),
            decision: None,
            restarts: &[],
            one_sequence: false,
        }
    }

    /// The labels that were generated and not cancelled.
    pub fn live_labels(&self) -> impl Iterator<Item = &Label<'a>> {
        self.resources.labels.iter().filter(|label| label.is_live())
    }

    /// Whether it has a live label.
    pub fn is_shipped(&self) -> bool {
        self.live_labels().next().is_some()
    }

    /// Whether a request is executing now: then it is too early to judge.
    pub fn is_executing(&self) -> bool {
        self.calls.iter().any(|call| call.ending == Ending::Executing)
    }

    /// The time of its first record.
    pub fn began(&self) -> Option<Timestamp> {
        let call = self.calls.first().map(|call| call.request.started_at);
        let fact = self.facts.first().map(Fact::at);
        call.into_iter().chain(fact).min()
    }

    /// The time of its last activity.
    pub fn last_heard(&self) -> Option<Timestamp> {
        let calls = self.calls.iter().map(|call| call.request.ended_at.unwrap_or(call.request.started_at));
        calls.chain(self.facts.last().map(Fact::at)).max()
    }

    /// Whether the client could know that this resource had expired: a request was refused for that
    /// reason, or it read the resource afterwards.
    pub fn was_told_of_expiry(&self, expired: &Fact<'_>) -> bool {
        self.calls.iter().any(|call| {
            let refused = call.ending == Ending::Rejected
                && matches!(
                    call.request.error.as_deref(),
                    Some("authorization_expired" | "reservation_expired")
                );
            let read = call.operation == Operation::Status(expired.domain)
                && call.ending == Ending::Done
                && call.request.started_at >= expired.at();
            call.names(Some(&expired.effect.resource)) && (refused || read)
        })
    }

    /// Whether `repeat` is the first request under its key since the client was restarted, so that
    /// the client may not know what `earlier` was answered.
    pub fn is_first_since_restart(&self, earlier: &Call<'_>, repeat: &Call<'_>) -> bool {
        let first_since = |restart: Timestamp| {
            earlier.request.started_at <= restart
                && restart <= repeat.request.started_at
                && !self.calls.iter().any(|call| {
                    call.has_key_of(repeat)
                        && call.request.seq < repeat.request.seq
                        && call.request.seq > earlier.request.seq
                        && call.request.started_at >= restart
                })
        };
        repeat.has_key_of(earlier) && self.restarts.iter().any(|restart| first_since(*restart))
    }
}

#[cfg(test)]
mod tests {
    use super::orders_of;
    use crate::audit::story::Story;

    /// Whether the last request of `story` is the first since a restart that repeats the first one.
    fn is_first(story: &str) -> bool {
        let story = Story::told(story);
        let (mut orders, _) = orders_of(&story.ledgers, std::iter::empty());
        let order = &mut orders[0];
        order.restarts = &story.restarts;
        order.is_first_since_restart(order.calls.first().unwrap(), order.calls.last().unwrap())
    }

    #[test]
    fn the_first_repeat_since_a_restart_is_told_from_others() {
        const FIRST: &str = "5s payment.authorize -> lost\n";
        for (restarted, then, expected) in [
            ("6s restart", "7s payment.authorize -> lost", true),
            ("5s restart", "7s payment.authorize -> lost", true),
            ("7s restart", "7s payment.authorize -> lost", true),
            ("", "7s payment.authorize -> lost", false),
            ("4s restart", "7s payment.authorize -> lost", false),
            ("8s restart", "7s payment.authorize -> lost", false),
            ("6s restart", "7s payment.authorize key=other -> lost", false),
            ("6s restart", "7s payment.authorize -> lost\n8s payment.authorize -> lost", false),
            ("6s restart", "6s payment.authorize -> lost\n8s payment.authorize -> lost", false),
            ("6s restart", "7s payment.capture auth_1 -> lost\n8s payment.authorize -> lost", true),
            ("7s restart", "6s payment.authorize -> lost\n8s payment.authorize -> lost", true),
            ("6s restart\n8s restart", "7s payment.authorize -> lost\n9s payment.authorize -> lost", true),
        ] {
            assert_eq!(is_first(&format!("{FIRST}{restarted}\n{then}")), expected, "{restarted}, {then}");
        }
    }
}
