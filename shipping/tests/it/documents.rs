//! How the service describes itself.

use serde_json::{Map, Value};

use crate::support::*;

fn document() -> Value {
    serde_json::to_value(description()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn every_operation_is_described_with_its_answers() {
    let document = document();
    let mut lines = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let statuses: Vec<_> = operation["responses"].as_object().unwrap().keys().cloned().collect();
            lines.push(format!("{method} {path} {} {}", operation["operationId"], statuses.join(" ")));
        }
    }
    insta::assert_snapshot!(lines.join("\n"), @r#"
    post /shipping/cancel "shipping.cancel" 200 404 409
    post /shipping/create-label "shipping.create_label" 200 201 409 503
    get /shipping/{labelId}/status "shipping.status" 200 404
    "#);
}

#[tokio::test(start_paused = true)]
async fn the_examples_of_the_description_make_a_label() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    let examples = |name: &str| -> Map<String, Value> {
        let properties = schemas[name]["properties"].as_object().unwrap();
        let given = properties.iter().filter(|(_, property)| property.get("example").is_some());
        given.map(|(field, property)| (field.clone(), property["example"].clone())).collect()
    };
    let mut order = examples("CreateLabelRequest");
    order.insert("shippingAddress".to_owned(), examples("ShippingAddress").into());
    let body = Value::from(order).to_string();
    let made = service([]).post("/shipping/create-label", &body, []).await.shown().await;
    assert!(made.contains(": 201") && made.contains(r#""orderId":"ORD-123""#), "{made}");
    assert_eq!(schemas["CreateLabelRequest"]["required"], serde_json::json!(["shippingAddress"]));
}
