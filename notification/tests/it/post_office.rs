use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use notification::{OPERATIONS, Settings};
use shared::chaos::{Chaos, Plan};
use shared::environment::Environment;
use shared::http::{Correlated, Correlation, Severed, with_common};
use shared::pipeline::Pipeline;
use shared::time::Clock;
use tower::ServiceExt as _;

/// A mail about ORD-123.
pub(crate) const MAIL: &str = r#"{"type": "email", "recipient": "customer@example.com",
    "subject": "Your order has shipped", "message": "It is on its way.", "orderId": "ORD-123"}"#;

/// The service, which opened at 10:00.
pub(crate) struct PostOffice(Correlated);

/// Status, and body or whatever came instead.
pub(crate) type Reply = (u16, String, HeaderMap);

impl PostOffice {
    /// One where only what this script says goes wrong.
    pub(crate) fn scripted(script: &str) -> Self {
        Self::open(&[("CHAOS_FAILURE_RATE", "0"), ("CHAOS_SCRIPT", script)])
    }

    /// One under these variables.
    pub(crate) fn open(variables: &[(&str, &str)]) -> Self {
        let environment: Environment = variables.iter().copied().collect();
        let chaos = Chaos::new(Plan::from_environment(&environment, OPERATIONS, 42).unwrap());
        let clock = Clock::starting_at("2026-01-28T10:00:00Z".parse().unwrap());
        let settings = Settings::from_environment(&environment).unwrap();
        let pipeline = Pipeline::new(Arc::new(chaos), clock, 100);
        let ledger = shared::service::ledger("notification", &pipeline);
        let routes = notification::router(pipeline, settings).merge(ledger);
        Self(with_common(routes.into(), Correlation::seeded(1)))
    }

    /// Sends a message, perhaps under an idempotency key.
    pub(crate) async fn send(&self, key: Option<&str>, message: &str) -> Reply {
        let request = Request::post("/notification/send");
        let request = key.into_iter().fold(request, |request, key| request.header("idempotency-key", key));
        self.call(request.body(message.to_owned().into()).unwrap()).await
    }

    pub(crate) async fn look_up(&self, id: &str) -> Reply {
        let path = format!("/notification/{id}/status");
        self.call(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn call(&self, request: Request<Body>) -> Reply {
        let (head, body) = self.0.clone().oneshot(request).await.unwrap().into_parts();
        let body = match head.extensions.get::<Severed>() {
            Some(severed) => severed.to_string(),
            None => String::from_utf8(body.collect().await.unwrap().to_bytes().into()).unwrap(),
        };
        (head.status.as_u16(), body, head.headers)
    }
}

/// A member of a JSON body; empty when it is not there.
pub(crate) fn member((_, body, _): &Reply, name: &str) -> String {
    let body: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    body[name].as_str().unwrap_or_default().to_owned()
}

/// Status, and the error's code or what else came instead of a success.
pub(crate) fn brief(reply: &Reply) -> String {
    let what = match (member(reply, "error"), member(reply, "status")) {
        (error, status) if error.is_empty() && status.is_empty() && reply.1.starts_with('{') => {
            "broken JSON".to_owned()
        }
        (error, status) if error.is_empty() && status.is_empty() => reply.1.clone(),
        (error, status) => error + &status,
    };
    format!("{} {what}", reply.0)
}

pub(crate) fn is_replay((_, _, headers): &Reply) -> bool {
    headers.contains_key("idempotent-replayed")
}
