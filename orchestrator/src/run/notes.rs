//! What people should know of the orders before they read on.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use shared::environment::format_duration;
use shared::ledger::{Effect, Record};

use super::Plan;
use super::results::{End, OrderResult};
use crate::audit::{Domain, Ledgers};
use crate::words::{count, counted};
use crate::workload::Workload;

/// Why not all orders were placed or waited for, if so.
pub(super) fn why_cut_short(plan: &Plan, orders: &[OrderResult], interrupted: Option<u64>) -> Option<String> {
    let (known, order_timeout) = (orders.len() as u64, format_duration(plan.order_timeout));
    if let Some(open) = interrupted {
        let (left, open) = (count(plan.orders - known - open), counted(open, "open order"));
        let conditions = if plan.conditions.is_empty() { "" } else { " --fail-on was not looked at." };
        return Some(format!("Interrupted: {open} not judged, {left} not placed.{conditions}"));
    }
    (known < plan.orders).then(|| {
        let known = counted(known, "order");
        format!(
            "Given up after {known}: an order was refused or did not end within {order_timeout} (--order-timeout), and no \
             other ended meanwhile."
        )
    })
}

/// How many orders did not end, with the orchestrator's last answer about one of them.
pub(super) fn not_ended(orders: &[OrderResult]) -> Option<String> {
    let open = || orders.iter().filter(|order| order.end == End::NotEnded);
    let (example, answer) = open().find_map(|order| Some((&order.order_id, order.reason.as_ref()?)))?;
    let open = counted(open().count() as u64, "order");
    Some(format!("{open} did not end, such as {example} ({answer})."))
}

/// How many shipped orders were charged another amount than they cost. It is no finding: a shop may add
/// taxes, or what the shipping costs.
pub(super) fn charged_otherwise(
    planned: u64,
    workload: Workload,
    orders: &[OrderResult],
    ledgers: &Ledgers,
) -> Option<String> {
    let charged = charges(ledgers);
    let shipped = orders.iter().filter(|order| order.end == End::Shipped);
    let shipped: BTreeMap<_, _> = shipped
        .filter_map(|order| Some((order.order_id.as_str(), *charged.get(order.order_id.as_str())?)))
        .collect();
    let otherwise = (0..planned).filter_map(|index| {
        let charged = *shipped.get(workload.order_id(index).as_str())?;
        let order = workload.placement(index).order;
        let total = order.total_amount.0;
        (charged != total)
            .then(|| format!("{} ({} instead of {})", order.order_id, charged.normalize(), total.normalize()))
    });
    let otherwise: Vec<_> = otherwise.collect();
    let example = otherwise.first()?;
    let number = counted(otherwise.len() as u64, "shipped order");
    Some(format!("Charged another amount than the order's totalAmount: {number}, such as {example}."))
}

/// What each order was charged in the end: what was captured, without what was refunded.
fn charges(ledgers: &Ledgers) -> BTreeMap<&str, Decimal> {
    let mut charges = BTreeMap::new();
    for record in ledgers.get(&Domain::Payment).into_iter().flatten() {
        let Record::Effect(Effect { order: Some(order), effect, amount: Some(amount), .. }) = record else {
            continue;
        };
        let change = match effect.as_str() {
            "captured" => amount.0,
            "refunded" => -amount.0,
            _ => continue,
        };
        *charges.entry(order.as_str()).or_default() += change;
    }
    charges
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::run::sample;

    #[test]
    fn whoever_is_charged_another_amount_is_named_unless_it_was_given_back() {
        let workload = Workload::new(7);
        let total = |index| workload.placement(index).order.total_amount.0;
        let orders: Vec<_> = (0..4)
            .map(|index| {
                let end = if index == 3 { End::Failed } else { End::Shipped };
                sample::order(&workload.order_id(index), None, true, end, None, 1)
            })
            .collect();
        let told = |charged: [&[(&str, Decimal)]; 4]| {
            let effects = charged.iter().zip(0..).flat_map(|(effects, index)| {
                effects.iter().map(move |(effect, amount)| {
                    let amount: f64 = amount.to_string().parse().unwrap();
                    json!({"kind": "effect", "seq": 1, "at": "2026-01-28T10:00:00Z", "order": workload.order_id(index),
                           "effect": effect, "resource": "auth_1", "amount": amount})
                })
            });
            let records = effects.map(|effect| serde_json::from_value(effect).unwrap()).collect();
            let ledgers = Ledgers::from([(Domain::Payment, records)]);
            charged_otherwise(4, workload, &orders, &ledgers)
        };
        let cent = Decimal::new(1, 2);
        let (right, rest) = (("captured", total(0)), ("captured", total(2)));
        assert_eq!(told([&[right], &[("captured", total(1))], &[], &[("captured", cent)]]), None);
        assert_eq!(told([&[("captured", total(0) + cent), ("refunded", cent)], &[], &[rest], &[]]), None);
        let some = told([&[right], &[("captured", Decimal::ONE)], &[rest, rest], &[]]);
        insta::assert_snapshot!(some.unwrap(), @"Charged another amount than the order's totalAmount: 2 shipped orders, such as ORD-7-1 (1 instead of 776.96).");
    }
}
