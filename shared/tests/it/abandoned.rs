//! Clients that leave.

use std::time::Duration;

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
