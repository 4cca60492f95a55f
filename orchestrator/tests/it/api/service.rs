use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use bytes::Bytes;
use futures_util::future::{BoxFuture, join_all};
use http::{Request, Response};
use orchestrator::api::{openapi, sample_order};
use orchestrator::bundled;
use orchestrator::domain::OrderInput;
use orchestrator::gateways::{InProcess, Transport, TransportError};
use orchestrator::workflow::ClientError;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use tokio::time::Instant;

use shared::environment::Environment;
use shared::time::Clock;

use super::client::{Client, deps, pass, with_calm_system};
use super::fake::{client_of_engine_that, healthy_engine};

async fn health_over(backends: impl Transport + 'static) -> String {
    let client = Client::of(deps(healthy_engine(), Arc::new(backends)));
    let health = client.get("/health").await.json();
    format!("{} {}", health["status"], health["reason"])
}

fn backends(health: Value) -> InProcess<Router> {
    InProcess::new(Router::new().route("/health", get(async move || axum::Json(health))))
}

#[tokio::test(start_paused = true)]
async fn health_tells_that_all_is_well() {
    with_calm_system(async |client| {
        pass(42.5).await;
        insta::assert_snapshot!(client.get("/health").await, @r#"
        200 OK
        {
          "engine": "embedded",
          "status": "ok",
          "timeScale": 1.0,
          "uptimeSeconds": 42,
          "version": "0.1.0"
        }
        "#);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn health_tells_why_orders_cannot_be_worked_on() {
    let engine = client_of_engine_that(ClientError::Unavailable {
        reason: "the disk is full".to_owned(),
        retry_after: Duration::from_secs(1),
    });
    insta::assert_snapshot!(engine.get("/health").await, @r#"
    200 OK
    {
      "engine": "embedded",
      "reason": "the engine cannot accept work: the disk is full",
      "status": "degraded",
      "timeScale": 1.0,
      "uptimeSeconds": 0,
      "version": "0.1.0"
    }
    "#);
    insta::assert_snapshot!(health_over(Away).await, @r#""degraded" "the backends do not answer: could not connect: connection refused""#);
    insta::assert_snapshot!(health_over(Silent).await, @r#""degraded" "the backends did not answer within a second""#);
    insta::assert_snapshot!(health_over(InProcess::new(Router::new())).await, @r#""degraded" "the backends' /health answered 404 Not Found""#);
    insta::assert_snapshot!(health_over(backends(json!({"status": "ok"}))).await, @r#""degraded" "the backends' /health cannot be read: missing field `timeScale` at line 1 column 15""#);
    insta::assert_snapshot!(health_over(backends(json!({"timeScale": 0.01}))).await, @r#""degraded" "the backends' TIME_SCALE is 0.01, the orchestrator's is 1: set both to the same value""#);
    let domains = |domains: &[&str]| json!({"timeScale": 1, "domains": domains});
    insta::assert_snapshot!(health_over(backends(domains(&["payment", "inventory"]))).await, @r#""degraded" "the backends do not serve shipping""#);
    let all = domains(&["payment", "inventory", "shipping", "notification"]);
    insta::assert_snapshot!(health_over(backends(all)).await, @r#""ok" null"#);
    insta::assert_snapshot!(health_over(backends(json!({"timeScale": 1}))).await, @r#""ok" null"#);
}

#[tokio::test(start_paused = true)]
async fn many_who_ask_are_one_who_asks_the_backends() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let route = get(async move || {
        counted.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(500)).await;
        axum::Json(json!({"timeScale": 1.0}))
    });
    let backends = InProcess::new(Router::new().route("/health", route));
    let client = Client::of(deps(healthy_engine(), Arc::new(backends)));
    let together = async || {
        let answers = join_all((0..10).map(|_| client.get("/health"))).await;
        assert!(answers.into_iter().all(|answer| answer.json()["status"] == "ok"));
        asked.load(Ordering::Relaxed)
    };
    let before = Instant::now();
    assert_eq!(together().await, 1);
    assert_eq!(before.elapsed(), Duration::from_millis(500), "nobody waits longer than who asks");
    assert_eq!(together().await, 1);
    pass(1.0).await;
    assert_eq!(together().await, 2);
}

/// Backends that nobody listens for.
struct Away;

impl Transport for Away {
    fn send(&self, _: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        let error = TransportError::NotConnected("connection refused".to_owned());
        Box::pin(std::future::ready(Err(error)))
    }
}

/// Backends that do not answer.
struct Silent;

impl Transport for Silent {
    fn send(&self, _: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn the_document_is_served_and_shown() {
    with_calm_system(async |client| {
        let document = client.get("/api/docs/openapi.json").await.json();
        assert_eq!(document, serde_json::to_value(openapi()).unwrap());
        assert_eq!(client.get("/api/docs/").await.status.as_u16(), 200);
        let missing = client.get("/api/docs/nope.js").await;
        assert_eq!(missing.status.as_u16(), 404);
        assert_eq!(missing.json()["detail"], "The documentation has no such file.");
    })
    .await;
}

#[test]
fn the_document_names_every_operation_with_its_answers() {
    let document = serde_json::to_value(openapi()).unwrap();
    let mut lines = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let answers: Vec<_> = operation["responses"].as_object().unwrap().keys().cloned().collect();
            lines.push(format!("{method} {path} -> {}", answers.join(" ")));
        }
    }
    insta::assert_snapshot!(lines.join("\n"), @"
    get /health -> 200
    get /workflows -> 200 400 503
    post /workflows/order -> 200 201 400 408 409 413 415 503
    post /workflows/{id}/approve -> 200 400 404 408 409 413 415 429 503
    post /workflows/{id}/cancel -> 200 400 404 408 409 413 415 429 503
    get /workflows/{id}/history -> 200 400 404 503
    get /workflows/{id}/progress -> 200 404 409 503
    post /workflows/{id}/reject -> 200 400 404 408 409 413 415 429 503
    get /workflows/{id}/result -> 200 400 404 408 409 503
    post /workflows/{id}/retry -> 200 400 404 408 409 413 415 429 503
    get /workflows/{id}/status -> 200 404 409 503
    get /workflows/{id}/steps -> 200 404 409 503
    ");
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
}

/// What a reader of the documents insists on and their builders do not see to.
#[test]
fn both_documents_are_what_openapi_asks_for() {
    let backends = bundled::Settings::from_environment(&Environment::default(), 0).unwrap();
    let backends = bundled::routes(&backends, &bundled::Domain::ALL, Clock::system()).into_openapi();
    for document in [openapi(), backends] {
        let document = serde_json::to_value(document).unwrap();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                for (status, answer) in operation["responses"].as_object().unwrap() {
                    assert_ne!(answer["description"].as_str(), Some(""), "{method} {path} -> {status}");
                    assert!(answer["description"].is_string(), "{method} {path} -> {status}");
                }
                let parameters = operation["parameters"].as_array().into_iter().flatten();
                let in_path = parameters.filter(|parameter| parameter["in"] == "path");
                let named = in_path.map(|parameter| format!("{{{}}}", parameter["name"].as_str().unwrap()));
                let in_template = path.split('/').filter(|part| part.starts_with('{'));
                assert_eq!(named.collect::<Vec<_>>(), in_template.collect::<Vec<_>>(), "{method} {path}");
            }
        }
    }
}

#[test]
fn the_document_refers_only_to_schemas_that_it_has() {
    let document = serde_json::to_value(openapi()).unwrap();
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"][name].is_object(), "{name} is not there");
    }
}

#[test]
fn the_examples_of_the_document_work() {
    let document = serde_json::to_value(openapi()).unwrap();
    let content = &document["paths"]["/workflows/order"]["post"]["requestBody"]["content"];
    let example = &content["application/json"]["example"];
    assert_eq!(*example, sample_order());
    OrderInput::from_json(&to_raw_value(example).unwrap()).unwrap();
}
