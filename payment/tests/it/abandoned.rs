//! A client that leaves before the operation leaves nothing; one that leaves after it changes nothing.

use std::time::Duration;

use tokio::time::timeout;

use crate::service::Service;

const SECOND: Duration = Duration::from_secs(1);

async fn captured_and_left(outcome: &str) -> (Service, String, String) {
    let service = Service::under(&format!("payment.capture#1={outcome}"));
    let id = service.held().await;
    let body = format!(r#"{{"authId": "{id}"}}"#);
    timeout(SECOND, service.post_under("key", "/payment/capture", &body)).await.unwrap_err();
    (service, id, body)
}

#[tokio::test(start_paused = true)]
async fn nothing_is_left_of_a_request_that_was_left_before_its_operation() {
    for outcome in ["timeout", "hang"] {
        let (service, id, body) = captured_and_left(outcome).await;
        assert_eq!(service.status_of(&id).await, "authorized", "{outcome}");
        let again = service.post_under("key", "/payment/capture", &body).await;
        assert_eq!(again.whole().lines().next(), Some("200"), "{outcome}");
        assert!(!again.whole().contains("replayed"), "{outcome}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_of_a_request_that_was_left_after_its_operation() {
    for outcome in ["slow", "timeout_after"] {
        let (service, id, body) = captured_and_left(outcome).await;
        assert_eq!(service.status_of(&id).await, "captured", "{outcome}");
        let again = service.post_under("key", "/payment/capture", &body).await;
        assert_eq!(again.brief(), "200", "{outcome}");
        assert!(again.whole().contains("idempotent-replayed: true"), "{outcome}");
    }
}
