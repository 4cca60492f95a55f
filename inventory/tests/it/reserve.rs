//! Reserving: what is kept aside, and when nothing is.

use insta::assert_snapshot;

use crate::stockroom::{Stockroom, TWO_AND_ONE};

#[tokio::test(start_paused = true)]
async fn stock_is_kept_aside_and_the_reservation_can_be_read() {
    let stockroom = Stockroom::calm();
    let reserved = stockroom.post("/inventory/reserve", TWO_AND_ONE).await;
    assert_snapshot!(reserved.shown, @r#"
    201
    {"success":true,"reservationId":"res_5e7bcb9b0b59a329","items":[{"sku":"ITEM-001","quantity":2},{"sku":"ITEM-002","quantity":1,"warehouseId":"WH-EAST"}],"status":"reserved","createdAt":"2026-03-01T10:00:00Z","expiresAt":"2026-03-01T10:30:00Z","orderId":"ORD-123"}
    "#);
    let id = reserved.json()["reservationId"].as_str().unwrap().to_owned();
    let status = stockroom.status(&id).await;
    assert_eq!((status.gist(), status.json()), ("200".to_owned(), reserved.json()));
    assert_eq!((stockroom.available("ITEM-001").await, stockroom.available("ITEM-002").await), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn a_reserve_needs_no_order() {
    let stockroom = Stockroom::calm();
    let body = r#"{"items":[{"sku":"ITEM-001","quantity":5.0,"warehouseId":null}],"orderId":null,"price":9}"#;
    assert_snapshot!(stockroom.post("/inventory/reserve", body).await.shown, @r#"
    201
    {"success":true,"reservationId":"res_ab0848cb39931f61","items":[{"sku":"ITEM-001","quantity":5}],"status":"reserved","createdAt":"2026-03-01T10:00:00Z","expiresAt":"2026-03-01T10:30:00Z"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_reserve_is_all_or_nothing() {
    let stockroom = Stockroom::calm();
    let body = r#"{"items":[{"sku":"ITEM-001","quantity":1},{"sku":"ITEM-002","quantity":4},{"sku":"OTHER","quantity":1000000},{"sku":"OTHER","quantity":1}]}"#;
    assert_snapshot!(stockroom.post("/inventory/reserve", body).await.shown, @r#"
    409
    {"type":"urn:fake-stripe-chaos:problem:out_of_stock","title":"Out of stock","status":409,"detail":"There is not enough of ITEM-002 (4 requested, 3 available), OTHER (1000001 requested, 1000000 available); nothing is reserved.","instance":"/inventory/reserve","success":false,"error":"out_of_stock","message":"There is not enough of ITEM-002 (4 requested, 3 available), OTHER (1000001 requested, 1000000 available); nothing is reserved.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f"}
    "#);
    for (sku, all) in [("ITEM-001", 5), ("ITEM-002", 3), ("OTHER", 1_000_000)] {
        assert_eq!(stockroom.available(sku).await, all, "{sku}");
    }
}

#[tokio::test(start_paused = true)]
async fn lines_of_the_same_sku_add_up_wherever_it_lies() {
    let stockroom = Stockroom::calm();
    let body = |second: u32| {
        format!(
            r#"{{"items":[{{"sku":"ITEM-001","quantity":3,"warehouseId":"WH-EAST"}},{{"sku":"ITEM-001","quantity":{second},"warehouseId":"WH-WEST"}}]}}"#
        )
    };
    assert_eq!(stockroom.post("/inventory/reserve", &body(3)).await.gist(), "409 out_of_stock");
    let reserved = stockroom.post("/inventory/reserve", &body(2)).await;
    assert_eq!(reserved.gist(), "201");
    assert_eq!(reserved.json()["items"].as_array().unwrap().len(), 2, "lines stay as they were sent");
    assert_eq!(stockroom.available("ITEM-001").await, 0);
}

#[tokio::test(start_paused = true)]
async fn the_last_piece_goes_to_one_of_many() {
    let stockroom = Stockroom::calm();
    let body =
        |order: usize| format!(r#"{{"items":[{{"sku":"ITEM-001","quantity":1}}],"orderId":"ORD-{order}"}}"#);
    let mut gists = Vec::new();
    for order in 0..7 {
        gists.push(stockroom.post("/inventory/reserve", &body(order)).await.gist());
    }
    assert_eq!(gists, ["201", "201", "201", "201", "201", "409 out_of_stock", "409 out_of_stock"]);
}

#[tokio::test(start_paused = true)]
async fn released_stock_is_available_again() {
    let stockroom = Stockroom::calm();
    let id = stockroom.reserved().await;
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    assert_snapshot!(stockroom.release(&id).await.shown, @r#"
    200
    {"success":true,"reservationId":"res_5e7bcb9b0b59a329","status":"released","releasedAt":"2026-03-01T10:01:00Z"}
    "#);
    assert_snapshot!(stockroom.status(&id).await.shown, @r#"
    200
    {"success":true,"reservationId":"res_5e7bcb9b0b59a329","items":[{"sku":"ITEM-001","quantity":2},{"sku":"ITEM-002","quantity":1,"warehouseId":"WH-EAST"}],"status":"released","createdAt":"2026-03-01T10:00:00Z","expiresAt":"2026-03-01T10:30:00Z","releasedAt":"2026-03-01T10:01:00Z","orderId":"ORD-123"}
    "#);
    assert_eq!((stockroom.available("ITEM-001").await, stockroom.available("ITEM-002").await), (5, 3));
}
