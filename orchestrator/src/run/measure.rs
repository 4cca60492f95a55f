//! What the ledgers, the draws and the ends of the orders add up to.

use std::collections::{BTreeMap, BTreeSet};

use shared::ledger::{Record, Request};

use super::backends::OperationStats;
use super::results::{Compensations, End, Ends, OperationResults, OrderResult, OutcomeShare, Reason};
use super::statistics::{Quantiles, wilson};
use crate::audit::{Fact, Ledgers, Verb};

/// Decision by decision, how the orders ended.
pub(super) fn ends(orders: &[OrderResult]) -> Vec<Ends> {
    let decisions = [
        (Some(Verb::Approve), false),
        (Some(Verb::Approve), true),
        (Some(Verb::Reject), false),
        (Some(Verb::Cancel), false),
        (None, false),
    ];
    let rows = decisions.into_iter().map(|(decision, late_cancel)| {
        let ends = BTreeMap::new();
        let mut row = Ends { decision, late_cancel, orders: 0, accepted: 0, late_cancels_accepted: 0, ends };
        let is_like = |order: &&OrderResult| {
            (order.decision, order.late_cancel_accepted.is_some()) == (decision, late_cancel)
        };
        for order in orders.iter().filter(is_like) {
            row.orders += 1;
            row.accepted += u64::from(order.accepted);
            row.late_cancels_accepted += u64::from(order.late_cancel_accepted == Some(true));
            *row.ends.entry(order.end).or_default() += 1;
        }
        row
    });
    rows.filter(|row| row.orders > 0).collect()
}

/// Why orders failed or did not end, most frequent first.
pub(super) fn reasons(orders: &[OrderResult]) -> Vec<Reason> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for order in orders.iter().filter(|order| matches!(order.end, End::Failed | End::NotEnded)) {
        *counts.entry(order.reason.as_deref().unwrap_or("no reason given")).or_default() += 1;
    }
    let mut reasons: Vec<_> =
        counts.into_iter().map(|(reason, orders)| Reason { reason: reason.to_owned(), orders }).collect();
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.orders));
    reasons
}

/// How long the orders took that ended.
pub(super) fn order_latency(orders: &[OrderResult]) -> Option<Quantiles> {
    Quantiles::of(orders.iter().filter_map(|order| order.took_ms).collect())
}

/// How many orders did not end, or ended in a way that needs a person.
pub(super) fn troubled(orders: &[OrderResult]) -> u64 {
    let troubled = |order: &&OrderResult| order.end == End::NotEnded || order.needs_attention;
    orders.iter().filter(troubled).count() as u64
}

/// What was asked of each operation, and what was drawn for it between two readings of its stats.
pub(super) fn operations(
    ledgers: &Ledgers,
    before: &[OperationStats],
    after: &[OperationStats],
) -> Vec<OperationResults> {
    let mut requests: BTreeMap<&str, Vec<&Request>> = BTreeMap::new();
    for record in ledgers.values().flatten() {
        if let Record::Request(request) = record {
            requests.entry(&request.operation).or_default().push(request);
        }
    }
    let results = after.iter().map(|stats| {
        let before = before.iter().find(|known| known.operation == stats.operation);
        let asked = requests.remove(stats.operation.as_str()).unwrap_or_default();
        operation(&asked, before, stats)
    });
    results.filter(|results| results.requests > 0).collect()
}

fn operation(
    asked: &[&Request],
    before: Option<&OperationStats>,
    after: &OperationStats,
) -> OperationResults {
    let count = |holds: fn(&Request) -> bool| asked.iter().filter(|request| holds(request)).count() as u64;
    let took = asked.iter().filter_map(|request| {
        u64::try_from(request.ended_at?.duration_since(request.started_at).as_millis()).ok()
    });
    OperationResults {
        operation: after.operation.clone(),
        requests: asked.len() as u64,
        retries: retries(asked),
        replays: count(|request| request.replay),
        faults: count(|request| request.outcome.as_deref().is_some_and(|outcome| outcome != "success")),
        latency: Quantiles::of(took.collect()),
        outcomes: outcomes(before, after),
    }
}

