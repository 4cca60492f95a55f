//! What a client reads when all goes well.

use std::time::Duration;

use insta::assert_snapshot;

use crate::service::{Service, pass};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn money_is_held_captured_and_given_back_in_parts() {
    let service = Service::calm();
    let body = r#"{"amount": 109.970, "currency": "USD", "orderId": "ORD-123", "customerId": "CUST-456",
        "items": ["unknown fields are ignored"]}"#;
    assert_snapshot!(service.post("/payment/authorize", body).await.whole(), @r#"
    201
    {"success":true,"authId":"auth_843e55e086c95bba","amount":109.97,"currency":"usd","status":"authorized","createdAt":"2026-01-28T10:00:00Z","expiresAt":"2026-02-04T10:00:00Z","orderId":"ORD-123","customerId":"CUST-456"}
    "#);
    let id = service.held().await;
    pass(2 * MINUTE).await;
    let body = format!(r#"{{"authId": "{id}"}}"#);
    assert_snapshot!(service.post("/payment/capture", &body).await.whole(), @r#"
    200
    {"success":true,"authId":"auth_66411a780c753858","amount":109.97,"currency":"usd","status":"captured","capturedAt":"2026-01-28T10:02:00Z"}
    "#);
    pass(MINUTE).await;
    let part = format!(r#"{{"authId": "{id}", "amount": 50, "reason": "requested_by_customer"}}"#);
    assert_snapshot!(service.post("/payment/refund", &part).await.whole(), @r#"
    200
    {"success":true,"authId":"auth_66411a780c753858","currency":"usd","refundId":"re_49f8932c96652ecd","amount":50,"status":"succeeded","reason":"requested_by_customer","createdAt":"2026-01-28T10:03:00Z"}
    "#);
    assert_snapshot!(service.get(&format!("/payment/{id}/status")).await.whole(), @r#"
    200
    {"success":true,"authId":"auth_66411a780c753858","amount":109.97,"currency":"usd","status":"captured","createdAt":"2026-01-28T10:00:00Z","expiresAt":"2026-02-04T10:00:00Z","orderId":"ORD-123","capturedAmount":109.97,"refundedAmount":50,"capturedAt":"2026-01-28T10:02:00Z","refunds":[{"refundId":"re_49f8932c96652ecd","amount":50,"status":"succeeded","reason":"requested_by_customer","createdAt":"2026-01-28T10:03:00Z"}]}
    "#);
    let too_much = format!(r#"{{"authId": "{id}", "amount": 59.98}}"#);
    assert_snapshot!(service.post("/payment/refund", &too_much).await.whole(), @r#"
    422
    {"type":"urn:fake-stripe-chaos:problem:refund_exceeds_captured","title":"Refund exceeds what was captured","status":422,"detail":"The refund of 59.98 usd exceeds the 59.97 left of authorization auth_66411a780c753858.","instance":"/payment/refund","success":false,"error":"refund_exceeds_captured","message":"The refund of 59.98 usd exceeds the 59.97 left of authorization auth_66411a780c753858.","correlationId":"234d2525-79a5-49ff-81eb-39299b81574c"}
    "#);
    pass(MINUTE).await;
    assert_snapshot!(service.post("/payment/refund", &body).await.whole(), @r#"
    200
    {"success":true,"authId":"auth_66411a780c753858","currency":"usd","refundId":"re_f8668f90563c427e","amount":59.97,"status":"succeeded","createdAt":"2026-01-28T10:04:00Z"}
    "#);
    assert_snapshot!(service.get(&format!("/payment/{id}/status")).await.whole(), @r#"
    200
    {"success":true,"authId":"auth_66411a780c753858","amount":109.97,"currency":"usd","status":"refunded","createdAt":"2026-01-28T10:00:00Z","expiresAt":"2026-02-04T10:00:00Z","orderId":"ORD-123","capturedAmount":109.97,"refundedAmount":109.97,"capturedAt":"2026-01-28T10:02:00Z","refundedAt":"2026-01-28T10:04:00Z","refunds":[{"refundId":"re_49f8932c96652ecd","amount":50,"status":"succeeded","reason":"requested_by_customer","createdAt":"2026-01-28T10:03:00Z"},{"refundId":"re_f8668f90563c427e","amount":59.97,"status":"succeeded","createdAt":"2026-01-28T10:04:00Z"}]}
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_hold_is_released() {
    let service = Service::calm();
    let body = r#"{"amount": 5, "currency": "eur"}"#;
    let held = service.post("/payment/authorize", body).await;
    assert_snapshot!(held.whole(), @r#"
    201
    {"success":true,"authId":"auth_f868732767a99d05","amount":5,"currency":"eur","status":"authorized","createdAt":"2026-01-28T10:00:00Z","expiresAt":"2026-02-04T10:00:00Z"}
    "#);
    pass(MINUTE).await;
    let held = held.json();
    let id = held["authId"].as_str().unwrap();
    let body = format!(r#"{{"authId": "{id}"}}"#);
    assert_snapshot!(service.post("/payment/release", &body).await.whole(), @r#"
    200
    {"success":true,"authId":"auth_f868732767a99d05","amount":5,"currency":"eur","status":"released","releasedAt":"2026-01-28T10:01:00Z"}
    "#);
    assert_snapshot!(service.get(&format!("/payment/{id}/status")).await.whole(), @r#"
    200
    {"success":true,"authId":"auth_f868732767a99d05","amount":5,"currency":"eur","status":"released","createdAt":"2026-01-28T10:00:00Z","expiresAt":"2026-02-04T10:00:00Z","capturedAmount":0,"refundedAmount":0,"releasedAt":"2026-01-28T10:01:00Z","refunds":[]}
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_hold_expires_to_the_millisecond() {
    let service = Service::calm();
    let id = service.held().await;
    pass(7 * 24 * 60 * MINUTE - Duration::from_millis(1)).await;
    assert_eq!(service.status_of(&id).await, "authorized");
    pass(Duration::from_millis(1)).await;
    assert_eq!(service.status_of(&id).await, "expired");
    pass(MINUTE).await;
    assert_snapshot!(service.get(&format!("/payment/{id}/status")).await.whole(), @r#"
    200
    {"success":true,"authId":"auth_843e55e086c95bba","amount":109.97,"currency":"usd","status":"expired","createdAt":"2026-01-28T10:00:00Z","expiresAt":"2026-02-04T10:00:00Z","orderId":"ORD-123","capturedAmount":0,"refundedAmount":0,"expiredAt":"2026-02-04T10:00:00Z","refunds":[]}
    "#);
}

#[tokio::test(start_paused = true)]
async fn money_is_exact() {
    let service = Service::calm();
    for amount in ["999999999999999.999999", "0.000001", "0.1", "70000000", "109.97"] {
        let body = format!(r#"{{"amount": {amount}, "currency": "jpy"}}"#);
        let answer = service.post("/payment/authorize", &body).await.whole();
        assert!(answer.contains(&format!(r#""amount":{amount},"#)), "{answer}");
    }
}
