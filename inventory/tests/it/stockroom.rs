use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, Response};
use http_body_util::BodyExt;
use inventory::{OPERATIONS, Settings};
use serde_json::Value;
use shared::chaos::{Chaos, Plan};
use shared::environment::Environment;
use shared::http::{Correlated, Correlation, Severed, with_common};
use shared::pipeline::Pipeline;
use shared::time::Clock;
use tower::ServiceExt;

/// Asks for two of ITEM-001 and one of ITEM-002 for ORD-123.
pub(crate) const TWO_AND_ONE: &str = r#"{"items":[{"sku":"ITEM-001","quantity":2},{"sku":"ITEM-002","quantity":1,"warehouseId":"WH-EAST"}],"orderId":"ORD-123"}"#;

/// A service with five of ITEM-001 and three of ITEM-002. Its clock shows 10:00 when it is made.
pub(crate) struct Stockroom {
    router: Correlated,
    chaos: Arc<Chaos>,
}

impl Stockroom {
    /// Without chaos.
    pub(crate) fn calm() -> Self {
        Self::with(&[("CHAOS_FAILURE_RATE", "0")])
    }

    /// Under these variables, which may also set other stock.
    pub(crate) fn with(variables: &[(&str, &str)]) -> Self {
        let stock = ("INVENTORY_STOCK", "ITEM-001=5,ITEM-002=3");
        let environment: Environment = std::iter::once(&stock).chain(variables).copied().collect();
        let chaos = Arc::new(Chaos::new(Plan::from_environment(&environment, OPERATIONS, 42).unwrap()));
        let clock = Clock::starting_at("2026-03-01T10:00:00Z".parse().unwrap());
        let settings = Settings::from_environment(&environment).unwrap();
        let pipeline = Pipeline::new(chaos.clone(), clock, 100);
        let ledger = shared::service::ledger("inventory", &pipeline);
        let routes = inventory::router(pipeline, settings).merge(ledger);
        Self { router: with_common(routes.split_for_parts().0, Correlation::seeded(1)), chaos }
    }

    pub(crate) fn chaos(&self) -> &Chaos {
        &self.chaos
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.send(Request::post(path).body(Body::from(body.to_owned())).unwrap()).await
    }

    pub(crate) async fn post_under(&self, key: &str, path: &str, body: &str) -> Answer {
        let request = Request::post(path).header("idempotency-key", key);
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        Answer::read(self.router.clone().oneshot(request).await.unwrap()).await
    }

    /// Reserves [`TWO_AND_ONE`]; answers the reservation's id.
    pub(crate) async fn reserved(&self) -> String {
        let answer = self.post("/inventory/reserve", TWO_AND_ONE).await;
        answer.json()["reservationId"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn release(&self, reservation: &str) -> Answer {
        self.post("/inventory/release", &naming(reservation)).await
    }

    pub(crate) async fn status(&self, reservation: &str) -> Answer {
        self.get(&format!("/inventory/{reservation}/status")).await
    }

    /// How many of a SKU are available.
    pub(crate) async fn available(&self, sku: &str) -> u64 {
        let body = format!(r#"{{"items":[{{"sku":"{sku}","quantity":1}}]}}"#);
        let answer = self.post("/inventory/check", &body).await.json();
        answer["items"][0]["available"].as_u64().unwrap()
    }
}

/// The body of a release.
pub(crate) fn naming(reservation: &str) -> String {
    format!(r#"{{"reservationId":"{reservation}"}}"#)
}

/// What a client gets to see.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Status, the headers of interest and the body; or how the connection was cut.
    pub(crate) shown: String,
    body: Vec<u8>,
}

impl Answer {
    async fn read(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        if let Some(severed) = parts.extensions.get::<Severed>() {
            return Self { shown: severed.to_string(), body };
        }
        let mut shown = parts.status.as_str().to_owned();
        for name in ["allow", "retry-after", "x-chaos-injected", "idempotent-replayed"] {
            if let Some(value) = parts.headers.get(name) {
                shown += &format!("\n{name}: {}", value.to_str().unwrap());
            }
        }
        shown += &format!("\n{}", std::str::from_utf8(&body).unwrap());
        Self { shown, body }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The status, and the error if it is one.
    pub(crate) fn gist(&self) -> String {
        let first = self.shown.lines().next().unwrap_or_default();
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body["error"].as_str().map_or_else(|| first.to_owned(), |error| format!("{first} {error}"))
    }
}
