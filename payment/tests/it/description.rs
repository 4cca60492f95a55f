//! The API's description.

use std::sync::Arc;

use jiff::Timestamp;
use payment::{OPERATIONS, Settings};
use serde_json::{Map, Value};
use shared::chaos::{Chaos, Plan};
use shared::environment::Environment;
use shared::pipeline::Pipeline;
use shared::time::Clock;

use crate::service::Service;

fn description() -> Value {
    let plan = Plan::from_environment(&Environment::default(), OPERATIONS, 42).unwrap();
    let pipeline = Pipeline::new(Arc::new(Chaos::new(plan)), Clock::starting_at(Timestamp::UNIX_EPOCH), 1);
    let (_, api) = payment::router(pipeline, Settings::default()).split_for_parts();
    serde_json::to_value(api).unwrap()
}

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap()
}

#[tokio::test(start_paused = true)]
async fn every_operation_is_described_under_its_name() {
    let description = description();
    let methods = object(&description["paths"]).values().flat_map(|path| object(path).values());
    let mut described: Vec<_> = methods.map(|method| method["operationId"].as_str().unwrap()).collect();
    described.sort_unstable();
    let mut operations: Vec<_> = OPERATIONS.iter().map(|operation| operation.name).collect();
    operations.sort_unstable();
    assert_eq!(described, operations);
}

/// Another domain's schema of the same name would take the place of ours in the common document.
#[tokio::test(start_paused = true)]
async fn schemas_are_named_after_their_domain() {
    let description = description();
    let names = object(&description["components"]["schemas"]).keys();
    let foreign: Vec<_> = names.filter(|name| !name.starts_with("payment.")).collect();
    assert_eq!(foreign, ["FieldError", "Injected", "Problem"]);
}

#[tokio::test(start_paused = true)]
async fn the_examples_of_the_description_are_valid() {
    let description = description();
    let schemas = &description["components"]["schemas"];
    let mut answers = Vec::new();
    for (path, methods) in object(&description["paths"]) {
        let body = &methods["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        let Some(schema) = body.as_str() else { continue };
        let properties = object(&schemas[schema.rsplit_once('/').unwrap().1]["properties"]);
        let fields = properties.iter().map(|(field, property)| (field.clone(), property["example"].clone()));
        let example = Value::Object(fields.collect()).to_string();
        answers.push((path.as_str(), Service::calm().post(path, &example).await.brief()));
    }
    let expected = [
        ("/payment/authorize", "201"),
        ("/payment/capture", "404 not_found"),
        ("/payment/refund", "404 not_found"),
        ("/payment/release", "404 not_found"),
    ];
    assert_eq!(answers, expected.map(|(path, answer)| (path, answer.to_owned())));
}
