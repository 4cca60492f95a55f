use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use payment::{OPERATIONS, Settings};
use serde_json::Value;
use shared::chaos::{Chaos, Plan};
use shared::environment::Environment;
use shared::http::{Correlated, Correlation, Severed, with_common};
use shared::ledger::Record;
use shared::pipeline::Pipeline;
use shared::time::Clock;
use tower::ServiceExt as _;

/// Payment as a service, from its first request on, at 10:00 by its clock.
pub(crate) struct Service {
    router: Correlated,
}

impl Service {
    /// Without chaos.
    pub(crate) fn calm() -> Self {
        Self::under("")
    }

    /// Under a script, and without any other chaos.
    pub(crate) fn under(script: &str) -> Self {
        Self::with(script, Settings::default())
    }

    pub(crate) fn with(script: &str, settings: Settings) -> Self {
        let environment = Environment::from_iter([("CHAOS_FAILURE_RATE", "0"), ("CHAOS_SCRIPT", script)]);
        let plan = Plan::from_environment(&environment, OPERATIONS, 42).unwrap();
        let clock = Clock::starting_at("2026-01-28T10:00:00Z".parse::<Timestamp>().unwrap());
        let pipeline = Pipeline::new(Arc::new(Chaos::new(plan)), clock, 1000);
        let ledger = shared::service::ledger("payment", &pipeline);
        let (routes, _) = payment::router(pipeline, settings).merge(ledger).split_for_parts();
        Self { router: with_common(routes, Correlation::seeded(1)) }
    }

    /// Posts JSON.
    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.send(Request::post(path).body(body.to_owned().into()).unwrap()).await
    }

    /// Posts JSON under an idempotency key.
    pub(crate) async fn post_under(&self, key: &str, path: &str, body: &str) -> Answer {
        let request = Request::post(path).header("idempotency-key", key);
        self.send(request.body(body.to_owned().into()).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        Answer::of(self.router.clone().oneshot(request).await.unwrap()).await
    }

    /// Posts JSON as part of what the correlation id names.
    pub(crate) async fn post_for(&self, correlation: &str, path: &str, body: &str) -> Answer {
        let request = Request::post(path).header("x-correlation-id", correlation);
        self.send(request.body(body.to_owned().into()).unwrap()).await
    }

    /// What the ledger tells, all of it.
    pub(crate) async fn ledger(&self) -> Vec<Record> {
        let mut page = self.get("/payment/ledger?limit=1000").await.json();
        serde_json::from_str(&page["records"].take().to_string()).unwrap()
    }

    /// Holds 109.97 usd for ORD-123, and returns the authorization's id.
    pub(crate) async fn held(&self) -> String {
        let body = r#"{"amount": 109.97, "currency": "usd", "orderId": "ORD-123"}"#;
        self.post("/payment/authorize", body).await.json()["authId"].as_str().unwrap().to_owned()
    }

    /// Where an authorization stands, in a word.
    pub(crate) async fn status_of(&self, auth_id: &str) -> String {
        let status = self.get(&format!("/payment/{auth_id}/status")).await.json();
        status["status"].as_str().unwrap().to_owned()
    }
}

/// Lets the service's clock run.
pub(crate) async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

/// What a client gets to see.
#[derive(Debug)]
pub(crate) struct Answer {
    status: u16,
    severed: Option<Severed>,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Answer {
    async fn of(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let told = ["idempotent-replayed", "x-chaos-injected", "retry-after"];
        let value = |name| Some((name, parts.headers.get(name)?.to_str().unwrap().to_owned()));
        Self {
            status: parts.status.as_u16(),
            severed: parts.extensions.get().copied(),
            headers: told.into_iter().filter_map(value).collect(),
            body: String::from_utf8(body.collect().await.unwrap().to_bytes().into()).unwrap(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The status and the error's code, if there is one; or how the connection was cut.
    pub(crate) fn brief(&self) -> String {
        if let Some(severed) = self.severed {
            return severed.to_string();
        }
        match serde_json::from_str::<Value>(&self.body) {
            Ok(body) => match body["error"].as_str() {
                Some(error) => format!("{} {error}", self.status),
                None => self.status.to_string(),
            },
            Err(_) => format!("{} with broken JSON", self.status),
        }
    }

    /// The status, the headers that matter, and the body.
    pub(crate) fn whole(&self) -> String {
        let mut text = self.status.to_string();
        for (name, value) in &self.headers {
            write!(text, "\n{name}: {value}").unwrap();
        }
        write!(text, "\n{}", self.body).unwrap();
        text
    }
}
