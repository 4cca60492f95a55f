//! What is written about requests: every one, however it ended.

use std::slice;
use std::time::Duration;

use axum::body::Body;
use http::Request;
use shared::ledger::Record;
use shared::pipeline::Pipeline;

use crate::toy::{Toys, make_for, make_with};

const RED: &str = r#"{"colour":"red","orderId":"ORD-1"}"#;
const BLUE: &str = r#"{"colour":"blue","orderId":"ORD-1"}"#;

#[tokio::test(start_paused = true)]
async fn a_request_and_its_effect_are_written_and_so_are_replay_and_reuse() {
    let toys = Toys::meeting("success=100%");
    for body in [RED, RED, BLUE] {
        toys.send(make_with(body, &[("idempotency-key", "k"), ("x-correlation-id", "c")])).await;
    }
    insta::assert_snapshot!(toys.ledger(), @r#"
    {"kind":"request","seq":1,"operation":"toy.make","order":"ORD-1","resource":"toy_74b83646946050e9","idempotencyKey":"k","fingerprint":"fa1d7e26dc8e007a23884ebefe232006","attempt":1,"outcome":"success","status":201,"startedAt":"2025-06-15T15:06:40.000Z","endedAt":"2025-06-15T15:06:40.000Z","correlationId":"c"}
    {"kind":"effect","seq":2,"at":"2025-06-15T15:06:40.000Z","order":"ORD-1","effect":"made","resource":"toy_74b83646946050e9","detail":"red","request":1}
    {"kind":"request","seq":3,"operation":"toy.make","order":"ORD-1","idempotencyKey":"k","fingerprint":"fa1d7e26dc8e007a23884ebefe232006","replay":true,"status":201,"startedAt":"2025-06-15T15:06:40.000Z","endedAt":"2025-06-15T15:06:40.000Z","correlationId":"c"}
    {"kind":"request","seq":4,"operation":"toy.make","order":"ORD-1","idempotencyKey":"k","fingerprint":"565c923d0401a31944b68756c85fddd7","status":422,"error":"idempotency_key_reuse","startedAt":"2025-06-15T15:06:40.000Z","endedAt":"2025-06-15T15:06:40.000Z","correlationId":"c"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn every_outcome_is_written_with_what_was_sent() {
    let mut lines = Vec::new();
    for outcome in crate::toy::MAKE.possible().map(|outcome| outcome.name) {
        let toys = Toys::meeting(&format!("{outcome}=100%"));
        toys.send(make_for("ORD-1")).await;
        let records = toys.pipeline().ledger().records();
        let Some(Record::Request(request)) = records.first() else { panic!("no request") };
        assert_eq!(request.outcome.as_deref(), Some(outcome));
        assert_eq!((request.attempt, request.abandoned), (Some(1), false), "{outcome}");
        assert!(request.ended_at.is_some(), "{outcome}");
        assert_eq!(
            records.len() - 1,
            toys.made() as usize,
            "{outcome}: one effect for what was made, none else"
        );
        let (status, error) = (request.status, request.error.as_deref().unwrap_or("-"));
        lines.push(format!("{outcome} {status:?} {error} {}", if request.garbled { "garbled" } else { "" }));
    }
    insta::assert_snapshot!(lines.join("\n"), @"
    success Some(201) - 
    internal_error Some(500) internal_error 
    unavailable Some(503) unavailable 
    rate_limited Some(429) rate_limited 
    timeout Some(408) timeout 
    hang None - 
    reset None - 
    empty None - 
    slow Some(201) - 
    timeout_after Some(408) timeout 
    internal_error_after Some(500) internal_error 
    lost_response None - 
    malformed Some(200) - garbled
    sold_out Some(409) sold_out 
    already_made Some(409) already_made
    ");
}

#[tokio::test(start_paused = true)]
async fn a_request_is_written_while_it_is_executing_and_when_its_client_leaves() {
    let toys = Toys::meeting("timeout=100%@10s");
    let request = toys.send(make_for("ORD-1"));
    let mut request = std::pin::pin!(request);
    assert!(tokio::time::timeout(Duration::from_secs(1), &mut request).await.is_err());
    let records = toys.pipeline().ledger().records();
    let Record::Request(executing) = &records[0] else { panic!("{records:?}") };
    assert_eq!((executing.ended_at, executing.outcome.as_deref()), (None, Some("timeout")));
    request.await;
    // A client that leaves before, and one that leaves after the operation.
    for table in ["timeout=100%@10s", "slow=100%@10s"] {
        let toys = Toys::meeting(table);
        assert!(tokio::time::timeout(Duration::from_secs(1), toys.send(make_for("ORD-1"))).await.is_err());
        let records = toys.pipeline().ledger().records();
        let Record::Request(left) = &records[0] else { panic!("{records:?}") };
        assert!(left.abandoned && left.status.is_none(), "{left:?}");
        assert_eq!(left.ended_at.unwrap().duration_since(left.started_at).as_secs(), 1);
        assert_eq!(records.len() == 2, table.starts_with("slow"), "{records:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn invalid_bodies_and_keys_in_use_are_written_without_an_attempt() {
    let toys = Toys::meeting("timeout=100%@10s");
    toys.send(make_with("{}", &[])).await;
    toys.send(make_with("nonsense", &[("x-correlation-id", "c")])).await;
    toys.send(make_with(RED, &[("idempotency-key", &"k".repeat(256))])).await;
    toys.send(make_with(&" ".repeat(1024 * 1024 + 1), &[])).await;
    toys.send(Request::post("/toy/make").header("content-type", "text/plain").body(Body::from(RED)).unwrap())
        .await;
    let waiting = tokio::spawn({
        let toys = toys.clone();
        async move { toys.send(make_with(RED, &[("idempotency-key", "k")])).await }
    });
    tokio::task::yield_now().await;
    toys.send(make_with(RED, &[("idempotency-key", "k")])).await;
    waiting.await.unwrap();
    insta::assert_snapshot!(toys.ledger(), @r#"
    {"kind":"request","seq":1,"operation":"toy.make","fingerprint":"9f3c510e6131cd10abe3be13be03c1c5","status":400,"error":"validation_error","startedAt":"2025-06-15T15:06:40.000Z","endedAt":"2025-06-15T15:06:40.000Z","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f"}
    {"kind":"request","seq":2,"operation":"toy.make","order":"c","fingerprint":"d37b09994bc7088bff84647b486d4c22","status":400,"error":"malformed_json","startedAt":"2025-06-15T15:06:40.000Z","endedAt":"2025-06-15T15:06:40.000Z","correlationId":"c"}
    {"kind":"request","seq":3,"operation":"toy.make","order":"ORD-1","fingerprint":"7cd4e9ac7d858c80f1fc3e65709b2135","status":400,"error":"validation_error","startedAt":"2025-06-15T15:06:40.000Z","endedAt":"2025-06-15T15:06:40.000Z","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f"}
    {"kind":"request","seq":4,"operation":"toy.make","status":413,"error":"body_too_large","startedAt":"2025-06-15T15:06:40.000Z","endedAt":"2025-06-15T15:06:40.000Z","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f"}
    {"kind":"request","seq":5,"operation":"toy.make","status":415,"error":"unsupported_media_type","startedAt":"2025-06-15T15:06:40.000Z","endedAt":"2025-06-15T15:06:40.000Z","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f"}
    {"kind":"request","seq":6,"operation":"toy.make","order":"ORD-1","idempotencyKey":"k","fingerprint":"fa1d7e26dc8e007a23884ebefe232006","attempt":1,"outcome":"timeout","status":408,"error":"timeout","startedAt":"2025-06-15T15:06:40.000Z","endedAt":"2025-06-15T15:06:50.000Z","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f"}
    {"kind":"request","seq":7,"operation":"toy.make","order":"ORD-1","idempotencyKey":"k","fingerprint":"fa1d7e26dc8e007a23884ebefe232006","status":409,"error":"idempotency_in_progress","retryAfterMs":1000,"startedAt":"2025-06-15T15:06:40.000Z","endedAt":"2025-06-15T15:06:40.000Z","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_ledger_is_read_page_by_page_order_by_order_and_from_a_time_on() {
    let toys = Toys::meeting("success=100%");
    for order in ["ORD-1", "ORD-2", "ORD-1"] {
        toys.send(make_for(order)).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    let numbers = async |query: &str| {
        let request = Request::get(format!("/toy/ledger{query}")).body(Body::empty()).unwrap();
        let shown = toys.send(request).await;
        let page: serde_json::Value = serde_json::from_str(shown.split_once('\n').unwrap().1).unwrap();
        let records = page["records"].as_array().unwrap();
        let numbers: Vec<_> = records.iter().map(|record| record["seq"].as_u64().unwrap()).collect();
        (numbers, page["nextCursor"].as_str().map(str::to_owned))
    };
    assert_eq!(numbers("").await, (vec![1, 2, 3, 4, 5, 6], None));
    assert_eq!(numbers("?limit=4").await, (vec![1, 2, 3, 4], Some("4".to_owned())));
    assert_eq!(numbers("?limit=4&cursor=4").await, (vec![5, 6], None));
    assert_eq!(numbers("?orderId=ORD-1&limit=3").await, (vec![1, 2, 5], Some("5".to_owned())));
    assert_eq!(numbers("?orderId=ORD-1&cursor=5").await, (vec![6], None));
    assert_eq!(numbers("?orderId=ORD-9").await, (vec![], None));
    assert_eq!(numbers("?orderId=%20ORD-1").await, (vec![], None), "blanks are part of an id");
    assert_eq!(numbers("?since=2025-06-15T15:07:40Z").await, (vec![3, 4, 5, 6], None));
    let wrong = Request::get("/toy/ledger?limit=0&since=soon&cursor=x").body(Body::empty()).unwrap();
    insta::assert_snapshot!(toys.send(wrong).await, @r#"
    400 Bad Request
    {"type":"urn:fake-stripe-chaos:problem:validation_error","title":"Invalid request","status":400,"detail":"since must be an RFC 3339 time, such as 2026-01-28T10:00:00Z; cursor must be the nextCursor of another page; limit must be a whole number from 1 to 1000","instance":"/toy/ledger","success":false,"error":"validation_error","message":"since must be an RFC 3339 time, such as 2026-01-28T10:00:00Z; cursor must be the nextCursor of another page; limit must be a whole number from 1 to 1000","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","errors":[{"field":"since","message":"must be an RFC 3339 time, such as 2026-01-28T10:00:00Z"},{"field":"cursor","message":"must be the nextCursor of another page"},{"field":"limit","message":"must be a whole number from 1 to 1000"}]}
    "#);
}

#[tokio::test(start_paused = true)]
async fn what_has_no_order_belongs_to_the_correlation_id_that_its_client_sent() {
    let toys = Toys::meeting("success=100%");
    toys.send(make_with(r#"{"colour":"red"}"#, &[("x-correlation-id", "c")])).await;
    toys.send(make_with(r#"{"colour":"red"}"#, &[])).await;
    let orders: Vec<_> =
        toys.pipeline().ledger().records().iter().map(|record| record.order().map(str::to_owned)).collect();
    assert_eq!(orders, [Some("c".to_owned()), Some("c".to_owned()), None, None]);
}

#[tokio::test(start_paused = true)]
async fn a_reset_forgets_everything_and_requests_in_flight_end_as_they_can() {
    let toys = Toys::meeting("slow=100%@10s");
    let waiting = tokio::spawn({
        let toys = toys.clone();
        async move { toys.send(make_with(RED, &[("idempotency-key", "k")])).await }
    });
    tokio::task::yield_now().await;
    Pipeline::reset(slice::from_ref(toys.pipeline()));
    assert!(waiting.await.unwrap().starts_with("201"));
    assert_eq!(toys.ledger(), "");
    let again = toys.send(make_with(RED, &[("idempotency-key", "k")])).await;
    assert!(again.starts_with("201") && !again.contains("replayed"), "{again}");
}
