use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, Request, Response, StatusCode};
use jiff::Timestamp;
use orchestrator::activities::{ActivitySettings, Services, register};
use orchestrator::api::{Deps, router, sample_order};
use orchestrator::bundled;
use orchestrator::engine::embedded::{Engine, EngineOptions, MemoryJournal, Registry};
use orchestrator::gateways::{InProcess, Transport};
use orchestrator::workflow::WorkflowClient;
use orchestrator::workflows::order_fulfillment::{OrderFulfillment, Timings};
use serde_json::Value;
use shared::environment::Environment;
use shared::http::{Correlated, Correlation, with_common};
use shared::time::{Clock, TimeScale};
use tokio::task::LocalSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// A client of an orchestrator.
#[derive(Clone)]
pub(crate) struct Client {
    router: Correlated,
    /// Stops the orchestrator, as far as its API knows.
    pub(crate) stop: CancellationToken,
}

/// An answer: its status and its body. `Display` is what snapshots show.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match serde_json::from_str::<Value>(&self.text) {
            Ok(json) => write!(f, "{}\n{json:#}", self.status),
            Err(_) => write!(f, "{}\n{}", self.status, self.text),
        }
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }
}

impl Client {
    /// A client of the API over these parts.
    pub(crate) fn of(deps: Deps) -> Self {
        let stop = deps.stop.clone();
        Self { router: with_common(router(deps), Correlation::seeded(7)), stop }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: impl ToString) -> Answer {
        let request = Request::post(path).header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response: Response<Body> = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        Answer { status: head.status, headers: head.headers, text }
    }

    /// Places the sample order under this id.
    pub(crate) async fn place(&self, order_id: &str) -> Answer {
        self.post("/workflows/order", order(order_id)).await
    }

    /// Waits for the end of an order.
    pub(crate) async fn end_of(&self, order_id: &str) -> Value {
        self.get(&format!("/workflows/{order_id}/result?timeout=300")).await.json()["result"].clone()
    }
}

/// The sample order under this id.
pub(crate) fn order(order_id: &str) -> Value {
    let mut order = sample_order();
    order["orderId"] = order_id.into();
    order
}

/// Runs `test` against the whole system, with backends that are set by `variables`.
pub(crate) async fn with_system(variables: &[(&str, &str)], test: impl AsyncFnOnce(Client)) {
    let variables: Environment = variables.iter().copied().collect();
    LocalSet::new().run_until(async { test(system(&variables)).await }).await;
}

/// Runs `test` against backends that do nothing wrong.
pub(crate) async fn with_calm_system(test: impl AsyncFnOnce(Client)) {
    with_system(&[("CHAOS_FAILURE_RATE", "0")], test).await;
}

fn system(variables: &Environment) -> Client {
    let clock = clock();
    let settings = bundled::Settings::from_environment(variables, 1).unwrap();
    let backends = bundled::routes(&settings, &bundled::Domain::ALL, clock);
    let backends = with_common(Router::from(backends), Correlation::seeded(8));
    let backends: Arc<dyn Transport> = Arc::new(InProcess::new(backends));
    let settings = ActivitySettings::from_environment(variables).unwrap();
    let mut registry = Registry::new(Arc::new(Services::over(Arc::clone(&backends))));
    registry.register::<OrderFulfillment>();
    register(&mut registry, &settings, TimeScale::REAL);
    let journal = Arc::new(MemoryJournal::default());
    let engine = Engine::start_local(journal, registry, EngineOptions::new(clock, 1)).unwrap();
    Client::of(Deps { timings: Timings::new(&settings, TimeScale::REAL), ..deps(Arc::new(engine), backends) })
}

/// The parts of an API with ordinary settings.
pub(crate) fn deps(client: Arc<dyn WorkflowClient>, backends: Arc<dyn Transport>) -> Deps {
    Deps {
        client,
        engine: "embedded",
        timings: Timings::new(&ActivitySettings::default(), TimeScale::REAL),
        time_scale: TimeScale::REAL,
        backends,
        clock: clock(),
        stop: CancellationToken::new(),
    }
}

fn clock() -> Clock {
    Clock::starting_at("2026-01-28T10:00:00Z".parse::<Timestamp>().unwrap())
}

/// Lets this much (virtual) time pass.
pub(crate) async fn pass(seconds: f64) {
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
}
