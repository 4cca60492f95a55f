//! Every effect on money is in the ledger, exactly once, whatever was answered, and nothing else.

use std::time::Duration;

use insta::assert_snapshot;
use payment::{OPERATIONS, Settings};
use shared::ledger::{Effect, Record};

use crate::service::{Service, pass};

const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);
const HOLD: &str = r#"{"amount": 109.97, "currency": "usd", "orderId": "ORD-123"}"#;
const NOBODYS: &str = r#"{"amount": 1, "currency": "usd"}"#;

fn told(effect: &Effect) -> String {
    let Effect { at, effect: what, resource, .. } = effect;
    let amount = effect.amount.map(|amount| format!(" {}", amount.0)).unwrap_or_default();
    match effect.request {
        Some(request) => format!("{what} {resource}{amount} by {request}"),
        None => format!("{what} {resource}{amount} at {at}"),
    }
}

/// Everything, with whose it is.
async fn story(service: &Service) -> String {
    let mut story = String::new();
    for record in service.ledger().await {
        let what = match &record {
            Record::Effect(effect) => format!("  {}", told(effect)),
            Record::Request(request) => {
                let status = request.status.map_or_else(|| "nothing".to_owned(), |status| status.to_string());
                let error = request.error.iter().map(|error| format!(" {error}")).collect::<String>();
                format!("{} -> {status}{error}", request.operation)
            }
        };
        story += &format!("{} {} {what}\n", record.seq(), record.order().unwrap_or("-"));
    }
    story
}

async fn effects(service: &Service) -> Vec<Effect> {
    let effect = |record| if let Record::Effect(effect) = record { Some(effect) } else { None };
    service.ledger().await.into_iter().filter_map(effect).collect()
}

