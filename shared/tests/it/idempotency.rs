//! What a key is good for.

use std::time::Duration;

use crate::toy::{Toys, make_with};

const RED: &str = r#"{"colour":"red","orderId":"ORD-1"}"#;
const BLUE: &str = r#"{"colour":"blue","orderId":"ORD-1"}"#;

async fn with_key(toys: &Toys, body: &str, key: &str) -> String {
    toys.send(make_with(body, &[("idempotency-key", key)])).await
}

#[tokio::test(start_paused = true)]
async fn a_replay_is_the_stored_answer_and_draws_nothing() {
    let toys = Toys::meeting("success=100%");
    let first = with_key(&toys, RED, "k").await;
    let again = with_key(&toys, r#" { "orderId":"ORD-1", "unknown": 1, "colour":"red" } "#, "k").await;
    assert_eq!(again.replace("\nidempotent-replayed: true", ""), first);
    assert!(again.contains("idempotent-replayed: true"));
    let stats = &toys.chaos().stats("toy")[0];
    assert_eq!((toys.made(), stats.requests, stats.replays, stats.draws), (1, 2, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn without_a_key_every_request_is_one_of_its_own() {
    let toys = Toys::meeting("success=100%");
    let first = toys.send(make_with(RED, &[])).await;
    assert_ne!(toys.send(make_with(RED, &[])).await, first);
    assert_eq!(toys.made(), 2);
}

#[tokio::test(start_paused = true)]
async fn another_body_under_a_key_is_refused() {
    let toys = Toys::meeting("success=100%");
    with_key(&toys, RED, "k").await;
    insta::assert_snapshot!(with_key(&toys, BLUE, "k").await, @r#"
    422 Unprocessable Entity
    {"type":"urn:fake-stripe-chaos:problem:idempotency_key_reuse","title":"Idempotency key reused","status":422,"detail":"This Idempotency-Key was used with another body.","instance":"/toy/make","success":false,"error":"idempotency_key_reuse","message":"This Idempotency-Key was used with another body.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f"}
    "#);
    assert_eq!(toys.made(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_key_in_use_asks_to_wait() {
    let toys = Toys::meeting("timeout=100%@10s");
    let waiting = tokio::spawn({
        let toys = toys.clone();
        async move { with_key(&toys, RED, "k").await }
    });
    tokio::task::yield_now().await;
    insta::assert_snapshot!(with_key(&toys, RED, "k").await, @r#"
    409 Conflict
    retry-after: 1
    {"type":"urn:fake-stripe-chaos:problem:idempotency_in_progress","title":"Request in progress","status":409,"detail":"A request with this Idempotency-Key is still executing.","instance":"/toy/make","success":false,"error":"idempotency_in_progress","message":"A request with this Idempotency-Key is still executing.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","retryAfterMs":1000}
    "#);
    assert!(with_key(&toys, BLUE, "k").await.contains("idempotency_key_reuse"));
    assert_eq!(toys.chaos().stats("toy")[0].draws, 1, "only the request that waits has drawn");
    assert!(waiting.await.unwrap().starts_with("408"));
}

#[tokio::test(start_paused = true)]
async fn what_is_stored_is_the_operations_own_result() {
    // (outcome of the first request, what the second request under the same key gets)
    let cases = [
        ("already_made", "201"),
        ("timeout_after", "201"),
        ("internal_error_after", "201"),
        ("lost_response", "201"),
        ("malformed", "201"),
        ("slow", "201"),
        ("sold_out", "409"),
    ];
    for (outcome, second) in cases {
        let toys = Toys::meeting(&format!("{outcome}=100%"));
        with_key(&toys, RED, "k").await;
        let again = with_key(&toys, RED, "k").await;
        assert!(again.starts_with(second), "{outcome}: {again}");
        assert!(again.contains("idempotent-replayed: true"), "{outcome}: {again}");
        assert!(!again.contains("\"chaos\":"), "{outcome}: {again}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_technical_fault_is_not_stored_so_a_retry_is_a_new_attempt() {
    for fault in ["internal_error", "unavailable", "rate_limited", "timeout", "reset", "empty", "hang"] {
        let toys = Toys::with(
            9,
            &[("CHAOS_TOY_MAKE", "success=100%"), ("CHAOS_SCRIPT", &format!("toy.make#1={fault}"))],
        );
        with_key(&toys, RED, "k").await;
        assert_eq!(toys.made(), 0, "{fault}");
        let again = with_key(&toys, RED, "k").await;
        assert!(again.starts_with("201") && !again.contains("replayed"), "{fault}: {again}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_true_refusal_is_remembered() {
    let toys = Toys::with(0, &[("CHAOS_TOY_MAKE", "success=100%")]);
    with_key(&toys, RED, "k").await;
    let again = with_key(&toys, RED, "k").await;
    assert!(again.starts_with("409") && again.contains("idempotent-replayed: true"), "{again}");
}

#[tokio::test(start_paused = true)]
async fn a_key_is_forgotten_after_a_day() {
    let toys = Toys::meeting("success=100%");
    with_key(&toys, RED, "k").await;
    tokio::time::sleep(Duration::from_secs(24 * 3600 - 1)).await;
    assert!(with_key(&toys, RED, "k").await.contains("replayed"));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!with_key(&toys, RED, "k").await.contains("replayed"));
    assert_eq!(toys.made(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_oldest_answer_makes_room() {
    let toys = Toys::meeting("success=100%");
    for n in 0..101 {
        with_key(&toys, RED, &format!("k{n}")).await;
    }
    assert!(with_key(&toys, RED, "k1").await.contains("replayed"));
    assert!(!with_key(&toys, RED, "k0").await.contains("replayed"));
}
