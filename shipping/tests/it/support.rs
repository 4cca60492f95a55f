use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::response::Response;
use futures_util::StreamExt;
use http::{Method, Request, StatusCode};
use jiff::Timestamp;
use shared::chaos::{Chaos, Plan, Severed};
use shared::environment::Environment;
use shared::http::{Correlated, Correlation, SeversAtEnd, with_common};
use shared::pipeline::Pipeline;
use shared::time::Clock;
use shipping::{OPERATIONS, Settings, router};
use tokio::time::{Instant, timeout};
use tower::ServiceExt;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// An order for a label that breaks no rule.
pub(crate) const ORDER: &str = r#"{"shippingAddress":{"street":"123 Main St","city":"San Francisco","state":"CA","zip":"94105","country":"US"},"orderId":"ORD-123"}"#;

/// Shipping as a client finds it.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) router: Correlated,
    pub(crate) chaos: Arc<Chaos>,
    pub(crate) pipeline: Pipeline,
}

/// A service without failures, apart from those that `variables` ask for.
pub(crate) fn service<const N: usize>(variables: [(&str, &str); N]) -> Service {
    let (routes, pipeline) = routes(variables);
    let routes = routes.merge(shared::service::ledger("shipping", &pipeline));
    let router = with_common(routes.split_for_parts().0, Correlation::seeded(1));
    Service { router, chaos: pipeline.chaos().clone(), pipeline }
}

/// The service as it describes itself.
pub(crate) fn description() -> OpenApi {
    routes([]).0.into_openapi()
}

fn routes<const N: usize>(variables: [(&str, &str); N]) -> (OpenApiRouter, Pipeline) {
    let happy = [("CHAOS_FAILURE_RATE", "0"), ("CHAOS_SEED", "7")];
    let environment: Environment = happy.into_iter().chain(variables).collect();
    let plan = Plan::from_environment(&environment, OPERATIONS, 0).unwrap();
    let chaos = Arc::new(Chaos::new(plan));
    let clock = Clock::starting_at("2024-01-15T10:30:00Z".parse::<Timestamp>().unwrap());
    let pipeline = Pipeline::new(chaos, clock, 1000);
    (router(pipeline.clone(), Settings::from_environment(&environment).unwrap()), pipeline)
}

/// A service that meets `outcome` at the first label of each order.
pub(crate) fn scripted(outcome: &str) -> Service {
    service([("CHAOS_SCRIPT", &format!("shipping.create_label#1={outcome}"))])
}

/// What a client was answered, and how long that took.
pub(crate) struct Answered {
    pub(crate) response: Response,
    pub(crate) took: Duration,
}

impl Service {
    pub(crate) async fn send(&self, request: Request<Body>) -> Answered {
        let sent = Instant::now();
        let response = self.router.clone().oneshot(request).await.unwrap();
        Answered { response, took: sent.elapsed() }
    }

    /// A POST under headers such as `idempotency-key: k`.
    pub(crate) async fn post<const N: usize>(
        &self,
        path: &str,
        body: &str,
        headers: [(&str, &str); N],
    ) -> Answered {
        let mut request = Request::builder().method(Method::POST).uri(path);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// An order for a label, answered once.
    pub(crate) async fn label(&self, key: &str) -> String {
        self.post("/shipping/create-label", ORDER, [("idempotency-key", key)]).await.shown().await
    }

    /// An order for a label, answered by events.
    pub(crate) async fn stream(&self, key: &str) -> Answered {
        let headers = [("idempotency-key", key), ("accept", "text/event-stream")];
        self.post("/shipping/create-label", ORDER, headers).await
    }

    pub(crate) async fn cancel(&self, id: &str, key: &str) -> String {
        let body = format!(r#"{{"labelId":"{id}"}}"#);
        self.post("/shipping/cancel", &body, [("idempotency-key", key)]).await.shown().await
    }

    pub(crate) async fn status(&self, id: &str) -> String {
        let request = Request::get(format!("/shipping/{id}/status")).body(Body::empty()).unwrap();
        self.send(request).await.shown().await
    }
}

impl Answered {
    /// The events of the body, as they come.
    pub(crate) fn events(self) -> Events {
        assert_eq!(self.response.status(), StatusCode::OK);
        assert_eq!(self.response.headers()["content-type"], "text/event-stream");
        Events(self.response.into_body().into_data_stream())
    }

    /// Time, status, telling headers and body.
    pub(crate) async fn shown(self) -> String {
        let (parts, body) = self.response.into_parts();
        let mut shown = format!("after {:?}: {}", self.took, parts.status.as_u16());
        if let Some(how) = parts.extensions.get::<Severed>() {
            return format!("{shown} {how}");
        }
        for name in ["content-type", "idempotent-replayed", "retry-after", "x-chaos-injected"] {
            if let Some(value) = parts.headers.get(name) {
                shown.push_str(&format!("\n{name}: {}", value.to_str().unwrap()));
            }
        }
        if let Some(SeversAtEnd(how)) = parts.extensions.get::<SeversAtEnd>() {
            shown.push_str(&format!("\nan error of the body is shown as: {how}"));
        }
        let mut events = Events(body.into_data_stream());
        while let Some(piece) = events.next().await {
            shown.push('\n');
            shown.push_str(&piece);
        }
        shown
    }
}

/// The body of a response, piece by piece. Dropping it is how a client leaves.
pub(crate) struct Events(BodyDataStream);

impl Events {
    /// The next piece, behind the time that it took unless it was there at once.
    pub(crate) async fn next(&mut self) -> Option<String> {
        let asked = Instant::now();
        let piece = match self.0.next().await? {
            Ok(bytes) => {
                let text = String::from_utf8(bytes.to_vec()).unwrap();
                // An event on one line.
                text.trim_end().replace("\ndata: ", " ")
            }
            Err(error) => format!("error: {error}"),
        };
        let took = asked.elapsed();
        Some(if took.is_zero() { piece } else { format!("[{took:?}] {piece}") })
    }

    /// Takes so many pieces and gives the last.
    pub(crate) async fn skip(&mut self, count: usize) -> String {
        let mut last = None;
        for _ in 0..count {
            last = self.next().await;
        }
        last.expect("the stream has that many events")
    }
}

/// The id that a piece of text names.
pub(crate) fn id_in(text: &str) -> String {
    let at = text.find("lbl_").expect("the text names a label");
    text[at..at + "lbl_".len() + 16].to_owned()
}

/// The id of the first label of [`ORDER`], which depends on the seed, the order and the attempt alone.
pub(crate) async fn first_id() -> String {
    id_in(&service([]).stream("any").await.events().skip(1).await)
}

/// Drives `request` for `time` and then leaves.
pub(crate) async fn leave_after<T>(time: Duration, request: impl Future<Output = T>) {
    assert!(timeout(time, request).await.is_err(), "answered before the client left");
}
