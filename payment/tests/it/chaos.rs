//! Every outcome of every operation's table, and that none lies about the state.

use insta::assert_snapshot;
use payment::OPERATIONS;

use crate::service::Service;

/// Meets each outcome of `operation` with an authorization that is held, or captured. A line has the
/// outcome, the answer, what the authorization is then, and the answer to a second attempt.
async fn outcomes_of(operation: &str, captured: bool) -> String {
    let path = format!("/payment/{operation}");
    let name = format!("payment.{operation}");
    let planned = OPERATIONS.iter().find(|planned| planned.name == name).unwrap();
    let mut table = String::new();
    for outcome in planned.possible() {
        let service = Service::under(&format!("{name}#1={}", outcome.name));
        let id = service.held().await;
        let body = format!(r#"{{"authId": "{id}"}}"#);
        if captured {
            service.post("/payment/capture", &body).await;
        }
        let answer = service.post(&path, &body).await.brief();
        let state = service.status_of(&id).await;
        let again = service.post(&path, &body).await.brief();
        table += &format!("{} | {answer} | {state} | {again}\n", outcome.name);
    }
    table
}

#[tokio::test(start_paused = true)]
async fn each_capture_outcome_agrees_with_a_later_status_read() {
    assert_snapshot!(outcomes_of("capture", false).await, @r"
    success | 200 | captured | 409 already_captured
    internal_error | 500 internal_error | authorized | 200
    unavailable | 503 unavailable | authorized | 200
    rate_limited | 429 rate_limited | authorized | 200
    timeout | 408 timeout | authorized | 200
    hang | connection closed by chaos | authorized | 200
    reset | connection reset by chaos | authorized | 200
    empty | connection closed by chaos | authorized | 200
    slow | 200 | captured | 409 already_captured
    timeout_after | 408 timeout | captured | 409 already_captured
    internal_error_after | 500 internal_error | captured | 409 already_captured
    lost_response | connection reset by chaos | captured | 409 already_captured
    malformed | 200 with broken JSON | captured | 409 already_captured
    already_captured | 409 already_captured | captured | 409 already_captured
    authorization_expired | 410 authorization_expired | expired | 410 authorization_expired
    ");
}

#[tokio::test(start_paused = true)]
async fn each_release_outcome_agrees_with_a_later_status_read() {
    assert_snapshot!(outcomes_of("release", false).await, @r"
    success | 200 | released | 409 already_released
    internal_error | 500 internal_error | authorized | 200
    unavailable | 503 unavailable | authorized | 200
    rate_limited | 429 rate_limited | authorized | 200
    timeout | 408 timeout | authorized | 200
    hang | connection closed by chaos | authorized | 200
    reset | connection reset by chaos | authorized | 200
    empty | connection closed by chaos | authorized | 200
    slow | 200 | released | 409 already_released
    timeout_after | 408 timeout | released | 409 already_released
    internal_error_after | 500 internal_error | released | 409 already_released
    lost_response | connection reset by chaos | released | 409 already_released
    malformed | 200 with broken JSON | released | 409 already_released
    already_released | 409 already_released | released | 409 already_released
    ");
}

#[tokio::test(start_paused = true)]
async fn each_refund_outcome_agrees_with_a_later_status_read() {
    assert_snapshot!(outcomes_of("refund", true).await, @r"
    success | 200 | refunded | 409 already_refunded
    internal_error | 500 internal_error | captured | 200
    unavailable | 503 unavailable | captured | 200
    rate_limited | 429 rate_limited | captured | 200
    timeout | 408 timeout | captured | 200
    hang | connection closed by chaos | captured | 200
    reset | connection reset by chaos | captured | 200
    empty | connection closed by chaos | captured | 200
    slow | 200 | refunded | 409 already_refunded
    timeout_after | 408 timeout | refunded | 409 already_refunded
    internal_error_after | 500 internal_error | refunded | 409 already_refunded
    lost_response | connection reset by chaos | refunded | 409 already_refunded
    malformed | 200 with broken JSON | refunded | 409 already_refunded
    ");
}

/// Of authorize, what was held shows in whether a store for one hold is full.
#[tokio::test(start_paused = true)]
async fn each_authorize_outcome_holds_money_only_if_the_authorization_happened() {
    let authorize = OPERATIONS.iter().find(|planned| planned.name == "payment.authorize").unwrap();
    let body = r#"{"amount": 109.97, "currency": "usd", "orderId": "ORD-123"}"#;
    let mut table = String::new();
    for outcome in authorize.possible() {
        let script = format!("payment.authorize#1={}", outcome.name);
        let service = Service::with(&script, payment::Settings { capacity: 1, ..Default::default() });
        let answer = service.post("/payment/authorize", body).await.brief();
        let again = service.post("/payment/authorize", body).await.brief();
        table += &format!("{} | {answer} | {again}\n", outcome.name);
    }
    assert_snapshot!(table, @r"
    success | 201 | 503 store_full
    internal_error | 500 internal_error | 201
    unavailable | 503 unavailable | 201
    rate_limited | 429 rate_limited | 201
    timeout | 408 timeout | 201
    hang | connection closed by chaos | 201
    reset | connection reset by chaos | 201
    empty | connection closed by chaos | 201
    slow | 201 | 503 store_full
    timeout_after | 408 timeout | 503 store_full
    internal_error_after | 500 internal_error | 503 store_full
    lost_response | connection reset by chaos | 503 store_full
    malformed | 200 with broken JSON | 503 store_full
    insufficient_funds | 402 insufficient_funds | 201
    ");
}

#[tokio::test(start_paused = true)]
async fn an_injected_answer_says_so() {
    let service =
        Service::under("payment.authorize#1=insufficient_funds; payment.capture#1=already_captured");
    let body = r#"{"amount": 109.97, "currency": "usd", "orderId": "ORD-123"}"#;
    assert_snapshot!(service.post("/payment/authorize", body).await.whole(), @r#"
    402
    x-chaos-injected: payment.authorize=insufficient_funds
    {"type":"urn:fake-stripe-chaos:problem:insufficient_funds","title":"Insufficient funds","status":402,"detail":"The customer's account does not hold 109.97 usd.","instance":"/payment/authorize","success":false,"error":"insufficient_funds","message":"The customer's account does not hold 109.97 usd.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","chaos":{"operation":"payment.authorize","outcome":"insufficient_funds","seed":42,"attempt":1}}
    "#);
    let id = service.held().await;
    let body = format!(r#"{{"authId": "{id}"}}"#);
    assert_snapshot!(service.post("/payment/capture", &body).await.whole(), @r#"
    409
    x-chaos-injected: payment.capture=already_captured
    {"type":"urn:fake-stripe-chaos:problem:already_captured","title":"Already captured","status":409,"detail":"The money is captured, but the answer says that it had already been.","instance":"/payment/capture","success":false,"error":"already_captured","message":"The money is captured, but the answer says that it had already been.","correlationId":"e02e3133-bd31-4488-87aa-a8608186a428","chaos":{"operation":"payment.capture","outcome":"already_captured","seed":42,"attempt":1}}
    "#);
    assert_snapshot!(service.post("/payment/capture", &body).await.whole(), @r#"
    409
    {"type":"urn:fake-stripe-chaos:problem:already_captured","title":"Already captured","status":409,"detail":"The authorization auth_66411a780c753858 was captured at 2026-01-28T10:00:00Z.","instance":"/payment/capture","success":false,"error":"already_captured","message":"The authorization auth_66411a780c753858 was captured at 2026-01-28T10:00:00Z.","correlationId":"0ab89497-56a8-425a-b57b-3abdd0421019"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn an_injected_refusal_gives_way_to_the_truth() {
    let service =
        Service::under("payment.capture#2=authorization_expired; payment.release#1=already_released");
    let id = service.held().await;
    let body = format!(r#"{{"authId": "{id}"}}"#);
    service.post("/payment/capture", &body).await;
    for operation in ["capture", "release"] {
        let answer = service.post(&format!("/payment/{operation}"), &body).await;
        assert_eq!(answer.brief(), "409 already_captured");
        assert!(answer.json()["chaos"].is_null() && !answer.whole().contains("x-chaos"));
    }
    assert_eq!(service.status_of(&id).await, "captured");

    let service = Service::under("payment.capture#1=authorization_expired");
    assert_eq!(service.post("/payment/capture", r#"{"authId": "auth_1"}"#).await.brief(), "404 not_found");
}

#[tokio::test(start_paused = true)]
async fn an_order_meets_its_outcomes_on_all_its_resources() {
    let service = Service::under("ORD-123:payment.capture#1=reset; ORD-123:payment.status#1=unavailable");
    let other = r#"{"amount": 1, "currency": "usd", "orderId": "ORD-7"}"#;
    let other = service.post("/payment/authorize", other).await.json();
    let id = service.held().await;
    let capture = |id: &str| format!(r#"{{"authId": "{id}"}}"#);
    let spared = service.post("/payment/capture", &capture(other["authId"].as_str().unwrap())).await;
    assert_eq!(spared.brief(), "200");
    assert_eq!(service.post("/payment/capture", &capture(&id)).await.brief(), "connection reset by chaos");
    let path = format!("/payment/{id}/status");
    assert_eq!(service.get(&path).await.brief(), "503 unavailable");
    assert_eq!(service.get(&path).await.json()["status"], "authorized");
}