/// How many writes asked again for the same with the same body. Reads are asked as often as one likes.
fn retries(asked: &[&Request]) -> u64 {
    let mut intents = BTreeSet::new();
    let writes = asked.iter().filter_map(|request| Some((request, request.fingerprint.as_deref()?)));
    let again = writes.filter(|(request, body)| !intents.insert((request.order.as_deref(), *body)));
    again.count() as u64
}

fn outcomes(before: Option<&OperationStats>, after: &OperationStats) -> Vec<OutcomeShare> {
    let drawn_before = |outcome: &str| {
        let known = before.and_then(|stats| stats.outcomes.iter().find(|row| row.outcome == outcome));
        known.map_or(0, |row| row.drawn)
    };
    let drawn: Vec<_> =
        after.outcomes.iter().map(|row| row.drawn.saturating_sub(drawn_before(&row.outcome))).collect();
    let draws: u64 = drawn.iter().sum();
    let shares = after.outcomes.iter().zip(drawn).map(|(row, drawn)| {
        let (low, high) = wilson(drawn, draws);
        OutcomeShare {
            outcome: row.outcome.clone(),
            configured: row.configured,
            drawn,
            observed: (draws > 0).then(|| drawn as f64 / draws as f64),
            low,
            high,
        }
    });
    shares.collect()
}

/// What was undone because the client asked for it.
pub(super) fn compensations(ledgers: &Ledgers) -> Vec<Compensations> {
    let mut counts = BTreeMap::new();
    for (&domain, records) in ledgers {
        for record in records {
            if let Record::Effect(effect) = record
                && Fact::new(domain, effect).is_undo()
            {
                *counts.entry((domain, effect.effect.as_str())).or_default() += 1;
            }
        }
    }
    let row = |((domain, effect), count): ((_, &str), _)| Compensations {
        domain,
        effect: effect.to_owned(),
        count,
    };
    counts.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::records::tests::ledgers;
    use serde_json::json;

    fn stats(success: u64, timeout: u64) -> Vec<OperationStats> {
        let json = json!([{"operation": "payment.capture", "outcomes": [
            {"outcome": "success", "configured": 0.7, "drawn": success},
            {"outcome": "timeout", "configured": 0.3, "drawn": timeout}]}]);
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn the_same_asked_again_is_a_retry_whatever_its_key_and_a_read_is_none() {
        let asked = [
            json!({"outcome": "timeout", "status": 408, "idempotencyKey": "1"}),
            json!({"idempotencyKey": "2"}),
            json!({"replay": true, "attempt": null, "outcome": null, "idempotencyKey": "2"}),
            json!({"fingerprint": "b"}),
            json!({"order": "ORD-2"}),
            json!({"fingerprint": null, "resource": "auth_1"}),
            json!({"fingerprint": null, "resource": "auth_1"}),
        ];
        let measured = operations(&ledgers(&asked), &[], &stats(0, 0));
        let [OperationResults { requests, retries, replays, faults, latency, .. }] = &measured[..] else {
            panic!("{measured:?}")
        };
        assert_eq!((*requests, *retries, *replays, *faults), (7, 2, 1, 1));
        assert_eq!(latency.unwrap().p50, 250);
    }

    #[test]
    fn only_what_was_drawn_meanwhile_counts() {
        let measured = operations(&ledgers(&[json!({})]), &stats(100, 0), &stats(107, 3));
        let shares: Vec<_> = measured[0]
            .outcomes
            .iter()
            .map(|share| (share.drawn, share.observed, share.configured))
            .collect();
        assert_eq!(shares, [(7, Some(0.7), 0.7), (3, Some(0.3), 0.3)]);
        let undrawn = operations(&ledgers(&[json!({})]), &stats(5, 5), &stats(5, 5));
        assert_eq!(undrawn[0].outcomes[0].observed, None);
    }
}
