//! Reservations that end by themselves.

use std::time::Duration;

use crate::stockroom::Stockroom;

async fn minutes(count: u64) {
    tokio::time::sleep(Duration::from_secs(60 * count)).await;
}

#[tokio::test(start_paused = true)]
async fn stock_comes_back_to_the_moment() {
    let stockroom = Stockroom::calm();
    let id = stockroom.reserved().await;
    tokio::time::sleep(Duration::from_millis(30 * 60 * 1000 - 1)).await;
    assert_eq!(stockroom.status(&id).await.json()["status"], "reserved");
    assert_eq!(stockroom.available("ITEM-001").await, 3);
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(stockroom.available("ITEM-001").await, 5, "although nobody read the reservation");
    assert_eq!(stockroom.status(&id).await.json()["expiredAt"], "2026-03-01T10:30:00Z");
}

#[tokio::test(start_paused = true)]
async fn a_reservation_ended_when_it_was_due_however_late_that_is_noticed() {
    let stockroom = Stockroom::calm();
    let id = stockroom.reserved().await;
    minutes(60 * 24).await;
    assert_eq!(stockroom.status(&id).await.json()["expiredAt"], "2026-03-01T10:30:00Z");
    assert_eq!(stockroom.release(&id).await.gist(), "410 reservation_expired");
}

#[tokio::test(start_paused = true)]
async fn the_next_reserve_of_anybody_has_the_stock_that_came_back() {
    let stockroom = Stockroom::calm();
    let all = r#"{"items":[{"sku":"ITEM-001","quantity":5}],"orderId":"ORD-1"}"#;
    assert_eq!(stockroom.post("/inventory/reserve", all).await.gist(), "201");
    minutes(29).await;
    assert_eq!(stockroom.post("/inventory/reserve", all).await.gist(), "409 out_of_stock");
    minutes(1).await;
    assert_eq!(stockroom.post("/inventory/reserve", all).await.gist(), "201");
}

#[tokio::test(start_paused = true)]
async fn a_released_reservation_does_not_expire_a_second_time() {
    let stockroom = Stockroom::calm();
    let id = stockroom.reserved().await;
    stockroom.release(&id).await;
    minutes(31).await;
    assert_eq!(stockroom.status(&id).await.json()["status"], "released");
    assert_eq!(stockroom.available("ITEM-001").await, 5);
}

#[tokio::test(start_paused = true)]
async fn the_time_to_live_is_set_by_its_variable_and_not_scaled() {
    let stockroom = Stockroom::with(&[
        ("CHAOS_FAILURE_RATE", "0"),
        ("INVENTORY_RESERVATION_TTL", "90s"),
        ("TIME_SCALE", "0.01"),
    ]);
    let id = stockroom.reserved().await;
    assert_eq!(stockroom.status(&id).await.json()["expiresAt"], "2026-03-01T10:01:30Z");
    minutes(1).await;
    assert_eq!(stockroom.status(&id).await.json()["status"], "reserved");
    minutes(1).await;
    assert_eq!(stockroom.status(&id).await.json()["status"], "expired");
}
