//! Every state has an answer to every operation.

use std::time::Duration;

use insta::assert_snapshot;

use crate::service::{Service, pass};

const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

/// An authorization in this state.
async fn authorization(service: &Service, state: &str) -> String {
    let id = service.held().await;
    let body = format!(r#"{{"authId": "{id}"}}"#);
    let part = format!(r#"{{"authId": "{id}", "amount": 50}}"#);
    match state {
        "authorized" => {}
        "captured" => drop(service.post("/payment/capture", &body).await),
        "partly refunded" => {
            service.post("/payment/capture", &body).await;
            service.post("/payment/refund", &part).await;
        }
        "refunded" => {
            service.post("/payment/capture", &body).await;
            service.post("/payment/refund", &body).await;
        }
        "released" => drop(service.post("/payment/release", &body).await),
        "expired" => pass(WEEK).await,
        _ => unreachable!(),
    }
    id
}

#[tokio::test(start_paused = true)]
async fn every_state_has_an_answer_to_every_operation() {
    let mut table = String::new();
    for state in ["authorized", "captured", "partly refunded", "refunded", "released", "expired"] {
        for (operation, amount) in [("capture", ""), ("release", ""), ("refund", ""), ("refund", "109.98")] {
            let service = Service::calm();
            let id = authorization(&service, state).await;
            let before = service.status_of(&id).await;
            let amount = if amount.is_empty() { "null" } else { amount };
            let body = format!(r#"{{"authId": "{id}", "amount": {amount}}}"#);
            let answer = service.post(&format!("/payment/{operation}"), &body).await;
            let after = service.status_of(&id).await;
            let operation = if amount == "null" { operation } else { "refund too much" };
            table += &format!("{state} | {operation} | {} | {before} -> {after}\n", answer.brief());
        }
    }
    assert_snapshot!(table, @r"
    authorized | capture | 200 | authorized -> captured
    authorized | release | 200 | authorized -> released
    authorized | refund | 409 not_captured | authorized -> authorized
    authorized | refund too much | 409 not_captured | authorized -> authorized
    captured | capture | 409 already_captured | captured -> captured
    captured | release | 409 already_captured | captured -> captured
    captured | refund | 200 | captured -> refunded
    captured | refund too much | 422 refund_exceeds_captured | captured -> captured
    partly refunded | capture | 409 already_captured | captured -> captured
    partly refunded | release | 409 already_captured | captured -> captured
    partly refunded | refund | 200 | captured -> refunded
    partly refunded | refund too much | 422 refund_exceeds_captured | captured -> captured
    refunded | capture | 409 already_captured | refunded -> refunded
    refunded | release | 409 already_captured | refunded -> refunded
    refunded | refund | 409 already_refunded | refunded -> refunded
    refunded | refund too much | 409 already_refunded | refunded -> refunded
    released | capture | 409 already_released | released -> released
    released | release | 409 already_released | released -> released
    released | refund | 409 not_captured | released -> released
    released | refund too much | 409 not_captured | released -> released
    expired | capture | 410 authorization_expired | expired -> expired
    expired | release | 410 authorization_expired | expired -> expired
    expired | refund | 409 not_captured | expired -> expired
    expired | refund too much | 409 not_captured | expired -> expired
    ");
}
