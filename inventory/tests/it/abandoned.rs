//! Clients that leave.

use std::time::Duration;

use crate::stockroom::{Stockroom, TWO_AND_ONE, naming};

async fn leave(request: impl Future) {
    assert!(tokio::time::timeout(Duration::from_secs(1), request).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn before_the_operation_nothing_happened_and_the_attempt_is_used() {
    let stockroom = Stockroom::with(&[
        ("CHAOS_INVENTORY_RESERVE", "hang=100%"),
        ("CHAOS_SCRIPT", "inventory.reserve#2=success"),
    ]);
    leave(stockroom.post_under("k", "/inventory/reserve", TWO_AND_ONE)).await;
    assert_eq!(stockroom.available("ITEM-001").await, 5);
    let again = stockroom.post_under("k", "/inventory/reserve", TWO_AND_ONE).await;
    assert_eq!(again.gist(), "201");
    assert!(!again.shown.contains("replayed"), "{}", again.shown);
    assert_eq!(stockroom.available("ITEM-001").await, 3);
}

#[tokio::test(start_paused = true)]
async fn after_the_operation_it_stands_and_is_told_under_its_key() {
    let script = "inventory.reserve#1=slow@10s; inventory.release#1=slow@10s";
    let stockroom = Stockroom::with(&[("CHAOS_FAILURE_RATE", "0"), ("CHAOS_SCRIPT", script)]);
    leave(stockroom.post_under("k", "/inventory/reserve", TWO_AND_ONE)).await;
    assert_eq!(stockroom.available("ITEM-001").await, 3);
    let again = stockroom.post_under("k", "/inventory/reserve", TWO_AND_ONE).await;
    assert!(again.shown.contains("replayed"), "{}", again.shown);

    let body = naming(again.json()["reservationId"].as_str().unwrap());
    leave(stockroom.post_under("k", "/inventory/release", &body)).await;
    assert_eq!(stockroom.available("ITEM-001").await, 5);
    assert_eq!(stockroom.post("/inventory/release", &body).await.gist(), "409 already_released");
    assert_eq!(stockroom.post_under("k", "/inventory/release", &body).await.gist(), "200");
}
