//! What the document says of this domain.

use std::sync::Arc;

use insta::assert_snapshot;
use inventory::{OPERATIONS, Settings};
use serde_json::Value;
use shared::chaos::{Chaos, Plan};
use shared::environment::Environment;
use shared::pipeline::Pipeline;
use shared::time::Clock;

use crate::stockroom::Stockroom;

fn document() -> Value {
    let plan = Plan::from_environment(&Environment::default(), OPERATIONS, 42).unwrap();
    let pipeline = Pipeline::new(Arc::new(Chaos::new(plan)), Clock::system(), 100);
    serde_json::to_value(inventory::router(pipeline, Settings::default()).into_openapi()).unwrap()
}

/// Path, method and description of every operation.
fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

#[tokio::test]
async fn every_operation_is_described_with_its_true_answers() {
    let document = document();
    let mut described = String::new();
    for (path, method, operation) in operations(&document) {
        let answers: Vec<_> = operation["responses"].as_object().unwrap().keys().cloned().collect();
        let (id, tag) = (operation["operationId"].as_str().unwrap(), &operation["tags"][0]);
        assert!(OPERATIONS.iter().any(|known| known.name == id), "{id} is how outcomes find their operation");
        described += &format!("{id} = {method} {path} {tag}: {}\n", answers.join(" "));
    }
    assert_snapshot!(described, @r#"
    inventory.check = post /inventory/check "inventory": 200
    inventory.release = post /inventory/release "inventory": 200 404 409 410
    inventory.reserve = post /inventory/reserve "inventory": 201 409 503
    inventory.status = get /inventory/{reservationId}/status "inventory": 200 404
    "#);
}

#[tokio::test]
async fn what_must_be_sent_and_what_is_always_answered() {
    let document = document();
    let required = |schema| format!("{schema}: {}", document["components"]["schemas"][schema]["required"]);
    let schemas = ["ReserveRequest", "ItemRequest", "ReleaseRequest", "Reservation", "ReservationReleased"];
    assert_snapshot!(schemas.map(required).join("\n"), @r#"
    ReserveRequest: ["items"]
    ItemRequest: ["sku","quantity"]
    ReleaseRequest: ["reservationId"]
    Reservation: ["success","reservationId","items","status","createdAt","expiresAt"]
    ReservationReleased: ["success","reservationId","status","releasedAt"]
    "#);
}

#[tokio::test(start_paused = true)]
async fn the_examples_of_the_description_are_valid() {
    let (stockroom, document) = (Stockroom::calm(), document());
    let example = |path: &str| {
        document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["example"].to_string()
    };
    let check = stockroom.post("/inventory/check", &example("/inventory/check")).await;
    assert_eq!((check.gist(), check.json()["available"].as_bool()), ("200".to_owned(), Some(true)));
    assert_eq!(stockroom.post("/inventory/reserve", &example("/inventory/reserve")).await.gist(), "201");
}
