//! Bad requests: each a clear error in the one shape.

use axum::body::Body;
use http::Request;
use tower::ServiceExt;

use crate::toy::{Toys, make_with};

#[tokio::test(start_paused = true)]
async fn bad_bodies_are_named() {
    let toys = Toys::meeting("success=100%");
    insta::assert_snapshot!(toys.send(make_with("", &[])).await, @r#"
    400 Bad Request
    {"type":"urn:fake-stripe-chaos:problem:malformed_json","title":"Malformed JSON","status":400,"detail":"The body is empty, expected a JSON object.","instance":"/toy/make","success":false,"error":"malformed_json","message":"The body is empty, expected a JSON object.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f"}
    "#);
    insta::assert_snapshot!(toys.send(make_with(r#"{"colour":"#, &[])).await, @r#"
    400 Bad Request
    {"type":"urn:fake-stripe-chaos:problem:malformed_json","title":"Malformed JSON","status":400,"detail":"The body is not valid JSON: EOF while parsing a value at line 1 column 10.","instance":"/toy/make","success":false,"error":"malformed_json","message":"The body is not valid JSON: EOF while parsing a value at line 1 column 10.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f"}
    "#);
    insta::assert_snapshot!(toys.send(make_with("[1]", &[])).await, @r#"
    400 Bad Request
    {"type":"urn:fake-stripe-chaos:problem:validation_error","title":"Invalid request","status":400,"detail":"body must be a JSON object","instance":"/toy/make","success":false,"error":"validation_error","message":"body must be a JSON object","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","errors":[{"field":"body","message":"must be a JSON object"}]}
    "#);
    insta::assert_snapshot!(toys.send(make_with(r#"{"colour":7}"#, &[])).await, @r#"
    400 Bad Request
    {"type":"urn:fake-stripe-chaos:problem:validation_error","title":"Invalid request","status":400,"detail":"colour must be a string, not the number 7","instance":"/toy/make","success":false,"error":"validation_error","message":"colour must be a string, not the number 7","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","errors":[{"field":"colour","message":"must be a string, not the number 7"}]}
    "#);
    insta::assert_snapshot!(toys.send(make_with("{}", &[])).await, @r#"
    400 Bad Request
    {"type":"urn:fake-stripe-chaos:problem:validation_error","title":"Invalid request","status":400,"detail":"colour is required","instance":"/toy/make","success":false,"error":"validation_error","message":"colour is required","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","errors":[{"field":"colour","message":"is required"}]}
    "#);
    insta::assert_snapshot!(toys.send(make_with(r#"{"colour":"chartreuse-ish"}"#, &[])).await, @r#"
    400 Bad Request
    {"type":"urn:fake-stripe-chaos:problem:validation_error","title":"Invalid request","status":400,"detail":"colour must have at most 10 characters","instance":"/toy/make","success":false,"error":"validation_error","message":"colour must have at most 10 characters","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","errors":[{"field":"colour","message":"must have at most 10 characters"}]}
    "#);
    let not_text = [br#"{"colour":"red","note":""#, &[0xff_u8][..], br#""}"#].concat();
    let not_text = Request::post("/toy/make").body(Body::from(not_text)).unwrap();
    assert!(toys.send(not_text).await.contains("The body is not valid JSON: invalid utf-8 sequence"));
    assert_eq!(toys.chaos().stats("toy")[0].requests, 0, "none of them counts");
}

#[tokio::test(start_paused = true)]
async fn random_bytes_are_refused_without_a_panic() {
    let toys = Toys::meeting("success=100%");
    for byte in 0..=255u8 {
        let body = [byte, b'{', byte, 0xff, 0x00, byte].to_vec();
        let request = Request::post("/toy/make").body(Body::from(body)).unwrap();
        let shown = toys.send(request).await;
        assert!(shown.starts_with("400"), "{byte}: {shown}");
    }
    let deep = format!("{}{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    assert!(toys.send(make_with(&deep, &[])).await.starts_with("400"));
}

#[tokio::test(start_paused = true)]
async fn size_type_key_route_and_method_are_checked() {
    let toys = Toys::meeting("success=100%");
    let huge = format!(r#"{{"colour":"{}"}}"#, "x".repeat(1024 * 1024));
    insta::assert_snapshot!(toys.send(make_with(&huge, &[])).await, @r#"
    413 Payload Too Large
    {"type":"urn:fake-stripe-chaos:problem:body_too_large","title":"Body too large","status":413,"detail":"The body is larger than 1 MiB.","instance":"/toy/make","success":false,"error":"body_too_large","message":"The body is larger than 1 MiB.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f"}
    "#);
    let form = Request::post("/toy/make").header("content-type", "application/x-www-form-urlencoded");
    insta::assert_snapshot!(toys.send(form.body(Body::from("colour=red")).unwrap()).await, @r#"
    415 Unsupported Media Type
    {"type":"urn:fake-stripe-chaos:problem:unsupported_media_type","title":"Unsupported media type","status":415,"detail":"The body is declared to be `application/x-www-form-urlencoded`, expected `application/json`.","instance":"/toy/make","success":false,"error":"unsupported_media_type","message":"The body is declared to be `application/x-www-form-urlencoded`, expected `application/json`.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f"}
    "#);
    let compressed = toys.send(make_with("\u{1f}\u{8b}", &[("content-encoding", "GZIP")])).await;
    assert!(
        compressed.contains(
            r#""detail":"The body is declared to be compressed (`gzip`), expected an uncompressed one.""#
        ),
        "{compressed}"
    );
    assert!(
        compressed.starts_with("415")
            && !toys.send(make_with("{}", &[("content-encoding", "identity")])).await.starts_with("415")
    );
    let long = "k".repeat(256);
    insta::assert_snapshot!(toys.send(make_with("{}", &[("idempotency-key", &long)])).await, @r#"
    400 Bad Request
    {"type":"urn:fake-stripe-chaos:problem:validation_error","title":"Invalid request","status":400,"detail":"Idempotency-Key must have 1 to 255 printable ASCII characters","instance":"/toy/make","success":false,"error":"validation_error","message":"Idempotency-Key must have 1 to 255 printable ASCII characters","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","errors":[{"field":"Idempotency-Key","message":"must have 1 to 255 printable ASCII characters"}]}
    "#);
    let two = [("idempotency-key", "a"), ("idempotency-key", "b")];
    insta::assert_snapshot!(toys.send(make_with(r#"{"colour":"red"}"#, &two)).await, @r#"
    400 Bad Request
    {"type":"urn:fake-stripe-chaos:problem:validation_error","title":"Invalid request","status":400,"detail":"Idempotency-Key must not be given twice","instance":"/toy/make","success":false,"error":"validation_error","message":"Idempotency-Key must not be given twice","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","errors":[{"field":"Idempotency-Key","message":"must not be given twice"}]}
    "#);
    insta::assert_snapshot!(toys.send(Request::get("/toy/ledger?order=ORD-1").body(Body::empty()).unwrap()).await, @r#"
    400 Bad Request
    {"type":"urn:fake-stripe-chaos:problem:validation_error","title":"Invalid request","status":400,"detail":"order is not known here; there are orderId, since, cursor, limit","instance":"/toy/ledger","success":false,"error":"validation_error","message":"order is not known here; there are orderId, since, cursor, limit","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","errors":[{"field":"order","message":"is not known here; there are orderId, since, cursor, limit"}]}
    "#);
    insta::assert_snapshot!(toys.send(Request::get("/nowhere").body(Body::empty()).unwrap()).await, @r#"
    404 Not Found
    {"type":"urn:fake-stripe-chaos:problem:no_such_route","title":"No such route","status":404,"detail":"There is no GET /nowhere; see /api/docs.","instance":"/nowhere","success":false,"error":"no_such_route","message":"There is no GET /nowhere; see /api/docs.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f"}
    "#);
    insta::assert_snapshot!(toys.send(Request::get("/toy/make").body(Body::empty()).unwrap()).await, @r#"
    405 Method Not Allowed
    allow: POST
    {"type":"urn:fake-stripe-chaos:problem:method_not_allowed","title":"Method not allowed","status":405,"detail":"/toy/make does not support GET; see /api/docs.","instance":"/toy/make","success":false,"error":"method_not_allowed","message":"/toy/make does not support GET; see /api/docs.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn correlation_ids_are_taken_or_made_and_returned() {
    let toys = Toys::meeting("success=100%");
    let router = toys.router();
    let answer = |headers: &'static [(&str, &str)]| {
        let router = router.clone();
        async move {
            let response = router.oneshot(make_with("{}", headers)).await.unwrap();
            response.headers()["x-correlation-id"].to_str().unwrap().to_owned()
        }
    };
    assert_eq!(answer(&[("x-correlation-id", "checkout-7")]).await, "checkout-7");
    let (first, second) = (answer(&[]).await, answer(&[("x-correlation-id", " ")]).await);
    assert_ne!(first, second);
    assert_ne!(answer(&[("x-correlation-id", "two words")]).await, "two words");
    assert_eq!(uuid::Uuid::parse_str(&first).unwrap().get_version_num(), 4);
}

#[tokio::test]
async fn a_bug_of_ours_is_an_answer_too() {
    async fn broken() -> http::StatusCode {
        panic!("boom")
    }
    let routes = axum::Router::new().route("/broken", axum::routing::get(broken));
    let router = shared::http::with_common(routes, shared::http::Correlation::seeded(1));
    let request =
        Request::get("/broken").header("x-correlation-id", "checkout-7").body(Body::empty()).unwrap();
    insta::assert_snapshot!(crate::toy::show(router.oneshot(request).await.unwrap()).await, @r#"
    500 Internal Server Error
    {"type":"urn:fake-stripe-chaos:problem:bug","title":"Internal server error","status":500,"detail":"This is a bug in the service, not an injected fault.","instance":"/broken","success":false,"error":"bug","message":"This is a bug in the service, not an injected fault.","correlationId":"checkout-7"}
    "#);
}
