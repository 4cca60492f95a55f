//! Runs as tests need them, measured and judged from ledgers as real ones are.

use shared::ledger::{Effect, Record, Request};

use super::backends::OperationStats;
use super::{End, OrderResult, Results, Run, Setting, measure};
use crate::audit::{Audit, Domain, Ledgers, Verb};

/// Two orders: one shipped, one declined.
pub(super) fn clean() -> Results {
    made(false).results
}

/// The same, and one whose hold was not released. Its ids try to break out of any markup.
pub(super) fn broken() -> Results {
    made(true).results
}

/// The broken run with its ledgers.
pub(super) fn run() -> Run {
    made(true)
}

pub(super) const HOSTILE: &str = "ORD-<script>alert(1)</script>&\"'";

fn made(is_broken: bool) -> Run {
    let mut ledgers = Sample::default();
    ledgers.request("ORD-7-0", "payment.authorize", "auth_1", 10, 201, "success");
    ledgers.effect("ORD-7-0", "held", "auth_1");
    ledgers.request("ORD-7-0", "inventory.reserve", "res_1", 2, 201, "success");
    ledgers.effect("ORD-7-0", "reserved", "res_1");
    ledgers.request("ORD-7-0", "payment.capture", "auth_1", 1, 200, "success");
    ledgers.effect("ORD-7-0", "captured", "auth_1");
    ledgers.request("ORD-7-0", "shipping.create_label", "lbl_1", 120, 201, "success");
    ledgers.effect("ORD-7-0", "generated", "lbl_1");
    ledgers.request("ORD-7-1", "payment.authorize", "", 3, 402, "insufficient_funds");
    let mut orders = vec![
        order("ORD-7-0", Some(Verb::Approve), true, End::Shipped, None, 140),
        order("ORD-7-1", Some(Verb::Cancel), false, End::Failed, Some("insufficient_funds"), 4),
    ];
    if is_broken {
        ledgers.request(HOSTILE, "payment.authorize", "auth_3", 1, 201, "success");
        ledgers.effect(HOSTILE, "held", "auth_3");
        ledgers.request(HOSTILE, "inventory.reserve", "", 1, 409, "out_of_stock");
        orders.push(order(HOSTILE, Some(Verb::Approve), true, End::Failed, Some("out_of_stock"), 1250));
    }
    let audit = Audit { decisions: Some(super::decisions(&orders)), ..Audit::default() };
    let ledgers = ledgers.0;
    let conditions = ["error-rate>5%", "p99>1s"].map(|text| text.parse::<super::Condition>().unwrap());
    let mut results = Results {
        setting: Setting {
            version: "0.0.0",
            orders: orders.len() as u64,
            seed: 7,
            time_scale: 0.001,
            concurrency: 64,
            orchestrator: "the bundled orchestrator".to_owned(),
            backends: "backends of this process".to_owned(),
            command: "fake-stripe-chaos run --orders 3 --seed 7".to_owned(),
            started_at: "2026-01-28T10:00:00Z".parse().unwrap(),
            took_ms: 21_400,
        },
        notes: Vec::new(),
        interrupted: false,
        ends: measure::ends(&orders),
        reasons: measure::reasons(&orders),
        troubled: measure::troubled(&orders),
        order_latency: measure::order_latency(&orders),
        operations: measure::operations(&ledgers, &[], &stats()),
        compensations: measure::compensations(&ledgers),
        conditions: Vec::new(),
        audit: audit.report(&ledgers),
        orders,
    };
    results.conditions = conditions.iter().map(|condition| condition.judge(&results)).collect();
    Run { results, ledgers }
}

pub(super) fn order(
    id: &str,
    decision: Option<Verb>,
    accepted: bool,
    end: End,
    reason: Option<&str>,
    took_ms: u64,
) -> OrderResult {
    OrderResult {
        order_id: id.into(),
        decision,
        accepted,
        late_cancel_accepted: None,
        end,
        reason: reason.map(str::to_owned),
        needs_attention: false,
        took_ms: Some(took_ms),
    }
}

fn stats() -> Vec<OperationStats> {
    let json = serde_json::json!([
        {"operation": "payment.authorize", "outcomes": [
            {"outcome": "success", "configured": 0.4, "drawn": 2},
            {"outcome": "insufficient_funds", "configured": 0.6, "drawn": 1},
        ]},
        {"operation": "payment.capture", "outcomes": [{"outcome": "success", "configured": 1.0, "drawn": 1}]},
        {"operation": "inventory.reserve", "outcomes": [
            {"outcome": "success", "configured": 0.999, "drawn": 1},
            {"outcome": "out_of_stock", "configured": 0.001, "drawn": 9},
        ]},
        {"operation": "shipping.create_label", "outcomes": [{"outcome": "success", "configured": 1.0, "drawn": 1}]},
        {"operation": "shipping.cancel", "outcomes": [{"outcome": "success", "configured": 1.0, "drawn": 0}]},
    ]);
    serde_json::from_value(json).unwrap()
}

/// Ledgers that are written one line after the other, a millisecond apart.
struct Sample(Ledgers, u64);

impl Default for Sample {
    fn default() -> Self {
        Self(Domain::ALL.map(|domain| (domain, Vec::new())).into(), 0)
    }
}

impl Sample {
    fn request(
        &mut self,
        order: &str,
        operation: &str,
        resource: &str,
        took_ms: i64,
        status: u16,
        outcome: &str,
    ) {
        let started_at = self.tick();
        let request = Request {
            seq: self.1,
            operation: operation.into(),
            order: Some(order.into()),
            resource: (!resource.is_empty()).then(|| resource.into()),
            idempotency_key: Some(format!("{order}/{operation}").into()),
            fingerprint: Some(format!("{order}/{operation}").into()),
            attempt: Some(1),
            replay: false,
            outcome: Some(outcome.into()),
            status: Some(status),
            error: (status >= 400).then(|| outcome.into()),
            garbled: false,
            retry_after_ms: None,
            started_at,
            ended_at: Some(started_at + jiff::SignedDuration::from_millis(took_ms)),
            abandoned: false,
            correlation_id: format!("placing {order}").into(),
        };
        self.push(operation, Record::Request(request));
    }

    fn effect(&mut self, order: &str, effect: &str, resource: &str) {
        let request = Some(self.1);
        let at = self.tick();
        let amount = resource.starts_with("auth").then(|| shared::number::Number::parse("109.97").unwrap());
        let record = Record::Effect(Effect {
            seq: self.1,
            at,
            order: Some(order.into()),
            effect: effect.into(),
            resource: resource.into(),
            amount,
            detail: None,
            request,
        });
        let domain = Domain::of(&record).unwrap().name().to_owned() + ".";
        self.push(&domain, record);
    }

    fn push(&mut self, operation: &str, record: Record) {
        let domain = Domain::named(operation.split('.').next().unwrap()).unwrap();
        self.0.entry(domain).or_default().push(record);
    }

    fn tick(&mut self) -> jiff::Timestamp {
        self.1 += 1;
        "2026-01-28T10:00:00Z".parse::<jiff::Timestamp>().unwrap()
            + jiff::SignedDuration::from_millis(i64::try_from(self.1).unwrap())
    }
}
