//! The API's description.

use std::sync::Arc;

use insta::assert_snapshot;
use notification::{OPERATIONS, Settings};
use serde_json::{Value, json};
use shared::chaos::{Chaos, Plan};
use shared::service::describe_outcomes;
use shared::time::Clock;
use shared::way::Way;

use crate::post_office::{PostOffice, brief};

fn document() -> Value {
    let plan = Plan::from_environment(&Default::default(), OPERATIONS, 42).unwrap();
    let way = Way::new(Arc::new(Chaos::new(plan)), Clock::starting_at(jiff::Timestamp::UNIX_EPOCH), 1);
    let mut document = notification::router(way, Settings::default()).into_openapi();
    describe_outcomes(&mut document, OPERATIONS);
    serde_json::to_value(document).unwrap()
}

#[tokio::test(start_paused = true)]
async fn every_operation_is_described_with_all_it_may_answer() {
    let document = document();
    let (send, status) = ("/notification/send", "/notification/{notificationId}/status");
    let mut text = String::new();
    for operation in [&document["paths"][send]["post"], &document["paths"][status]["get"]] {
        text += &format!("{}\n", operation["operationId"]);
        for (status, response) in operation["responses"].as_object().unwrap() {
            let description = response["description"].as_str().unwrap();
            let codes: Vec<_> = description.split('`').skip(1).step_by(2).collect();
            text += &format!("{status} {}\n", codes.join(" "));
        }
    }
    assert_snapshot!(text, @r#"
    "notification.send"
    201 
    400 malformed_json validation_error errors invalid_recipient invalid_recipient
    408 timeout timeout timeout timeout_after
    409 idempotency_in_progress Idempotency-Key
    413 body_too_large
    415 unsupported_media_type
    422 idempotency_key_reuse Idempotency-Key
    429 rate_limited rate_limited
    500 internal_error internal_error internal_error internal_error_after
    502 delivery_failed delivery_failed
    503 unavailable unavailable
    "notification.status"
    200 
    404 not_found
    408 timeout timeout timeout timeout_after
    429 rate_limited rate_limited
    500 internal_error internal_error internal_error internal_error_after
    503 unavailable unavailable
    "#);
}

#[tokio::test(start_paused = true)]
async fn the_example_can_be_sent() {
    let document = document();
    let mut message = json!({});
    let schema = &document["components"]["schemas"]["notification.SendRequest"];
    assert_eq!(schema["required"], json!(["type", "recipient", "message"]));
    for (field, property) in schema["properties"].as_object().unwrap() {
        message[field] = property["example"].clone();
    }
    let reply = PostOffice::scripted("").send(None, &message.to_string()).await;
    assert_eq!(brief(&reply), "201 sent");
}
