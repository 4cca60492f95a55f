//! The books hold so many reservations and no more.

use insta::assert_snapshot;

use crate::stockroom::{Stockroom, TWO_AND_ONE, naming};

fn of_two() -> Stockroom {
    Stockroom::with(&[
        ("CHAOS_FAILURE_RATE", "0"),
        ("INVENTORY_CAPACITY", "2"),
        ("INVENTORY_STOCK", "ITEM-001=100,ITEM-002=100"),
    ])
}

#[tokio::test(start_paused = true)]
async fn live_reservations_are_never_forgotten() {
    let stockroom = of_two();
    let (first, second) = (stockroom.reserved().await, stockroom.reserved().await);
    assert_snapshot!(stockroom.post_under("k", "/inventory/reserve", TWO_AND_ONE).await.shown, @r#"
    503
    {"type":"urn:fake-stripe-chaos:problem:store_full","title":"Store full","status":503,"detail":"The store is full: all 2 reservations (INVENTORY_CAPACITY) are live, so none can be evicted.","instance":"/inventory/reserve","success":false,"error":"store_full","message":"The store is full: all 2 reservations (INVENTORY_CAPACITY) are live, so none can be evicted.","correlationId":"e02e3133-bd31-4488-87aa-a8608186a428"}
    "#);
    assert_eq!(stockroom.available("ITEM-001").await, 96, "nothing more is kept aside");
    for id in [&first, &second] {
        assert_eq!(stockroom.status(id).await.json()["status"], "reserved");
    }
    assert_eq!(stockroom.release(&first).await.gist(), "200");
    let again = stockroom.post_under("k", "/inventory/reserve", TWO_AND_ONE).await;
    assert_eq!(again.gist(), "201", "a full store is not remembered under the key");
}

#[tokio::test(start_paused = true)]
async fn the_first_to_end_is_forgotten_first() {
    let stockroom = of_two();
    let (first, second) = (stockroom.reserved().await, stockroom.reserved().await);
    stockroom.release(&second).await;
    stockroom.release(&first).await;
    let third = stockroom.reserved().await;
    assert_eq!(stockroom.status(&second).await.gist(), "404 not_found");
    assert_eq!(stockroom.release(&first).await.gist(), "409 already_released");
    let fourth = stockroom.reserved().await;
    assert_eq!(stockroom.post("/inventory/release", &naming(&first)).await.gist(), "404 not_found");
    for id in [&third, &fourth] {
        assert_eq!(stockroom.status(id).await.json()["status"], "reserved");
    }
}

#[tokio::test(start_paused = true)]
async fn expired_reservations_make_room() {
    let stockroom = of_two();
    let (first, second) = (stockroom.reserved().await, stockroom.reserved().await);
    tokio::time::sleep(std::time::Duration::from_secs(30 * 60)).await;
    stockroom.reserved().await;
    stockroom.reserved().await;
    for id in [&first, &second] {
        assert_eq!(stockroom.status(id).await.gist(), "404 not_found");
    }
    assert_eq!(stockroom.available("ITEM-001").await, 96);
}

#[tokio::test(start_paused = true)]
async fn chaos_does_not_refuse_for_want_of_stock_what_a_full_store_would() {
    let stockroom = Stockroom::with(&[
        ("CHAOS_FAILURE_RATE", "0"),
        ("CHAOS_SCRIPT", "ORD-123:inventory.reserve#2=out_of_stock"),
        ("INVENTORY_CAPACITY", "1"),
    ]);
    stockroom.reserved().await;
    let refused = stockroom.post("/inventory/reserve", TWO_AND_ONE).await;
    assert_eq!(refused.gist(), "503 store_full");
    assert!(refused.json()["chaos"].is_null());
}
