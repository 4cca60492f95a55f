use axum::body::Body;
use http::Request;
use serde_json::json;

use super::client::{order, with_calm_system};

#[tokio::test(start_paused = true)]
async fn an_order_is_placed_once_however_often_it_is_sent() {
    with_calm_system(async |client| {
        let first = client.place("ORD-1").await;
        assert_eq!(first.headers["location"], "/workflows/order-fulfillment-ORD-1/status");
        insta::assert_snapshot!(first, @r#"
        201 Created
        {
          "orderId": "ORD-1",
          "runId": "5bc28ed1-098e-479f-a9b0-6b4b1814731b",
          "status": "processing",
          "success": true,
          "workflowId": "order-fulfillment-ORD-1"
        }
        "#);
        let mut same = order("ORD-1");
        same["currency"] = "usd".into();
        same["aFieldNobodyKnows"] = json!([1, 2]);
        let again = client.post("/api/v1/order", same).await;
        assert_eq!(again.json()["runId"], first.json()["runId"]);
        insta::assert_snapshot!(again, @r#"
        200 OK
        {
          "orderId": "ORD-1",
          "runId": "5bc28ed1-098e-479f-a9b0-6b4b1814731b",
          "status": "awaiting_approval",
          "success": true,
          "workflowId": "order-fulfillment-ORD-1"
        }
        "#);
        let mut other = order("ORD-1");
        other["totalAmount"] = 1.into();
        insta::assert_snapshot!(client.post("/workflows/order", other).await, @r#"
        409 Conflict
        {
          "correlationId": "eec1907e-6348-405f-b42e-242de24ea99d",
          "detail": "The order `ORD-1` was already placed with another body; use another orderId.",
          "error": "order_conflict",
          "instance": "/workflows/order",
          "message": "The order `ORD-1` was already placed with another body; use another orderId.",
          "status": 409,
          "success": false,
          "title": "Order conflict",
          "type": "urn:fake-stripe-chaos:problem:order_conflict"
        }
        "#);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_same_order_is_known_after_its_end() {
    with_calm_system(async |client| {
        client.place("ORD-1").await;
        client.post("/workflows/ORD-1/reject", "").await;
        client.end_of("ORD-1").await;
        let again = client.place("ORD-1").await;
        assert_eq!((again.status.as_u16(), again.json()["status"].as_str()), (200, Some("rejected")));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_an_order_is_named_field_by_field() {
    with_calm_system(async |client| {
        let mut bad = order("-");
        bad["items"][1]["quantity"] = 0.into();
        bad["customerEmail"] = "nobody".into();
        bad.as_object_mut().unwrap().remove("totalAmount");
        insta::assert_snapshot!(client.post("/workflows/order", bad).await, @r#"
        400 Bad Request
        {
          "correlationId": "bea7809e-283e-4cb0-93a2-66acfa1df75a",
          "detail": "orderId must be letters, digits and . _ : - only, beginning with a letter or digit; items[1].quantity must be a whole number from 1 to 1000000; totalAmount is required; customerEmail must be an e-mail address",
          "error": "validation_error",
          "errors": [
            {
              "field": "orderId",
              "message": "must be letters, digits and . _ : - only, beginning with a letter or digit"
            },
            {
              "field": "items[1].quantity",
              "message": "must be a whole number from 1 to 1000000"
            },
            {
              "field": "totalAmount",
              "message": "is required"
            },
            {
              "field": "customerEmail",
              "message": "must be an e-mail address"
            }
          ],
          "instance": "/workflows/order",
          "message": "orderId must be letters, digits and . _ : - only, beginning with a letter or digit; items[1].quantity must be a whole number from 1 to 1000000; totalAmount is required; customerEmail must be an e-mail address",
          "status": 400,
          "success": false,
          "title": "Invalid request",
          "type": "urn:fake-stripe-chaos:problem:validation_error"
        }
        "#);
        insta::assert_snapshot!(client.post("/workflows/order", "").await, @r#"
        400 Bad Request
        {
          "correlationId": "e94e960b-8d51-4818-9803-26ef2d013837",
          "detail": "The body is empty, expected a JSON object.",
          "error": "malformed_json",
          "instance": "/workflows/order",
          "message": "The body is empty, expected a JSON object.",
          "status": 400,
          "success": false,
          "title": "Malformed JSON",
          "type": "urn:fake-stripe-chaos:problem:malformed_json"
        }
        "#);
        insta::assert_snapshot!(client.post("/workflows/order", "{\"orderId\":").await, @r#"
        400 Bad Request
        {
          "correlationId": "eec1907e-6348-405f-b42e-242de24ea99d",
          "detail": "The body is not valid JSON: EOF while parsing a value at line 1 column 11.",
          "error": "malformed_json",
          "instance": "/workflows/order",
          "message": "The body is not valid JSON: EOF while parsing a value at line 1 column 11.",
          "status": 400,
          "success": false,
          "title": "Malformed JSON",
          "type": "urn:fake-stripe-chaos:problem:malformed_json"
        }
        "#);
        insta::assert_snapshot!(client.post("/workflows/order", "[]").await, @r#"
        400 Bad Request
        {
          "correlationId": "c86656f0-93d5-478e-bac2-7d107f8b2e34",
          "detail": "body must be a JSON object",
          "error": "validation_error",
          "errors": [
            {
              "field": "body",
              "message": "must be a JSON object"
            }
          ],
          "instance": "/workflows/order",
          "message": "body must be a JSON object",
          "status": 400,
          "success": false,
          "title": "Invalid request",
          "type": "urn:fake-stripe-chaos:problem:validation_error"
        }
        "#);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_no_json_or_too_large_is_refused() {
    with_calm_system(async |client| {
        let mut huge = order("ORD-1");
        huge["customerId"] = "x".repeat(2 << 20).into();
        insta::assert_snapshot!(client.post("/workflows/order", huge).await, @r#"
        413 Payload Too Large
        {
          "correlationId": "bea7809e-283e-4cb0-93a2-66acfa1df75a",
          "detail": "The body is larger than 1 MiB.",
          "error": "body_too_large",
          "instance": "/workflows/order",
          "message": "The body is larger than 1 MiB.",
          "status": 413,
          "success": false,
          "title": "Body too large",
          "type": "urn:fake-stripe-chaos:problem:body_too_large"
        }
        "#);
        let request = Request::post("/workflows/order").header("content-type", "text/xml");
        insta::assert_snapshot!(client.send(request.body(Body::from("<order/>")).unwrap()).await, @r#"
        415 Unsupported Media Type
        {
          "correlationId": "e94e960b-8d51-4818-9803-26ef2d013837",
          "detail": "The body is declared to be `text/xml`, expected `application/json`.",
          "error": "unsupported_media_type",
          "instance": "/workflows/order",
          "message": "The body is declared to be `text/xml`, expected `application/json`.",
          "status": 415,
          "success": false,
          "title": "Unsupported media type",
          "type": "urn:fake-stripe-chaos:problem:unsupported_media_type"
        }
        "#);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_run_remembers_the_request_that_placed_it() {
    with_calm_system(async |client| {
        let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let request = Request::post("/workflows/order")
            .header("x-correlation-id", "checkout-7")
            .header("traceparent", traceparent)
            .body(Body::from(order("ORD-1").to_string()));
        let answer = client.send(request.unwrap()).await;
        assert_eq!(answer.headers["x-correlation-id"], "checkout-7");
        let history = client.get("/workflows/ORD-1/history?limit=1").await.json();
        let trace = &history["events"][0]["details"]["input"]["trace"];
        assert_eq!(*trace, json!({"correlationId": "checkout-7", "traceparent": traceparent}), "{history:#}");
    })
    .await;
}
