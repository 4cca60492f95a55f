//! Requests that break a rule: nothing is drawn, and every field is named.

use axum::body::Body;
use http::Request;

use crate::support::*;

async fn refused(path: &str, body: &str) -> String {
    let service = service([]);
    let shown = service.post(path, body, [("accept", "text/event-stream")]).await.shown().await;
    assert!(service.chaos.stats("shipping").iter().all(|stats| stats.requests == 0));
    shown
}

async fn refused_label(body: &str) -> String {
    refused("/shipping/create-label", body).await
}

#[tokio::test(start_paused = true)]
async fn every_missing_field_is_named() {
    insta::assert_snapshot!(refused_label("{}").await, @r#"
    after 0ns: 400
    content-type: application/problem+json
    {"type":"urn:fake-stripe-chaos:problem:validation_error","title":"Invalid request","status":400,"detail":"shippingAddress is required","instance":"/shipping/create-label","success":false,"error":"validation_error","message":"shippingAddress is required","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","errors":[{"field":"shippingAddress","message":"is required"}]}
    "#);
    insta::assert_snapshot!(refused_label(r#"{"shippingAddress":{},"carrier":" "}"#).await, @r#"
    after 0ns: 400
    content-type: application/problem+json
    {"type":"urn:fake-stripe-chaos:problem:validation_error","title":"Invalid request","status":400,"detail":"shippingAddress.street is required; shippingAddress.city is required; shippingAddress.state is required; shippingAddress.zip is required; shippingAddress.country is required; carrier must not be empty","instance":"/shipping/create-label","success":false,"error":"validation_error","message":"shippingAddress.street is required; shippingAddress.city is required; shippingAddress.state is required; shippingAddress.zip is required; shippingAddress.country is required; carrier must not be empty","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","errors":[{"field":"shippingAddress.street","message":"is required"},{"field":"shippingAddress.city","message":"is required"},{"field":"shippingAddress.state","message":"is required"},{"field":"shippingAddress.zip","message":"is required"},{"field":"shippingAddress.country","message":"is required"},{"field":"carrier","message":"must not be empty"}]}
    "#);
    insta::assert_snapshot!(refused("/shipping/cancel", "{}").await, @r#"
    after 0ns: 400
    content-type: application/problem+json
    {"type":"urn:fake-stripe-chaos:problem:validation_error","title":"Invalid request","status":400,"detail":"labelId is required","instance":"/shipping/cancel","success":false,"error":"validation_error","message":"labelId is required","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","errors":[{"field":"labelId","message":"is required"}]}
    "#);
}

#[tokio::test(start_paused = true)]
async fn texts_have_limits() {
    let long = "x".repeat(256);
    let address = format!(
        r#"{{"street":"{long}","city":"{long}","state":"{long}","zip":"{long}","country":"{long}"}}"#
    );
    let body = format!(r#"{{"shippingAddress":{address},"carrier":"{long}","orderId":"{long}"}}"#);
    insta::assert_snapshot!(refused_label(&body).await, @r#"
    after 0ns: 400
    content-type: application/problem+json
    {"type":"urn:fake-stripe-chaos:problem:validation_error","title":"Invalid request","status":400,"detail":"shippingAddress.street must have at most 200 characters; shippingAddress.city must have at most 100 characters; shippingAddress.state must have at most 100 characters; shippingAddress.zip must have at most 20 characters; shippingAddress.country must have at most 60 characters; carrier must have at most 50 characters; orderId must have at most 255 characters","instance":"/shipping/create-label","success":false,"error":"validation_error","message":"shippingAddress.street must have at most 200 characters; shippingAddress.city must have at most 100 characters; shippingAddress.state must have at most 100 characters; shippingAddress.zip must have at most 20 characters; shippingAddress.country must have at most 60 characters; carrier must have at most 50 characters; orderId must have at most 255 characters","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","errors":[{"field":"shippingAddress.street","message":"must have at most 200 characters"},{"field":"shippingAddress.city","message":"must have at most 100 characters"},{"field":"shippingAddress.state","message":"must have at most 100 characters"},{"field":"shippingAddress.zip","message":"must have at most 20 characters"},{"field":"shippingAddress.country","message":"must have at most 60 characters"},{"field":"carrier","message":"must have at most 50 characters"},{"field":"orderId","message":"must have at most 255 characters"}]}
    "#);
    let body = format!(r#"{{"labelId":"{long}"}}"#);
    insta::assert_snapshot!(refused("/shipping/cancel", &body).await, @r#"
    after 0ns: 400
    content-type: application/problem+json
    {"type":"urn:fake-stripe-chaos:problem:validation_error","title":"Invalid request","status":400,"detail":"labelId must have at most 255 characters","instance":"/shipping/cancel","success":false,"error":"validation_error","message":"labelId must have at most 255 characters","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","errors":[{"field":"labelId","message":"must have at most 255 characters"}]}
    "#);
}

#[tokio::test(start_paused = true)]
async fn wrong_types_name_their_field() {
    insta::assert_snapshot!(refused_label(&ORDER.replace(r#""94105""#, "94105")).await, @r#"
    after 0ns: 400
    content-type: application/problem+json
    {"type":"urn:fake-stripe-chaos:problem:validation_error","title":"Invalid request","status":400,"detail":"shippingAddress.zip must be a string, not the number 94105","instance":"/shipping/create-label","success":false,"error":"validation_error","message":"shippingAddress.zip must be a string, not the number 94105","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","errors":[{"field":"shippingAddress.zip","message":"must be a string, not the number 94105"}]}
    "#);
    insta::assert_snapshot!(refused_label(r#"{"shippingAddress":"here"}"#).await, @r#"
    after 0ns: 400
    content-type: application/problem+json
    {"type":"urn:fake-stripe-chaos:problem:validation_error","title":"Invalid request","status":400,"detail":"shippingAddress must be an object, not the string \"here\"","instance":"/shipping/create-label","success":false,"error":"validation_error","message":"shippingAddress must be an object, not the string \"here\"","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","errors":[{"field":"shippingAddress","message":"must be an object, not the string \"here\""}]}
    "#);
    insta::assert_snapshot!(refused("/shipping/cancel", r#"{"labelId":7}"#).await, @r#"
    after 0ns: 400
    content-type: application/problem+json
    {"type":"urn:fake-stripe-chaos:problem:validation_error","title":"Invalid request","status":400,"detail":"labelId must be a string, not the number 7","instance":"/shipping/cancel","success":false,"error":"validation_error","message":"labelId must be a string, not the number 7","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","errors":[{"field":"labelId","message":"must be a string, not the number 7"}]}
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_body_must_be_a_json_object() {
    insta::assert_snapshot!(refused_label("{").await, @r#"
    after 0ns: 400
    content-type: application/problem+json
    {"type":"urn:fake-stripe-chaos:problem:malformed_json","title":"Malformed JSON","status":400,"detail":"The body is not valid JSON: EOF while parsing an object at line 1 column 1.","instance":"/shipping/create-label","success":false,"error":"malformed_json","message":"The body is not valid JSON: EOF while parsing an object at line 1 column 1.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f"}
    "#);
    insta::assert_snapshot!(refused_label("[]").await, @r#"
    after 0ns: 400
    content-type: application/problem+json
    {"type":"urn:fake-stripe-chaos:problem:validation_error","title":"Invalid request","status":400,"detail":"body must be a JSON object","instance":"/shipping/create-label","success":false,"error":"validation_error","message":"body must be a JSON object","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","errors":[{"field":"body","message":"must be a JSON object"}]}
    "#);
    insta::assert_snapshot!(refused_label("").await, @r#"
    after 0ns: 400
    content-type: application/problem+json
    {"type":"urn:fake-stripe-chaos:problem:malformed_json","title":"Malformed JSON","status":400,"detail":"The body is empty, expected a JSON object.","instance":"/shipping/create-label","success":false,"error":"malformed_json","message":"The body is empty, expected a JSON object.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn null_is_the_same_as_absent() {
    let service = service([]);
    let body = ORDER.replacen('{', r#"{"carrier":null,"#, 1);
    let made = service.post("/shipping/create-label", &body, []).await.shown().await;
    assert!(made.contains(r#""carrier":"UPS""#), "{made}");
}

#[tokio::test(start_paused = true)]
async fn routes_have_their_methods() {
    let service = service([]);
    let get = Request::get("/shipping/create-label").body(Body::empty()).unwrap();
    insta::assert_snapshot!(service.send(get).await.shown().await, @r#"
    after 0ns: 405
    content-type: application/problem+json
    {"type":"urn:fake-stripe-chaos:problem:method_not_allowed","title":"Method not allowed","status":405,"detail":"/shipping/create-label does not support GET; see /api/docs.","instance":"/shipping/create-label","success":false,"error":"method_not_allowed","message":"/shipping/create-label does not support GET; see /api/docs.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn an_id_that_is_not_text_is_no_label() {
    let service = service([]);
    insta::assert_snapshot!(service.status("%FF").await, @r#"
    after 0ns: 404
    content-type: application/problem+json
    {"type":"urn:fake-stripe-chaos:problem:not_found","title":"Not found","status":404,"detail":"The id in the path is not valid text.","instance":"/shipping/%FF/status","success":false,"error":"not_found","message":"The id in the path is not valid text.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f"}
    "#);
}
