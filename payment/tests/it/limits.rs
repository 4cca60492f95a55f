//! The store is bounded, and live money is never forgotten.

use insta::assert_snapshot;
use payment::Settings;

use crate::service::{Service, pass};

const HOLD: &str = r#"{"amount": 1, "currency": "usd"}"#;

async fn hold(service: &Service) -> String {
    let held = service.post("/payment/authorize", HOLD).await.json();
    held["authId"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_full_store_takes_no_more_until_something_is_settled() {
    let service = Service::with("", Settings { capacity: 2, ..Settings::default() });
    let (first, second) = (hold(&service).await, hold(&service).await);
    service.post("/payment/capture", &format!(r#"{{"authId": "{first}"}}"#)).await;
    assert_snapshot!(service.post_under("key", "/payment/authorize", HOLD).await.whole(), @r#"
    503
    {"type":"urn:fake-stripe-chaos:problem:store_full","title":"Store full","status":503,"detail":"The store is full: all 2 authorizations (PAYMENT_CAPACITY) are live, so none can be evicted.","instance":"/payment/authorize","success":false,"error":"store_full","message":"The store is full: all 2 authorizations (PAYMENT_CAPACITY) are live, so none can be evicted.","correlationId":"0ab89497-56a8-425a-b57b-3abdd0421019"}
    "#);
    service.post("/payment/release", &format!(r#"{{"authId": "{second}"}}"#)).await;
    assert_eq!(service.post_under("key", "/payment/authorize", HOLD).await.brief(), "201");
    assert_eq!(service.status_of(&first).await, "captured");
    assert_eq!(service.get(&format!("/payment/{second}/status")).await.brief(), "404 not_found");
}

#[tokio::test(start_paused = true)]
async fn holds_expire_when_it_was_set() {
    let ttl = std::time::Duration::from_secs(60);
    let service = Service::with("", Settings { authorization_ttl: ttl, capacity: 1 });
    let id = hold(&service).await;
    pass(ttl).await;
    assert_eq!(service.status_of(&id).await, "expired");
    hold(&service).await;
    assert_eq!(service.get(&format!("/payment/{id}/status")).await.brief(), "404 not_found");
}

#[tokio::test(start_paused = true)]
async fn the_last_refund_an_authorization_may_have_gives_back_the_rest() {
    let service = Service::calm();
    let id = hold(&service).await;
    let all = format!(r#"{{"authId": "{id}"}}"#);
    let part = format!(r#"{{"authId": "{id}", "amount": 0.001}}"#);
    service.post("/payment/capture", &all).await;
    for _ in 0..99 {
        assert_eq!(service.post("/payment/refund", &part).await.brief(), "200");
    }
    assert_snapshot!(service.post("/payment/refund", &part).await.whole(), @r#"
    422
    {"type":"urn:fake-stripe-chaos:problem:too_many_refunds","title":"Too many refunds","status":422,"detail":"The authorization auth_f868732767a99d05 has 99 refunds, and the last one allowed must refund everything that is left.","instance":"/payment/refund","success":false,"error":"too_many_refunds","message":"The authorization auth_f868732767a99d05 has 99 refunds, and the last one allowed must refund everything that is left.","correlationId":"7dcea9f5-6e67-4d62-a809-df49a0dcf5e5"}
    "#);
    assert_eq!(service.post("/payment/refund", &all).await.json()["amount"].to_string(), "0.901");
    assert_eq!(service.status_of(&id).await, "refunded");
}
