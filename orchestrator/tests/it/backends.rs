//! All backends, as one process serves them: their bounds, and `POST /reset`.

use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use orchestrator::bundled::{Backends, Domain, Settings};
use serde_json::{Value, json};
use shared::environment::Environment;
use shared::http::{Correlated, Correlation, with_common};
use shared::time::Clock;
use tower::ServiceExt as _;

struct Served(Correlated);

impl Served {
    /// With their default failures.
    fn start() -> Self {
        Self::under(&[("CHAOS_SEED", "7"), ("CHAOS_SCRIPT", "ORD-1:shipping.create_label#1=success")])
    }

    fn under(variables: &[(&str, &str)]) -> Self {
        let environment: Environment = variables.iter().copied().collect();
        let settings = Settings::from_environment(&environment, 0).unwrap();
        let clock = Clock::starting_at("2026-01-28T10:00:00Z".parse::<Timestamp>().unwrap());
        let backends = Backends::start(&settings, &Domain::ALL, clock);
        Self(with_common(backends.routes.split_for_parts().0, Correlation::seeded(1)))
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, Value) {
        let (head, body) = self.0.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (head.status, serde_json::from_slice(&body).unwrap_or_default())
    }

    async fn post(&self, path: &str, key: &str, body: &Value) -> (StatusCode, Value) {
        let request = Request::post(path).header("idempotency-key", key);
        self.send(request.body(body.to_string().into()).unwrap()).await
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    async fn reset(&self) {
        let (status, body) = self.post("/reset", "reset", &Value::Null).await;
        assert_eq!((status, body), (StatusCode::OK, json!({"success": true})));
    }

    /// Asks every backend for something, for twenty orders. The answers, without what is of the moment.
    async fn use_all(&self) -> Vec<(StatusCode, Value)> {
        let mut answers = Vec::new();
        for number in 0..20 {
            let (order, key) = (format!("ORD-{number}"), format!("key-{number}"));
            for (path, body) in writes(&order) {
                let (status, mut body) = self.post(path, &key, &body).await;
                for of_the_moment in ["createdAt", "expiresAt", "sentAt", "correlationId"] {
                    body.as_object_mut().and_then(|body| body.remove(of_the_moment));
                }
                answers.push((status, body));
            }
        }
        answers
    }
}

fn writes(order: &str) -> [(&'static str, Value); 4] {
    let address = json!({"street": "123 Main St", "city": "San Francisco", "state": "CA", "zip": "94105", "country": "US"});
    [
        ("/payment/authorize", json!({"amount": 1, "currency": "usd", "orderId": order})),
        ("/inventory/reserve", json!({"items": [{"sku": "ITEM-001", "quantity": 1}], "orderId": order})),
        ("/shipping/create-label", json!({"shippingAddress": address, "orderId": order})),
        (
            "/notification/send",
            json!({"type": "sms", "recipient": "+12025550123", "message": "Hello.", "orderId": order}),
        ),
    ]
}

/// Where the resource that an answer names can be looked at.
fn status_path((_, body): &(StatusCode, Value)) -> Option<String> {
    [
        ("payment", "authId"),
        ("inventory", "reservationId"),
        ("shipping", "labelId"),
        ("notification", "notificationId"),
    ]
    .into_iter()
    .find_map(|(domain, member)| Some(format!("/{domain}/{}/status", body[member].as_str()?)))
}

#[tokio::test(start_paused = true)]
async fn a_key_is_remembered_longer_than_what_was_made_under_it() {
    let served = Served::under(&[("CHAOS_FAILURE_RATE", "0"), ("NOTIFICATION_CAPACITY", "1")]);
    let (path, message) = writes("ORD-1")[3].clone();
    let first = served.post(path, "first", &message).await;
    served.post(path, "second", &message).await;
    assert_eq!(served.get(&status_path(&first).unwrap()).await.0, StatusCode::NOT_FOUND);
    assert_eq!(served.post(path, "first", &message).await, first);
}

#[tokio::test(start_paused = true)]
async fn a_ledger_tells_how_many_orders_have_left_it() {
    let served = Served::under(&[("CHAOS_FAILURE_RATE", "0"), ("LEDGER_CAPACITY", "2")]);
    let evicted = async || served.get("/notification/ledger").await.1["evictedOrders"].clone();
    for (order, expected) in [("ORD-1", Value::Null), ("ORD-2", json!(1)), ("ORD-3", json!(2))] {
        let (path, message) = writes(order)[3].clone();
        served.post(path, order, &message).await;
        assert_eq!(evicted().await, expected);
    }
    served.reset().await;
    assert_eq!(evicted().await, Value::Null);
}

#[tokio::test(start_paused = true)]
async fn what_was_made_without_an_order_is_judged_with_whatever_else_happens_to_it() {
    // A client that sends another correlation id with every request, and one that sends it only once.
    for later in [["second", "third"], ["", ""]] {
        let served = Served::under(&[("CHAOS_FAILURE_RATE", "0")]);
        let post = async |operation: &str, correlation: &str, body: Value| {
            let path = format!("/payment/{operation}");
            let mut request =
                Request::post(path).header("idempotency-key", format!("{operation} {correlation}"));
            if !correlation.is_empty() {
                request = request.header("x-correlation-id", correlation);
            }
            let (status, body) = served.send(request.body(body.to_string().into()).unwrap()).await;
            assert!(status.is_success(), "{body}");
            body
        };
        for undone_by in [&["release"][..], &["capture", "refund"]] {
            let held = post("authorize", undone_by[0], json!({"amount": 1, "currency": "usd"})).await;
            for (operation, correlation) in undone_by.iter().zip(later) {
                post(operation, correlation, json!({"authId": held["authId"]})).await;
            }
        }
        let (_, report) = served.get("/audit").await;
        assert_eq!((&report["orders"], &report["findings"]), (&json!(2), &json!([])), "{report}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reset_leaves_nothing_of_what_was_and_the_same_happens_again() {
    let served = Served::start();
    let first = served.use_all().await;
    let resources: Vec<_> = first.iter().filter_map(status_path).collect();
    for domain in ["payment", "inventory", "shipping", "notification"] {
        let made = resources.iter().find(|path| path.starts_with(&format!("/{domain}/"))).unwrap();
        assert_eq!(served.get(made).await.0, StatusCode::OK);
    }
    served.reset().await;
    for domain in ["payment", "inventory", "shipping", "notification"] {
        let (_, ledger) = served.get(&format!("/{domain}/ledger")).await;
        assert_eq!(ledger["records"], json!([]), "{domain}");
        let (_, stats) = served.get(&format!("/{domain}/stats")).await;
        for operation in stats["operations"].as_array().unwrap() {
            assert_eq!(
                (&operation["requests"], &operation["replays"]),
                (&json!(0), &json!(0)),
                "{operation}"
            );
        }
    }
    for resource in &resources {
        assert_eq!(served.get(resource).await.0, StatusCode::NOT_FOUND, "{resource}");
    }
    served.reset().await;
    assert_eq!(served.use_all().await, first, "nothing is replayed, and the same is drawn");
}

#[tokio::test(start_paused = true)]
async fn a_label_that_is_generated_during_a_reset_ends_without_a_trace() {
    let served = Served::start();
    let [_, _, (path, body), _] = writes("ORD-1");
    let label = served.post(path, "key", &body);
    let mut label = std::pin::pin!(label);
    assert!(tokio::time::timeout(Duration::from_secs(6), &mut label).await.is_err());
    served.reset().await;
    let (status, body) = label.await;
    assert_eq!((status, &body["error"]), (StatusCode::CONFLICT, &json!("label_cancelled")));
    assert_eq!(served.get("/shipping/ledger").await.1["records"], json!([]));
}
