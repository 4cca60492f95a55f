//! The same request under the same key.

use crate::stockroom::{Stockroom, TWO_AND_ONE, naming};

#[tokio::test(start_paused = true)]
async fn bodies_are_the_same_when_their_known_fields_are() {
    let stockroom = Stockroom::calm();
    let first = stockroom.post_under("k", "/inventory/reserve", TWO_AND_ONE).await;
    // The same known fields, spelled differently.
    let spelled = r#"{"note":1,"orderId":"ORD-123","items":[{"quantity":2.0,"sku":"ITEM-001","warehouseId":null},{"sku":"ITEM-002","warehouseId":"WH-EAST","quantity":1}]}"#;
    let second = stockroom.post_under("k", "/inventory/reserve", spelled).await;
    assert_eq!(second.json(), first.json());
    assert!(second.shown.starts_with("201\nidempotent-replayed: true\n"), "{}", second.shown);
    let other = TWO_AND_ONE.replace("\"quantity\":2", "\"quantity\":1");
    let other = stockroom.post_under("k", "/inventory/reserve", &other).await;
    assert_eq!(other.gist(), "422 idempotency_key_reuse");
    assert_eq!(stockroom.available("ITEM-001").await, 3, "reserved once");

    let id = first.json()["reservationId"].as_str().unwrap().to_owned();
    assert_eq!(stockroom.post_under("k", "/inventory/release", &naming(&id)).await.gist(), "200");
    let other = stockroom.post_under("k", "/inventory/release", &naming("res_xyz")).await;
    assert_eq!(other.gist(), "422 idempotency_key_reuse");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_stands_under_its_key_though_the_stock_has_come_back() {
    let stockroom = Stockroom::calm();
    let four = r#"{"items":[{"sku":"ITEM-001","quantity":4}],"orderId":"ORD-7"}"#;
    let id = stockroom.reserved().await;
    assert_eq!(stockroom.post_under("k", "/inventory/reserve", four).await.gist(), "409 out_of_stock");
    assert_eq!(stockroom.release(&id).await.gist(), "200");
    assert_eq!(stockroom.post_under("k", "/inventory/reserve", four).await.gist(), "409 out_of_stock");
    assert_eq!(stockroom.post_under("new", "/inventory/reserve", four).await.gist(), "201");
}
