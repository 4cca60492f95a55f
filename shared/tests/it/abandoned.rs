//! Clients that leave.

use std::time::Duration;

use axum::body::Body;

use crate::toy::{Toys, make_with};

const RED: &str = r#"{"colour":"red","orderId":"ORD-1"}"#;

async fn leave_after(toys: &Toys, seconds: u64) {
    let request = toys.send(make_with(RED, &[("idempotency-key", "k")]));
    assert!(tokio::time::timeout(Duration::from_secs(seconds), request).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_before_the_operation_frees_its_key_and_has_used_its_attempt() {
    let script = "toy.make#1=timeout@10s; toy.make#2=success";
    let toys = Toys::with(9, &[("CHAOS_TOY_MAKE", "internal_error=100%"), ("CHAOS_SCRIPT", script)]);
    leave_after(&toys, 1).await;
    assert_eq!(toys.made(), 0);
    let again = toys.send(make_with(RED, &[("idempotency-key", "k")])).await;
    assert!(again.starts_with("201") && !again.contains("replayed"), "the second attempt: {again}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_after_the_operation_changes_nothing() {
    let toys = Toys::meeting("slow=100%@10s");
    leave_after(&toys, 1).await;
    assert_eq!(toys.made(), 1);
    let again = toys.send(make_with(RED, &[("idempotency-key", "k")])).await;
    assert!(again.starts_with("201") && again.contains("replayed"), "{again}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_amid_its_body_is_told_of_as_one_that_left() {
    let toys = Toys::meeting("success=100%");
    let parts = [Ok(RED[..10].to_owned()), Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof))];
    let body = Body::from_stream(futures_util::stream::iter(parts));
    let request = make_with("", &[("idempotency-key", "k")]).map(|_| body);
    assert!(toys.send(request).await.starts_with("400"));
    let ledger = toys.ledger();
    assert!(ledger.contains(r#""abandoned":true"#) && !ledger.contains("malformed_json"), "{ledger}");
}
