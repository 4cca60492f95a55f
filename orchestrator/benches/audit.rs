//! What judging costs: the simulator judges every order that it makes up.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jiff::Timestamp;
use orchestrator::audit::{Audit, Domain, Ledgers};
use shared::ledger::{Effect, Record, Request};

/// A request: where, what, of which resource, the status if an answer came, and what happened.
type Told = (Domain, &'static str, &'static str, Option<u16>, Option<&'static str>);

/// What a shipped order leaves that met a fault at every step.
const CALLS: [Told; 12] = [
    (Domain::Payment, "payment.authorize", "auth_1", None, Some("held")),
    (Domain::Payment, "payment.authorize", "auth_1", Some(201), None),
    (Domain::Inventory, "inventory.reserve", "res_1", Some(408), None),
    (Domain::Inventory, "inventory.reserve", "res_1", Some(201), Some("reserved")),
    (Domain::Payment, "payment.capture", "auth_1", Some(409), Some("captured")),
    (Domain::Payment, "payment.status", "auth_1", Some(200), None),
    (Domain::Shipping, "shipping.create_label", "lbl_1", Some(503), None),
    (Domain::Shipping, "shipping.create_label", "lbl_2", Some(408), Some("generating")),
    (Domain::Shipping, "shipping.create_label", "lbl_3", Some(201), Some("generated")),
    (Domain::Notification, "notification.send", "ntf_1", Some(502), None),
    (Domain::Notification, "notification.send", "ntf_1", Some(500), Some("sent")),
    (Domain::Notification, "notification.send", "ntf_1", Some(201), None),
];

fn ledgers(orders: usize) -> Ledgers {
    let mut ledgers = Ledgers::from(Domain::ALL.map(|domain| (domain, Vec::new())));
    for order in 0..orders {
        let id = format!("ORD-{order:06}");
        for (nth, (domain, operation, resource, status, effect)) in (0i64..).zip(CALLS) {
            let (at, seq) =
                (Timestamp::from_second(nth).unwrap_or_default(), (order * 100 + nth as usize * 2) as u64);
            let resource = format!("{resource}{order}");
            let records = ledgers.entry(domain).or_default();
            records.push(Record::Request(request(operation, seq, &id, &resource, status, at)));
            records.extend(effect.map(|effect| {
                Record::Effect(Effect {
                    seq: seq + 1,
                    at,
                    order: Some(id.clone().into()),
                    effect: effect.into(),
                    resource: resource.into(),
                    amount: Some(shared::number::Number(100.into())),
                    detail: None,
                    request: Some(seq),
                })
            }));
        }
    }
    ledgers
}

fn request(
    operation: &str,
    seq: u64,
    order: &str,
    resource: &str,
    status: Option<u16>,
    at: Timestamp,
) -> Request {
    Request {
        seq,
        operation: operation.into(),
        order: Some(order.into()),
        resource: Some(resource.into()),
        idempotency_key: Some(format!("order-fulfillment-{order}/{operation}:1").into()),
        fingerprint: Some(format!("{:032x}", operation.len()).into()),
        attempt: Some(1),
        replay: false,
        outcome: None,
        status,
        error: None,
        garbled: false,
        retry_after_ms: None,
        started_at: at,
        ended_at: Some(at),
        abandoned: false,
        correlation_id: order.into(),
    }
}

fn judging(c: &mut Criterion) {
    let audit = Audit { strict: true, ..Audit::default() };
    for orders in [1, 1000] {
        let ledgers = ledgers(orders);
        assert!(audit.report(&ledgers).findings.is_empty(), "{:#?}", audit.report(&ledgers).findings);
        let mut group = c.benchmark_group("judge clean orders");
        group.throughput(Throughput::Elements(orders as u64));
        group.bench_function(orders.to_string(), |b| b.iter(|| audit.report(black_box(&ledgers))));
        group.finish();
    }
}

criterion_group!(benches, judging);
criterion_main!(benches);
