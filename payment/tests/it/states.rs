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
    let operations = [("capture", "null"), ("release", "null"), ("refund", "null"), ("refund", "109.98")];
    let mut table = String::new();
    for state in ["authorized", "captured", "partly refunded", "refunded", "released", "expired"] {
        for (operation, amount) in operations {
            let service = Service::calm();
            let id = authorization(&service, state).await;
            let before = service.status_of(&id).await;
            let body = format!(r#"{{"authId": "{id}", "amount": {amount}}}"#);
            let answer = service.post(&format!("/payment/{operation}"), &body).await.brief();
            let after = service.status_of(&id).await;
            table += &format!("{state} | {operation} {amount} | {answer} | {before} -> {after}\n");
        }
    }
    assert_snapshot!(table, @r"
    authorized | capture null | 200 | authorized -> captured
    authorized | release null | 200 | authorized -> released
    authorized | refund null | 409 not_captured | authorized -> authorized
    authorized | refund 109.98 | 409 not_captured | authorized -> authorized
    captured | capture null | 409 already_captured | captured -> captured
    captured | release null | 409 already_captured | captured -> captured
    captured | refund null | 200 | captured -> refunded
    captured | refund 109.98 | 422 refund_exceeds_captured | captured -> captured
    partly refunded | capture null | 409 already_captured | captured -> captured
    partly refunded | release null | 409 already_captured | captured -> captured
    partly refunded | refund null | 200 | captured -> refunded
    partly refunded | refund 109.98 | 422 refund_exceeds_captured | captured -> captured
    refunded | capture null | 409 already_captured | refunded -> refunded
    refunded | release null | 409 already_captured | refunded -> refunded
    refunded | refund null | 409 already_refunded | refunded -> refunded
    refunded | refund 109.98 | 409 already_refunded | refunded -> refunded
    released | capture null | 409 already_released | released -> released
    released | release null | 409 already_released | released -> released
    released | refund null | 409 not_captured | released -> released
    released | refund 109.98 | 409 not_captured | released -> released
    expired | capture null | 410 authorization_expired | expired -> expired
    expired | release null | 410 authorization_expired | expired -> expired
    expired | refund null | 409 not_captured | expired -> expired
    expired | refund 109.98 | 409 not_captured | expired -> expired
    ");
}

#[tokio::test(start_paused = true)]
async fn an_id_that_names_nothing_is_not_found() {
    let service = Service::calm();
    let id = service.held().await.to_uppercase();
    let mut table = String::new();
    for id in ["auth_0000000000000000", "res_0000000000000000", "42", &id] {
        for operation in ["capture", "release", "refund"] {
            let body = format!(r#"{{"authId": "{id}"}}"#);
            let answer = service.post(&format!("/payment/{operation}"), &body).await.brief();
            assert_eq!(answer, "404 not_found", "{operation} {id}");
        }
        let answer = service.get(&format!("/payment/{id}/status")).await.brief();
        assert_eq!(answer, "404 not_found", "status {id}");
    }
    for path in ["/payment/nothing%20here/status", "/payment/%ff/status"] {
        table += &format!("{}\n", service.get(path).await.whole());
    }
    assert_snapshot!(table, @r#"
    404
    {"type":"urn:fake-stripe-chaos:problem:not_found","title":"Not found","status":404,"detail":"The authorization `nothing here` does not exist or has been evicted.","instance":"/payment/nothing%20here/status","success":false,"error":"not_found","message":"The authorization `nothing here` does not exist or has been evicted.","correlationId":"7ffccfcd-93f1-4b6f-970a-c3722914523a"}
    404
    {"type":"urn:fake-stripe-chaos:problem:not_found","title":"Not found","status":404,"detail":"The id in the path is not valid text.","instance":"/payment/%ff/status","success":false,"error":"not_found","message":"The id in the path is not valid text.","correlationId":"070baa66-c602-4901-bc89-dc61bded4c1a"}
    "#);
}
