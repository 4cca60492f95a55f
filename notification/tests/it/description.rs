//! The API's description.

use std::sync::Arc;

use insta::assert_snapshot;
use notification::{OPERATIONS, Settings};
use serde_json::{Value, json};
use shared::chaos::{Chaos, Plan};
use shared::pipeline::Pipeline;
use shared::time::Clock;

use crate::post_office::{PostOffice, brief};

fn document() -> Value {
    let plan = Plan::from_environment(&Default::default(), OPERATIONS, 42).unwrap();
    let pipeline =
        Pipeline::new(Arc::new(Chaos::new(plan)), Clock::starting_at(jiff::Timestamp::UNIX_EPOCH), 1);
    serde_json::to_value(notification::router(pipeline, Settings::default()).into_openapi()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn every_operation_is_described_with_its_true_answers() {
    let document = document();
    let mut text = String::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let answers: Vec<_> = operation["responses"].as_object().unwrap().keys().cloned().collect();
            let id = operation["operationId"].as_str().unwrap();
            text += &format!("{id}: {method} {path}: {}\n", answers.join(" "));
        }
    }
    assert_snapshot!(text, @r"
    notification.send: post /notification/send: 201
    notification.status: get /notification/{notificationId}/status: 200 404
    ");
    assert!(OPERATIONS.iter().all(|operation| text.contains(&format!("{}: ", operation.name))));
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
