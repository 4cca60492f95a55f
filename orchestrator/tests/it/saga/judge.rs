//! The verdict on one order, from the backends' own state.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use http::Request;
use orchestrator::domain::{CompensationStatus, OrderStatus, WorkflowState};
use orchestrator::workflows::order_fulfillment::{APPROVE, CANCEL, REJECT};
use serde_json::Value;
use shared::http::Correlated;
use tower::ServiceExt;

use super::scenario::Scenario;
use super::wire::{Answer, Noted};
use super::world::{Ending, World};

/// What is left of an order in the backends; `None` where there never was anything.
#[derive(Debug)]
pub(super) struct Left {
    pub(super) payment: Option<Value>,
    pub(super) reservation: Option<String>,
    pub(super) label: Option<String>,
}

/// Everything that is wrong with how an order ended.
pub(super) async fn judge(world: &World, ending: &Ending, scenario: &Scenario) -> Vec<String> {
    let log = ending.wire.log();
    let mut accepted = ending.wire.accepted();
    if !scenario.requires_approval {
        accepted.push(APPROVE);
    }
    let mut findings = Findings::default();
    findings.about_keys(&log);
    let left = Left::of(&world.backends, &log).await;
    findings.about_effects(ending.state.status, &left);
    findings.about_decisions(&accepted, &ending.state);
    findings.about_state(&ending.state);
    if !scenario.twice {
        findings.about_manners(&log);
    }
    findings.about_order_of_undoing(&log);
    findings.0
}

impl Left {
    /// Asks for every effect once more under its key: what is answered from memory is there.
    async fn of(backends: &Correlated, log: &[Noted]) -> Self {
        let auth_id = effect(backends, log, "/payment/authorize", "authId").await;
        let reservation_id = effect(backends, log, "/inventory/reserve", "reservationId").await;
        let label_id = effect(backends, log, "/shipping/create-label", "labelId").await;
        let payment = status(backends, "payment", auth_id).await;
        let text = |status: Option<Value>| Some(status?["status"].as_str().unwrap().to_owned());
        Self {
            payment,
            reservation: text(status(backends, "inventory", reservation_id).await),
            label: text(status(backends, "shipping", label_id).await),
        }
    }
}

async fn effect(backends: &Correlated, log: &[Noted], path: &str, id: &str) -> Option<String> {
    let asked = log.iter().find(|noted| noted.path == path)?;
    let request = Request::post(path)
        .header("content-type", "application/json")
        .header("idempotency-key", asked.key.as_deref().unwrap())
        .body(Body::from(asked.body.clone()))
        .unwrap();
    let response = backends.clone().oneshot(request).await.unwrap();
    let remembered = response.headers().contains_key("idempotent-replayed");
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.ok()?;
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    body[id].as_str().filter(|_| remembered).map(str::to_owned)
}

/// Reads until the answer is not a fault any more.
async fn status(backends: &Correlated, domain: &str, id: Option<String>) -> Option<Value> {
    let path = format!("/{domain}/{}/status", id?);
    for _ in 0..200 {
        let request = Request::get(&path).body(Body::empty()).unwrap();
        let response = backends.clone().oneshot(request).await.unwrap();
        let succeeded = response.status().is_success();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap_or_default();
        match serde_json::from_slice(&body) {
            Ok(status) if succeeded => return Some(status),
            _ => {}
        }
    }
    panic!("{path} is not answered");
}

#[derive(Default)]
struct Findings(Vec<String>);

impl Findings {
    fn check(&mut self, holds: bool, finding: impl FnOnce() -> String) {
        if !holds {
            self.0.push(finding());
        }
    }

