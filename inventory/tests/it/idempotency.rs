//! The same request under the same key.

use insta::assert_snapshot;

use crate::stockroom::{Stockroom, TWO_AND_ONE, naming};

#[tokio::test(start_paused = true)]
async fn a_repeat_is_answered_from_memory_and_reserves_nothing_more() {
    let stockroom = Stockroom::calm();
    let first = stockroom.post_under("k", "/inventory/reserve", TWO_AND_ONE).await;
    // The same known fields, spelled differently.
    let spelled = r#"{"note":1,"orderId":"ORD-123","items":[{"quantity":2.0,"sku":"ITEM-001","warehouseId":null},{"sku":"ITEM-002","warehouseId":"WH-EAST","quantity":1}]}"#;
    let second = stockroom.post_under("k", "/inventory/reserve", spelled).await;
    assert_eq!(second.json(), first.json());
    assert!(second.shown.starts_with("201\nidempotent-replayed: true\n"), "{}", second.shown);
    assert_eq!(stockroom.available("ITEM-001").await, 3);
}

#[tokio::test(start_paused = true)]
async fn a_repeated_release_is_a_success_while_another_one_is_refused() {
    let stockroom = Stockroom::calm();
    let body = naming(&stockroom.reserved().await);
    let first = stockroom.post_under("k", "/inventory/release", &body).await;
    let second = stockroom.post_under("k", "/inventory/release", &body).await;
    let other = stockroom.post_under("l", "/inventory/release", &body).await;
    assert_eq!([first, second, other].map(|answer| answer.gist()), ["200", "200", "409 already_released"]);
}

#[tokio::test(start_paused = true)]
async fn a_key_belongs_to_one_operation_and_one_body() {
    let stockroom = Stockroom::calm();
    let id = stockroom.reserved().await;
    assert_eq!(stockroom.post_under("k", "/inventory/reserve", TWO_AND_ONE).await.gist(), "201");
    let other = TWO_AND_ONE.replace("\"quantity\":2", "\"quantity\":1");
    assert_snapshot!(stockroom.post_under("k", "/inventory/reserve", &other).await.shown, @r#"
    422
    {"type":"urn:fake-stripe-chaos:problem:idempotency_key_reuse","title":"Idempotency key reused","status":422,"detail":"This Idempotency-Key was used for another body.","instance":"/inventory/reserve","success":false,"error":"idempotency_key_reuse","message":"This Idempotency-Key was used for another body.","correlationId":"e02e3133-bd31-4488-87aa-a8608186a428"}
    "#);
    assert_eq!(stockroom.post_under("k", "/inventory/release", &naming(&id)).await.gist(), "200");
    let unknown = stockroom.post_under("k", "/inventory/release", &naming("res_xyz")).await;
    assert_eq!(unknown.gist(), "422 idempotency_key_reuse");
}

#[tokio::test(start_paused = true)]
async fn a_key_in_use_is_in_progress() {
    let stockroom =
        Stockroom::with(&[("CHAOS_FAILURE_RATE", "0"), ("CHAOS_SCRIPT", "inventory.reserve#1=slow@10s")]);
    // Slow answers late, but its result is stored first; only a request before its step is in progress.
    let late = stockroom.post_under("k", "/inventory/reserve", TWO_AND_ONE);
    let early = stockroom.post_under("k", "/inventory/reserve", TWO_AND_ONE);
    let (late, early) = tokio::join!(late, early);
    assert_eq!(early.json(), late.json());

    let stockroom =
        Stockroom::with(&[("CHAOS_FAILURE_RATE", "0"), ("CHAOS_SCRIPT", "inventory.reserve#1=timeout@10s")]);
    let first = stockroom.post_under("k", "/inventory/reserve", TWO_AND_ONE);
    let second = stockroom.post_under("k", "/inventory/reserve", TWO_AND_ONE);
    let (first, second) = tokio::join!(first, second);
    assert_eq!([first.gist(), second.gist()], ["408 timeout", "409 idempotency_in_progress"]);
    assert_eq!(stockroom.post_under("k", "/inventory/reserve", TWO_AND_ONE).await.gist(), "201");
}

#[tokio::test(start_paused = true)]
async fn refusals_are_kept_true_or_injected() {
    let stockroom = Stockroom::with(&[
        ("CHAOS_FAILURE_RATE", "0"),
        ("CHAOS_SCRIPT", "ORD-123:inventory.reserve#1=out_of_stock"),
    ]);
    let injected = stockroom.post_under("k", "/inventory/reserve", TWO_AND_ONE).await;
    assert_eq!(injected.json()["chaos"]["outcome"], "out_of_stock");
    let repeat = stockroom.post_under("k", "/inventory/reserve", TWO_AND_ONE).await;
    assert_eq!(repeat.gist(), "409 out_of_stock");
    assert!(repeat.json()["chaos"].is_null() && repeat.shown.contains("idempotent-replayed"), "{repeat:?}");

    let four = r#"{"items":[{"sku":"ITEM-001","quantity":4}],"orderId":"ORD-7"}"#;
    let id = stockroom.reserved().await;
    assert_eq!(stockroom.post_under("true", "/inventory/reserve", four).await.gist(), "409 out_of_stock");
    assert_eq!(stockroom.release(&id).await.gist(), "200");
    assert_eq!(stockroom.post_under("true", "/inventory/reserve", four).await.gist(), "409 out_of_stock");
    assert_eq!(stockroom.post_under("new", "/inventory/reserve", four).await.gist(), "201");
}

#[tokio::test(start_paused = true)]
async fn technical_faults_are_not_kept_and_after_faults_keep_the_truth() {
    for (outcome, told, then) in [
        ("internal_error", "500 internal_error", "201"),
        ("timeout", "408 timeout", "201"),
        ("unavailable", "503 unavailable", "201"),
        ("timeout_after", "408 timeout", "replayed"),
        ("internal_error_after", "500 internal_error", "replayed"),
        ("lost_response", "connection reset by chaos", "replayed"),
        ("malformed", "200", "replayed"),
    ] {
        let script = format!("inventory.reserve#1={outcome}");
        let stockroom = Stockroom::with(&[("CHAOS_FAILURE_RATE", "0"), ("CHAOS_SCRIPT", &script)]);
        let first = stockroom.post_under("k", "/inventory/reserve", TWO_AND_ONE).await;
        assert_eq!(first.gist(), told, "{outcome}");
        let second = stockroom.post_under("k", "/inventory/reserve", TWO_AND_ONE).await;
        assert_eq!(second.gist(), "201", "{outcome}");
        assert_eq!(second.shown.contains("idempotent-replayed"), then == "replayed", "{outcome}");
        assert_eq!(stockroom.available("ITEM-001").await, 3, "reserved once: {outcome}");
    }
}
