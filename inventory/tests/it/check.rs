//! Looking without touching.

use axum::http::StatusCode;
use insta::assert_snapshot;

use crate::stockroom::Stockroom;

#[tokio::test(start_paused = true)]
async fn each_sku_is_told_once() {
    let stockroom = Stockroom::calm();
    stockroom.reserved().await;
    let body = r#"{"items":[{"sku":"ITEM-002","quantity":1},{"sku":"ITEM-001","quantity":2},{"sku":"ITEM-002","quantity":2},{"sku":"OTHER","quantity":7}]}"#;
    assert_snapshot!(stockroom.post("/inventory/check", body).await.shown, @r#"
    200
    {"success":true,"available":false,"items":[{"sku":"ITEM-002","requested":3,"available":2,"sufficient":false},{"sku":"ITEM-001","requested":2,"available":3,"sufficient":true},{"sku":"OTHER","requested":7,"available":1000000,"sufficient":true}]}
    "#);
    let body = r#"{"items":[{"sku":"ITEM-001","quantity":3}]}"#;
    assert_snapshot!(stockroom.post("/inventory/check", body).await.shown, @r#"
    200
    {"success":true,"available":true,"items":[{"sku":"ITEM-001","requested":3,"available":3,"sufficient":true}]}
    "#);
}

#[tokio::test(start_paused = true)]
async fn nothing_changes_and_no_key_is_remembered() {
    let stockroom = Stockroom::calm();
    let body = r#"{"items":[{"sku":"ITEM-001","quantity":5}]}"#;
    let first = stockroom.post_under("key", "/inventory/check", body).await;
    stockroom.reserved().await;
    let second = stockroom.post_under("key", "/inventory/check", body).await;
    assert_eq!(
        (first.json()["available"].as_bool(), second.json()["available"].as_bool()),
        (Some(true), Some(false))
    );
    assert_eq!(second.gist(), StatusCode::OK.as_str());
    assert_eq!(stockroom.available("ITEM-001").await, 3);
}

#[tokio::test(start_paused = true)]
async fn check_and_status_fail_only_when_their_own_tables_say_so() {
    let body = r#"{"items":[{"sku":"ITEM-001","quantity":5}]}"#;
    let stormy = Stockroom::with(&[("CHAOS_FAILURE_RATE", "1")]);
    assert_eq!(stormy.post("/inventory/check", body).await.gist(), "200");
    assert_eq!(stormy.status("res_00000000000000ff").await.gist(), "404 not_found");
    let failing = Stockroom::with(&[
        ("CHAOS_INVENTORY_CHECK", "unavailable=100%"),
        ("CHAOS_INVENTORY_STATUS", "internal_error=100%"),
    ]);
    assert_eq!(failing.post("/inventory/check", body).await.gist(), "503 unavailable");
    assert_eq!(failing.status("res_00000000000000ff").await.gist(), "500 internal_error");
}