    /// Shipped means paid, delivered and out of stock; anything else means nothing is left.
    fn about_effects(&mut self, status: OrderStatus, left: &Left) {
        let payment = left.payment.as_ref().map(|payment| payment["status"].as_str().unwrap());
        let (reservation, label) = (left.reservation.as_deref(), left.label.as_deref());
        if status == OrderStatus::Shipped {
            self.check(payment == Some("captured"), || format!("shipped, but the payment is {payment:?}"));
            let paid = left.payment.as_ref().is_some_and(|payment| payment["refundedAmount"] == 0);
            self.check(paid, || "shipped, and refunded".to_owned());
            self.check(label == Some("generated"), || format!("shipped, but the label is {label:?}"));
            self.check(reservation == Some("reserved"), || format!("shipped, but stock is {reservation:?}"));
        } else {
            let free = [None, Some("released"), Some("expired"), Some("refunded")];
            self.check(free.contains(&payment), || format!("{status:?}, and the payment is {payment:?}"));
            let free = [None, Some("released"), Some("expired")];
            self.check(free.contains(&reservation), || format!("{status:?}, and stock is {reservation:?}"));
            let free = [None, Some("cancelled"), Some("abandoned")];
            self.check(free.contains(&label), || format!("{status:?}, and the label is {label:?}"));
        }
    }

    fn about_decisions(&mut self, accepted: &[&str], state: &WorkflowState) {
        let (status, authorized) = (state.status, state.auth_id.is_some());
        let timed_out = state.error.as_deref() == Some("workflow_timeout");
        let right = if accepted.contains(&CANCEL) {
            status == OrderStatus::Cancelled
        } else if !authorized || timed_out {
            status == OrderStatus::Failed
        } else if accepted.contains(&APPROVE) {
            matches!(status, OrderStatus::Shipped | OrderStatus::Failed)
        } else {
            status == OrderStatus::Rejected
        };
        self.check(right, || format!("after {accepted:?} the order is {status:?}"));
        self.check(!(accepted.contains(&APPROVE) && accepted.contains(&REJECT)), || {
            "approved and rejected".to_owned()
        });
    }

    fn about_state(&mut self, state: &WorkflowState) {
        let undone = state.compensations.iter().all(|c| c.status == CompensationStatus::Completed);
        self.check(undone && state.needs_attention.is_empty(), || format!("not all undone: {state:#?}"));
        self.check(state.current_step.is_none(), || format!("ended in {:?}", state.current_step));
        let shipped = state.status == OrderStatus::Shipped;
        self.check(shipped == (state.progress == 100), || format!("progress {}", state.progress));
        self.check(shipped == state.error.is_none(), || format!("error {:?}", state.error));
    }

    fn about_keys(&mut self, log: &[Noted]) {
        let mut keys = BTreeMap::new();
        for noted in log.iter().filter(|noted| !noted.path.ends_with("/status")) {
            let key = noted.key.as_ref();
            let first = *keys.entry(&noted.path).or_insert(key);
            self.check(first == key && key.is_some(), || {
                format!("{} under {first:?} and {key:?}", noted.path)
            });
        }
    }

    /// A refusal is not asked again, and who asks for time gets it; but a crash forgets.
    fn about_manners(&mut self, log: &[Noted]) {
        for (at, next) in log.iter().enumerate() {
            let before = log[..at].iter().rev().find(|noted| noted.path == next.path);
            let Some((before, answer)) = before.and_then(|noted| Some((noted, noted.answer.as_ref()?)))
            else {
                continue;
            };
            if before.life != next.life {
                continue;
            }
            self.check(!is_refusal(answer), || format!("{} asked again after {answer:?}", next.path));
            let waited = next.sent - answer.at;
            let long_enough = waited >= answer.retry_after.mul_f64(0.9);
            self.check(long_enough, || format!("{} asked again after {waited:?}: {answer:?}", next.path));
        }
    }

    /// The label goes before the money, the money before the stock, the stock before the hold.
    fn about_order_of_undoing(&mut self, log: &[Noted]) {
        let first = |path: &str| log.iter().position(|noted| noted.path == path);
        let order = ["/shipping/cancel", "/payment/refund", "/inventory/release", "/payment/release"];
        let undone: Vec<_> = order.into_iter().filter_map(first).collect();
        self.check(undone.is_sorted(), || "undone in the wrong order".to_owned());
    }
}

fn is_refusal(answer: &Answer) -> bool {
    let error = answer.error.as_deref().unwrap_or_default();
    (400..500).contains(&answer.status)
        && ![408, 429].contains(&answer.status)
        && error != "idempotency_in_progress"
        && !error.starts_with("already_")
        && answer.retry_after == Duration::ZERO
}
