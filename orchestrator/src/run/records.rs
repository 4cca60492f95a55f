//! Which records are of the run's orders.

use std::collections::BTreeSet;

use shared::ledger::Record;
use smol_str::{SmolStr, format_smolstr};

use super::Error;
use super::results::{End, OrderResult};
use crate::audit::{Ledgers, Verb};
use crate::words::counted;

/// The orders that the records name.
fn named(ledgers: &Ledgers) -> impl Iterator<Item = &str> {
    ledgers.values().flatten().filter_map(Record::order)
}

/// What there is to say of records that name neither `planned` orders nor others that were `known` before.
///
/// # Errors
/// When the orders themselves have no records: then there is nothing to judge them by.
pub(super) fn strangers(
    ledgers: &Ledgers,
    planned: &BTreeSet<SmolStr>,
    known: &BTreeSet<SmolStr>,
) -> Result<Option<String>, Error> {
    let mut strange = named(ledgers).filter(|order| !planned.contains(*order) && !known.contains(*order));
    let Some(example) = strange.next() else { return Ok(None) };
    if !named(ledgers).any(|order| planned.contains(order)) {
        return Err(Error::OtherNames { example: example.into() });
    }
    let records = counted(1 + strange.count() as u64, "ledger record");
    Ok(Some(format!("Not judged: {records} of orders that this run did not place, such as {example}.")))
}

/// What there is to say if the backends were asked for nothing at all.
///
/// # Errors
/// When an order was approved, shipped or failed nevertheless. One that is rejected or cancelled may end
/// before its orchestrator asks for anything.
pub(super) fn require_records(
    ledgers: &Ledgers,
    planned: &BTreeSet<SmolStr>,
    orders: &[OrderResult],
    backends: &str,
) -> Result<Option<String>, Error> {
    if orders.is_empty() || named(ledgers).any(|order| planned.contains(order)) {
        return Ok(None);
    }
    let needs_backends = |order: &OrderResult| {
        let is_approved = order.decision == Some(Verb::Approve) && order.late_cancel_accepted.is_none();
        is_approved || matches!(order.end, End::Shipped | End::Failed)
    };
    if let Some(OrderResult { order_id, end, reason, .. }) = orders.iter().find(|order| needs_backends(order))
    {
        let reason = reason.as_ref().map(|reason| format!("; {reason}")).unwrap_or_default();
        let example = format_smolstr!("{order_id} ({}{reason})", end.name());
        return Err(Error::NotAsked { backends: backends.to_owned(), example });
    }
    Ok(Some("The backends were asked for none of these orders.".to_owned()))
}

/// The records of these orders, and of none.
pub(super) fn of_orders(ledgers: Ledgers, orders: &BTreeSet<&str>) -> Ledgers {
    let ours = |record: &Record| record.order().is_none_or(|order| orders.contains(order));
    ledgers
        .into_iter()
        .map(|(domain, records)| (domain, records.into_iter().filter(ours).collect()))
        .collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::audit::Domain;
    use serde_json::json;

    /// Captures of ORD-1 in payment's ledger, each with these changes.
    pub(in crate::run) fn ledgers(requests: &[serde_json::Value]) -> Ledgers {
        let usual = json!({"kind": "request", "correlationId": "c", "startedAt": "2026-01-28T10:00:00Z",
            "endedAt": "2026-01-28T10:00:00.250Z", "operation": "payment.capture", "order": "ORD-1",
            "fingerprint": "a", "attempt": 1, "outcome": "success", "status": 200});
        let record = |(seq, request): (usize, &serde_json::Value)| {
            let mut record = usual.clone();
            record["seq"] = seq.into();
            let changes = request.as_object().unwrap().clone();
            record.as_object_mut().unwrap().extend(changes);
            serde_json::from_value::<Record>(record).unwrap()
        };
        [(Domain::Payment, requests.iter().enumerate().map(record).collect())].into()
    }

    #[test]
    fn records_under_other_names_are_told_of_and_alone_are_an_error() {
        let [ours, known] = [["ORD-1"], ["ORD-0"]].map(|orders| orders.map(SmolStr::new).into());
        let told = |requests: &[serde_json::Value]| {
            let told = strangers(&ledgers(requests), &ours, &known);
            told.map_or_else(|error| format!("error: {error}"), Option::unwrap_or_default)
        };
        let [other, before, none] =
            [json!({"order": "c-9"}), json!({"order": "ORD-0"}), json!({"order": null})];
        assert_eq!(told(&[json!({}), before.clone(), none.clone()]), "");
        insta::assert_snapshot!(told(&[json!({}), other.clone(), before.clone()]), @"Not judged: 1 ledger record of orders that this run did not place, such as c-9.");
        insta::assert_snapshot!(told(&[other, before, none]), @"error: the backends were asked for orders such as c-9, and for none of this run: the orchestrator has to send an order's own id, as orderId or as x-correlation-id");
    }

    #[test]
    fn orders_that_should_have_records_and_have_none_are_an_error() {
        let checked = |decision, end, requests: &[serde_json::Value]| {
            let order = OrderResult {
                order_id: "ORD-1".into(),
                decision,
                accepted: true,
                late_cancel_accepted: None,
                end,
                reason: None,
                needs_attention: false,
                took_ms: None,
            };
            require_records(&ledgers(requests), &["ORD-1".into()].into(), &[order], "http://shop:3001")
        };
        let others = [json!({"order": "ORD-0"}), json!({"order": null})];
        for (decision, end) in
            [(Some(Verb::Approve), End::Rejected), (Some(Verb::Cancel), End::Failed), (None, End::Shipped)]
        {
            assert!(checked(decision, end, &others).is_err(), "{decision:?} {end:?}");
            assert_eq!(checked(decision, end, &[json!({})]).ok(), Some(None), "{decision:?} {end:?}");
        }
        for (decision, end) in
            [(Some(Verb::Reject), End::Rejected), (Some(Verb::Cancel), End::Cancelled), (None, End::NotEnded)]
        {
            let told = checked(decision, end, &others).unwrap().unwrap();
            assert_eq!(told, "The backends were asked for none of these orders.");
        }
    }

    #[test]
    fn other_orders_are_left_out_and_what_names_none_stays() {
        let all = ledgers(&[json!({}), json!({"order": "ORD-2"}), json!({"order": null})]);
        let ours = of_orders(all, &["ORD-1"].into());
        assert_eq!(ours[&Domain::Payment].len(), 2);
    }
}
