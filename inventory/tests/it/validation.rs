//! Requests that break a rule: each field is named, nothing is drawn.

use insta::assert_snapshot;

use crate::stockroom::Stockroom;

#[tokio::test(start_paused = true)]
async fn all_wrong_fields_are_named_at_once() {
    let stockroom = Stockroom::calm();
    let long = "x".repeat(256);
    let body = format!(
        r#"{{"orderId":"","items":[{{}},{{"sku":" ","quantity":0}},{{"sku":"{long}","quantity":1.5,"warehouseId":"{long}"}},{{"sku":"A\u0007","quantity":-1}},{{"sku":"B","quantity":1000001}},{{"sku":"C","quantity":1000000}}]}}"#
    );
    let answer = stockroom.post("/inventory/reserve", &body).await.json();
    assert_eq!((&answer["status"], &answer["error"]), (&400.into(), &"validation_error".into()));
    let told: Vec<_> = answer["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| format!("{}: {}", e["field"], e["message"]))
        .collect();
    assert_snapshot!(told.join("\n"), @r#"
    "items[0].sku": "is required"
    "items[0].quantity": "is required"
    "items[1].sku": "must have 1 to 128 printable characters"
    "items[1].quantity": "must be a whole number from 1 to 1000000"
    "items[2].sku": "must have 1 to 128 printable characters"
    "items[2].quantity": "must be a whole number from 1 to 1000000"
    "items[2].warehouseId": "must have at most 255 characters"
    "items[3].sku": "must have 1 to 128 printable characters"
    "items[3].quantity": "must be a whole number from 1 to 1000000"
    "items[4].quantity": "must be a whole number from 1 to 1000000"
    "orderId": "must not be empty"
    "#);
    assert_eq!(stockroom.chaos().stats("inventory")[0].draws, 0);
}

/// The same as everywhere: no order gets its money held and then its stock refused for its name.
#[tokio::test(start_paused = true)]
async fn an_order_id_has_at_most_255_characters() {
    for (length, gist) in [(255, "201"), (256, "400 validation_error")] {
        let order = "é".repeat(length);
        let body = format!(r#"{{"items":[{{"sku":"A","quantity":1}}],"orderId":"{order}"}}"#);
        assert_eq!(Stockroom::calm().post("/inventory/reserve", &body).await.gist(), gist);
    }
}

#[tokio::test(start_paused = true)]
async fn every_operation_says_what_it_misses() {
    let stockroom = Stockroom::calm();
    assert_snapshot!(stockroom.post("/inventory/reserve", "{}").await.shown, @r#"
    400
    {"type":"urn:fake-stripe-chaos:problem:validation_error","title":"Invalid request","status":400,"detail":"items is required","instance":"/inventory/reserve","success":false,"error":"validation_error","message":"items is required","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","errors":[{"field":"items","message":"is required"}]}
    "#);
    assert_snapshot!(stockroom.post("/inventory/release", "{}").await.shown, @r#"
    400
    {"type":"urn:fake-stripe-chaos:problem:validation_error","title":"Invalid request","status":400,"detail":"reservationId is required","instance":"/inventory/release","success":false,"error":"validation_error","message":"reservationId is required","correlationId":"f061c902-6ef1-4381-b355-7d3058fa4966","errors":[{"field":"reservationId","message":"is required"}]}
    "#);
    for (path, body) in [
        ("/inventory/reserve", r#"{"items":[]}"#),
        ("/inventory/check", "{}"),
        ("/inventory/check", r#"{"items":[]}"#),
        ("/inventory/check", r#"{"items":[{"sku":"A"}]}"#),
        ("/inventory/release", r#"{"reservationId":""}"#),
        ("/inventory/release", r#"{"reservationId":7}"#),
        ("/inventory/reserve", r#"{"items":"ITEM-001"}"#),
        ("/inventory/reserve", r#"{"items":[null]}"#),
        ("/inventory/reserve", r#"{"items":[{"sku":"A","quantity":"2"}]}"#),
        ("/inventory/reserve", r#"{"items":[{"sku":"A","quantity":1e40}]}"#),
        ("/inventory/reserve", "[]"),
    ] {
        assert_eq!(stockroom.post(path, body).await.gist(), "400 validation_error", "{path} {body}");
    }
}

#[tokio::test(start_paused = true)]
async fn wrong_types_are_named_by_their_path() {
    let stockroom = Stockroom::calm();
    let body = r#"{"items":[{"sku":"A","quantity":1},{"sku":"A","quantity":"2"}]}"#;
    assert_eq!(
        stockroom.post("/inventory/check", body).await.json()["errors"][0]["field"],
        "items[1].quantity"
    );
    let body = r#"{"items":[["A",1],{"sku":1,"quantity":0},7,{"quantity":-1}],"orderId":""}"#;
    let answer = stockroom.post("/inventory/reserve", body).await.json();
    assert_snapshot!(answer["detail"], @r#""items[0] must be an object, not a list; items[1].sku must be a string, not the number 1; items[2] must be an object, not the number 7; items[1].quantity must be a whole number from 1 to 1000000; items[3].sku is required; items[3].quantity must be a whole number from 1 to 1000000; orderId must not be empty""#);
}

#[tokio::test(start_paused = true)]
async fn a_request_has_at_most_a_hundred_lines() {
    let stockroom = Stockroom::calm();
    let lines = |count: usize| {
        let lines: Vec<_> =
            (0..count).map(|at| format!(r#"{{"sku":"S-{at}","quantity":1000000}}"#)).collect();
        format!(r#"{{"items":[{}]}}"#, lines.join(","))
    };
    assert_eq!(stockroom.post("/inventory/reserve", &lines(100)).await.gist(), "201");
    let answer = stockroom.post("/inventory/reserve", &lines(101)).await.json();
    assert_snapshot!(answer["errors"], @r#"[{"field":"items","message":"must have 1 to 100 lines"}]"#);
}

#[tokio::test(start_paused = true)]
async fn other_bad_bodies_are_refused_as_everywhere() {
    let stockroom = Stockroom::calm();
    for path in ["/inventory/reserve", "/inventory/release", "/inventory/check"] {
        assert_eq!(stockroom.post(path, "").await.gist(), "400 malformed_json");
        assert_eq!(stockroom.post(path, "{\"items\":").await.gist(), "400 malformed_json");
        assert_eq!(stockroom.post(path, &" ".repeat(1024 * 1024 + 1)).await.gist(), "413 body_too_large");
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_none_matters_only_where_one_is_taken() {
    let stockroom = Stockroom::calm();
    let (long, body) = ("k".repeat(300), r#"{"items":[{"sku":"A","quantity":1}]}"#);
    let gist = async |path: &str| stockroom.post_under(&long, path, body).await.gist();
    assert_eq!(gist("/inventory/reserve").await, "400 validation_error");
    assert_eq!(gist("/inventory/check").await, "200");
}
