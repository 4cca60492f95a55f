//! Every outcome of every operation: the answer, and the state afterwards.

use insta::assert_snapshot;

use crate::stockroom::{Stockroom, TWO_AND_ONE};

/// A service whose first attempt at `operation` meets `outcome`.
fn meeting(operation: &str, outcome: &str) -> Stockroom {
    let script = format!("{operation}#1={outcome}");
    Stockroom::with(&[("CHAOS_FAILURE_RATE", "0"), ("CHAOS_SCRIPT", &script)])
}

fn outcomes_of(operation: &str) -> impl Iterator<Item = &'static str> {
    let operation = inventory::OPERATIONS.iter().find(|known| known.name == operation).unwrap();
    operation.possible().map(|outcome| outcome.name)
}

#[tokio::test(start_paused = true)]
async fn a_reserve_that_is_told_to_have_failed_tells_the_truth_about_the_stock() {
    let mut table = String::new();
    for outcome in outcomes_of("inventory.reserve") {
        let stockroom = meeting("inventory.reserve", outcome);
        let told = stockroom.post("/inventory/reserve", TWO_AND_ONE).await.gist();
        table += &format!("{outcome} | {told} | {} left\n", stockroom.available("ITEM-001").await);
    }
    assert_snapshot!(table, @"
    success | 201 | 3 left
    internal_error | 500 internal_error | 5 left
    unavailable | 503 unavailable | 5 left
    rate_limited | 429 rate_limited | 5 left
    timeout | 408 timeout | 5 left
    hang | connection closed by chaos | 5 left
    reset | connection reset by chaos | 5 left
    empty | connection closed by chaos | 5 left
    slow | 201 | 3 left
    timeout_after | 408 timeout | 3 left
    internal_error_after | 500 internal_error | 3 left
    lost_response | connection reset by chaos | 3 left
    malformed | 200 | 3 left
    out_of_stock | 409 out_of_stock | 5 left
    ");
}

#[tokio::test(start_paused = true)]
async fn a_release_agrees_with_a_later_read() {
    let mut table = String::new();
    for outcome in outcomes_of("inventory.release") {
        let stockroom = meeting("inventory.release", outcome);
        let id = stockroom.reserved().await;
        let told = stockroom.release(&id).await.gist();
        let status = stockroom.status(&id).await.json();
        let left = stockroom.available("ITEM-001").await;
        table += &format!("{outcome} | {told} | {} | {left} left\n", status["status"]);
    }
    assert_snapshot!(table, @r#"
    success | 200 | "released" | 5 left
    internal_error | 500 internal_error | "reserved" | 3 left
    unavailable | 503 unavailable | "reserved" | 3 left
    rate_limited | 429 rate_limited | "reserved" | 3 left
    timeout | 408 timeout | "reserved" | 3 left
    hang | connection closed by chaos | "reserved" | 3 left
    reset | connection reset by chaos | "reserved" | 3 left
    empty | connection closed by chaos | "reserved" | 3 left
    slow | 200 | "released" | 5 left
    timeout_after | 408 timeout | "released" | 5 left
    internal_error_after | 500 internal_error | "released" | 5 left
    lost_response | connection reset by chaos | "released" | 5 left
    malformed | 200 | "released" | 5 left
    "#);
}

#[tokio::test(start_paused = true)]
async fn an_injected_refusal_says_so_and_gives_no_numbers() {
    let stockroom = meeting("inventory.reserve", "out_of_stock");
    assert_snapshot!(stockroom.post("/inventory/reserve", TWO_AND_ONE).await.shown, @r#"
    409
    x-chaos-injected: inventory.reserve=out_of_stock
    {"type":"urn:fake-stripe-chaos:problem:out_of_stock","title":"Out of stock","status":409,"detail":"There is not enough in stock; nothing is reserved.","instance":"/inventory/reserve","success":false,"error":"out_of_stock","message":"There is not enough in stock; nothing is reserved.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","chaos":{"operation":"inventory.reserve","outcome":"out_of_stock","seed":42,"attempt":1}}
    "#);
    assert_eq!(stockroom.post("/inventory/reserve", TWO_AND_ONE).await.gist(), "201");
}

#[tokio::test(start_paused = true)]
async fn where_stock_is_short_the_true_answer_is_given() {
    let stockroom = meeting("inventory.reserve", "out_of_stock");
    let six = TWO_AND_ONE.replace("\"quantity\":2", "\"quantity\":6");
    let refused = stockroom.post("/inventory/reserve", &six).await;
    assert_eq!(refused.gist(), "409 out_of_stock");
    assert!(refused.json()["chaos"].is_null() && !refused.shown.contains("x-chaos-injected"), "{refused:?}");
    assert_eq!(stockroom.chaos().stats("inventory")[0].overridden, 1);
}

#[tokio::test(start_paused = true)]
async fn release_and_status_are_drawn_by_the_order_of_the_reservation() {
    let stockroom = Stockroom::with(&[
        ("CHAOS_FAILURE_RATE", "0"),
        (
            "CHAOS_SCRIPT",
            "ORD-123:inventory.release#1=internal_error; ORD-123:inventory.status#1=unavailable",
        ),
    ]);
    let id = stockroom.reserved().await;
    assert_eq!(stockroom.status(&id).await.gist(), "503 unavailable");
    assert_eq!(stockroom.release(&id).await.gist(), "500 internal_error");
    assert_eq!(stockroom.release(&id).await.gist(), "200");
}