/// A body that names the authorization.
fn naming(auth_id: &str) -> String {
    format!(r#"{{"authId": "{auth_id}"}}"#)
}

#[tokio::test(start_paused = true)]
async fn each_effect_names_what_it_did_to_what_for_whom_and_by_which_request() {
    let service = Service::calm();
    let refunded = service.held().await;
    service.post("/payment/capture", &naming(&refunded)).await;
    service.post("/payment/refund", &format!(r#"{{"authId": "{refunded}", "amount": 50}}"#)).await;
    service.post("/payment/refund", &naming(&refunded)).await;
    let released = service.held().await;
    service.post("/payment/release", &naming(&released)).await;
    let expired = service.held().await;
    pass(2 * WEEK).await;
    assert_eq!(service.status_of(&expired).await, "expired");
    assert_snapshot!(story(&service).await, @"
    1 ORD-123 payment.authorize -> 201
    2 ORD-123   held auth_843e55e086c95bba 109.97 by 1
    3 ORD-123 payment.capture -> 200
    4 ORD-123   captured auth_843e55e086c95bba 109.97 by 3
    5 ORD-123 payment.refund -> 200
    6 ORD-123   refunded auth_843e55e086c95bba 50 by 5
    7 ORD-123 payment.refund -> 200
    8 ORD-123   refunded auth_843e55e086c95bba 59.97 by 7
    9 ORD-123 payment.authorize -> 201
    10 ORD-123   held auth_66411a780c753858 109.97 by 9
    11 ORD-123 payment.release -> 200
    12 ORD-123   released auth_66411a780c753858 by 11
    13 ORD-123 payment.authorize -> 201
    14 ORD-123   held auth_4368781c44e6659f 109.97 by 13
    15 ORD-123   expired auth_4368781c44e6659f at 2026-02-04T10:00:00Z
    16 ORD-123 payment.status -> 200
    ");
}

#[tokio::test(start_paused = true)]
async fn the_clocks_effects_are_there_although_only_the_ledger_is_read() {
    let service = Service::calm();
    service.held().await;
    pass(2 * WEEK).await;
    let read = story(&service).await;
    assert_snapshot!(read, @"
    1 ORD-123 payment.authorize -> 201
    2 ORD-123   held auth_843e55e086c95bba 109.97 by 1
    3 ORD-123   expired auth_843e55e086c95bba at 2026-02-04T10:00:00Z
    ");
    assert_eq!(story(&service).await, read, "it happens once");
}

/// What the ledger tells of each outcome of the first attempt at `operation`, which is repeated
/// under its key and once more without one.
async fn effects_under_each_outcome_of(operation: &str, captured: bool) -> String {
    let name = format!("payment.{operation}");
    let planned = OPERATIONS.iter().find(|planned| planned.name == name).unwrap();
    let mut table = String::new();
    for outcome in planned.possible() {
        let service = Service::under(&format!("{name}#1={}", outcome.name));
        let id = service.held().await;
        if captured {
            service.post("/payment/capture", &naming(&id)).await;
        }
        let path = format!("/payment/{operation}");
        service.post_under("key", &path, &naming(&id)).await;
        let first: Vec<_> = effects(&service).await.iter().map(told).collect();
        service.post_under("key", &path, &naming(&id)).await;
        service.post(&path, &naming(&id)).await;
        let all: Vec<_> = effects(&service).await.iter().map(told).collect();
        let before = if captured { 2 } else { 1 };
        let told = |effects: &[String]| effects[before..].join(", ").replace(&id, "it");
        assert_eq!(all[..first.len()], first);
        table += &format!("{} | {} | {}\n", outcome.name, told(&first), told(&all));
    }
    table
}

#[tokio::test(start_paused = true)]
async fn a_capture_is_told_whatever_was_answered() {
    assert_snapshot!(effects_under_each_outcome_of("capture", false).await, @"
    success | captured it 109.97 by 3 | captured it 109.97 by 3
    internal_error |  | captured it 109.97 by 4
    unavailable |  | captured it 109.97 by 4
    rate_limited |  | captured it 109.97 by 4
    timeout |  | captured it 109.97 by 4
    hang |  | captured it 109.97 by 4
    reset |  | captured it 109.97 by 4
    empty |  | captured it 109.97 by 4
    slow | captured it 109.97 by 3 | captured it 109.97 by 3
    timeout_after | captured it 109.97 by 3 | captured it 109.97 by 3
    internal_error_after | captured it 109.97 by 3 | captured it 109.97 by 3
    lost_response | captured it 109.97 by 3 | captured it 109.97 by 3
    malformed | captured it 109.97 by 3 | captured it 109.97 by 3
    already_captured | captured it 109.97 by 3 | captured it 109.97 by 3
    authorization_expired | expired it by 3 | expired it by 3
    ");
}

#[tokio::test(start_paused = true)]
async fn a_release_is_told_whatever_was_answered() {
    assert_snapshot!(effects_under_each_outcome_of("release", false).await, @"
    success | released it by 3 | released it by 3
    internal_error |  | released it by 4
    unavailable |  | released it by 4
    rate_limited |  | released it by 4
    timeout |  | released it by 4
    hang |  | released it by 4
    reset |  | released it by 4
    empty |  | released it by 4
    slow | released it by 3 | released it by 3
    timeout_after | released it by 3 | released it by 3
    internal_error_after | released it by 3 | released it by 3
    lost_response | released it by 3 | released it by 3
    malformed | released it by 3 | released it by 3
    already_released | released it by 3 | released it by 3
    ");
}

#[tokio::test(start_paused = true)]
async fn a_refund_is_told_whatever_was_answered() {
    assert_snapshot!(effects_under_each_outcome_of("refund", true).await, @"
    success | refunded it 109.97 by 5 | refunded it 109.97 by 5
    internal_error |  | refunded it 109.97 by 6
    unavailable |  | refunded it 109.97 by 6
    rate_limited |  | refunded it 109.97 by 6
    timeout |  | refunded it 109.97 by 6
    hang |  | refunded it 109.97 by 6
    reset |  | refunded it 109.97 by 6
    empty |  | refunded it 109.97 by 6
    slow | refunded it 109.97 by 5 | refunded it 109.97 by 5
    timeout_after | refunded it 109.97 by 5 | refunded it 109.97 by 5
    internal_error_after | refunded it 109.97 by 5 | refunded it 109.97 by 5
    lost_response | refunded it 109.97 by 5 | refunded it 109.97 by 5
    malformed | refunded it 109.97 by 5 | refunded it 109.97 by 5
    ");
}

#[tokio::test(start_paused = true)]
async fn a_hold_is_told_whatever_was_answered() {
    let authorize = OPERATIONS.iter().find(|planned| planned.name == "payment.authorize").unwrap();
    let mut table = String::new();
    for outcome in authorize.possible() {
        let service = Service::under(&format!("payment.authorize#1={}", outcome.name));
        for _ in 0..2 {
            service.post_under("key", "/payment/authorize", HOLD).await;
        }
        let told: Vec<_> = effects(&service).await.iter().map(told).collect();
        table += &format!("{} | {}\n", outcome.name, told.join(", "));
    }
    assert_snapshot!(table, @"
    success | held auth_843e55e086c95bba 109.97 by 1
    internal_error | held auth_66411a780c753858 109.97 by 2
    unavailable | held auth_66411a780c753858 109.97 by 2
    rate_limited | held auth_66411a780c753858 109.97 by 2
    timeout | held auth_66411a780c753858 109.97 by 2
    hang | held auth_66411a780c753858 109.97 by 2
    reset | held auth_66411a780c753858 109.97 by 2
    empty | held auth_66411a780c753858 109.97 by 2
    slow | held auth_843e55e086c95bba 109.97 by 1
    timeout_after | held auth_843e55e086c95bba 109.97 by 1
    internal_error_after | held auth_843e55e086c95bba 109.97 by 1
    lost_response | held auth_843e55e086c95bba 109.97 by 1
    malformed | held auth_843e55e086c95bba 109.97 by 1
    insufficient_funds |
    ");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_told_of_what_is_refused() {
    let service = Service::with("", Settings { capacity: 1, ..Settings::default() });
    let id = service.held().await;
    service.post("/payment/authorize", HOLD).await;
    service.post("/payment/authorize", r#"{"amount": -1}"#).await;
    service.post("/payment/capture", &naming("auth_1")).await;
    service.post("/payment/refund", &naming(&id)).await;
    service.post_under("key", "/payment/capture", &naming(&id)).await;
    service.post_under("key", "/payment/capture", &naming("auth_1")).await;
    service.post("/payment/release", &naming(&id)).await;
    service.post("/payment/refund", &format!(r#"{{"authId": "{id}", "amount": 200}}"#)).await;
    assert_snapshot!(story(&service).await, @"
    1 ORD-123 payment.authorize -> 201
    2 ORD-123   held auth_843e55e086c95bba 109.97 by 1
    3 ORD-123 payment.authorize -> 503 store_full
    4 - payment.authorize -> 400 validation_error
    5 - payment.capture -> 404 not_found
    6 ORD-123 payment.refund -> 409 not_captured
    7 ORD-123 payment.capture -> 200
    8 ORD-123   captured auth_843e55e086c95bba 109.97 by 7
    9 - payment.capture -> 422 idempotency_key_reuse
    10 ORD-123 payment.release -> 409 already_captured
    11 ORD-123 payment.refund -> 422 refund_exceeds_captured
    ");
}

#[tokio::test(start_paused = true)]
async fn what_has_no_order_belongs_to_the_clients_correlation_id_also_when_the_clock_does_it() {
    let service = Service::calm();
    let held = service.post_for("checkout-7", "/payment/authorize", NOBODYS).await.json();
    service.post_for("checkout-7", "/payment/capture", &naming(held["authId"].as_str().unwrap())).await;
    service.post_for("checkout-8", "/payment/authorize", NOBODYS).await;
    service.post("/payment/authorize", NOBODYS).await;
    service.post_for("checkout-9", "/payment/authorize", HOLD).await;
    pass(WEEK).await;
    assert_snapshot!(story(&service).await, @"
    1 checkout-7 payment.authorize -> 201
    2 checkout-7   held auth_25ca9f9344b9398e 1 by 1
    3 checkout-7 payment.capture -> 200
    4 checkout-7   captured auth_25ca9f9344b9398e 1 by 3
    5 checkout-8 payment.authorize -> 201
    6 checkout-8   held auth_a189be0b1a37151c 1 by 5
    7 - payment.authorize -> 201
    8 -   held auth_f868732767a99d05 1 by 7
    9 ORD-123 payment.authorize -> 201
    10 ORD-123   held auth_843e55e086c95bba 109.97 by 9
    11 ORD-123   expired auth_843e55e086c95bba at 2026-02-04T10:00:00Z
    12 checkout-8   expired auth_a189be0b1a37151c at 2026-02-04T10:00:00Z
    13 -   expired auth_f868732767a99d05 at 2026-02-04T10:00:00Z
    ");
}

#[tokio::test(start_paused = true)]
async fn a_look_at_the_status_is_a_request_and_none_at_the_ledger_is() {
    let service = Service::calm();
    let id = service.held().await;
    service.status_of(&id).await;
    service.get("/payment/auth_1/status").await;
    service.ledger().await;
    assert_snapshot!(story(&service).await, @"
    1 ORD-123 payment.authorize -> 201
    2 ORD-123   held auth_843e55e086c95bba 109.97 by 1
    3 ORD-123 payment.status -> 200
    4 - payment.status -> 404 not_found
    ");
}
