//! Every state of a reservation has an answer to every operation.

use std::time::Duration;

use insta::assert_snapshot;

use crate::stockroom::Stockroom;

/// A reservation in this state.
async fn reservation(stockroom: &Stockroom, state: &str) -> String {
    let id = stockroom.reserved().await;
    match state {
        "reserved" => {}
        "released" => assert_eq!(stockroom.release(&id).await.gist(), "200"),
        "expired" => tokio::time::sleep(Duration::from_secs(30 * 60)).await,
        _ => unreachable!(),
    }
    id
}

#[tokio::test(start_paused = true)]
async fn every_state_has_an_answer_to_release_and_status() {
    let mut table = String::new();
    for state in ["reserved", "released", "expired"] {
        let stockroom = Stockroom::calm();
        let id = reservation(&stockroom, state).await;
        let before = stockroom.status(&id).await;
        assert_eq!((before.gist().as_str(), &before.json()["status"]), ("200", &state.into()));
        let released = stockroom.release(&id).await;
        let after = stockroom.status(&id).await.json();
        let left = stockroom.available("ITEM-001").await;
        table += &format!("{state} | {} -> {} | {left} left\n", released.gist(), after["status"]);
    }
    assert_snapshot!(table, @r#"
    reserved | 200 -> "released" | 5 left
    released | 409 already_released -> "released" | 5 left
    expired | 410 reservation_expired -> "expired" | 5 left
    "#);
}

#[tokio::test(start_paused = true)]
async fn refusals_name_the_reservation_and_the_moment() {
    let stockroom = Stockroom::calm();
    let released = reservation(&stockroom, "released").await;
    assert_snapshot!(stockroom.release(&released).await.shown, @r#"
    409
    {"type":"urn:fake-stripe-chaos:problem:already_released","title":"Already released","status":409,"detail":"Reservation res_5e7bcb9b0b59a329 was already released at 2026-03-01T10:00:00Z.","instance":"/inventory/release","success":false,"error":"already_released","message":"Reservation res_5e7bcb9b0b59a329 was already released at 2026-03-01T10:00:00Z.","correlationId":"e02e3133-bd31-4488-87aa-a8608186a428"}
    "#);
    let expired = reservation(&stockroom, "expired").await;
    assert_snapshot!(stockroom.release(&expired).await.shown, @r#"
    410
    {"type":"urn:fake-stripe-chaos:problem:reservation_expired","title":"Reservation expired","status":410,"detail":"Reservation res_744413541b9db24f expired at 2026-03-01T10:30:00Z; its stock was released then.","instance":"/inventory/release","success":false,"error":"reservation_expired","message":"Reservation res_744413541b9db24f expired at 2026-03-01T10:30:00Z; its stock was released then.","correlationId":"65cb8787-bd8b-4534-8631-3d1bb3da2e7f"}
    "#);
    assert_snapshot!(stockroom.status(&expired).await.shown, @r#"
    200
    {"success":true,"reservationId":"res_744413541b9db24f","items":[{"sku":"ITEM-001","quantity":2},{"sku":"ITEM-002","quantity":1,"warehouseId":"WH-EAST"}],"status":"expired","createdAt":"2026-03-01T10:00:00Z","expiresAt":"2026-03-01T10:30:00Z","expiredAt":"2026-03-01T10:30:00Z","orderId":"ORD-123"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_reservation_is_not_found() {
    let stockroom = Stockroom::calm();
    assert_snapshot!(stockroom.release("res_00000000000000ff").await.shown, @r#"
    404
    {"type":"urn:fake-stripe-chaos:problem:not_found","title":"Not found","status":404,"detail":"The reservation `res_00000000000000ff` does not exist or has been evicted.","instance":"/inventory/release","success":false,"error":"not_found","message":"The reservation `res_00000000000000ff` does not exist or has been evicted.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f"}
    "#);
    let unknown = [
        "res_00000000000000ff",
        "res_xyz",
        "auth_00000000000000ff",
        "RES_00000000000000FF",
        "%F0%9F%8C%8D",
        "%FF",
    ];
    for id in unknown {
        assert_eq!(stockroom.status(id).await.gist(), "404 not_found", "{id}");
    }
}

#[tokio::test(start_paused = true)]
async fn routes_do_not_clash() {
    let stockroom = Stockroom::calm();
    assert_snapshot!(stockroom.get("/inventory/check").await.shown, @r#"
    405
    allow: POST
    {"type":"urn:fake-stripe-chaos:problem:method_not_allowed","title":"Method not allowed","status":405,"detail":"/inventory/check does not support GET; see /api/docs.","instance":"/inventory/check","success":false,"error":"method_not_allowed","message":"/inventory/check does not support GET; see /api/docs.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f"}
    "#);
    assert_eq!(stockroom.get("/inventory/check/status").await.gist(), "404 not_found");
    assert_eq!(stockroom.get("/inventory/reserve").await.gist(), "405 method_not_allowed");
    assert_eq!(
        stockroom.post("/inventory/res_00000000000000ff/status", "{}").await.gist(),
        "405 method_not_allowed"
    );
    assert_eq!(stockroom.get("/inventory/res_00000000000000ff").await.gist(), "404 no_such_route");
}
