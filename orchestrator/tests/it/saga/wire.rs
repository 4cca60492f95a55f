//! The way between the gateways and the backends: it notes every request, and lets people decide in
//! the middle of one.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use orchestrator::gateways::{InProcess, Transport, TransportError};
use orchestrator::workflow::{Json, Reception, WorkflowClient};
use orchestrator::workflows::order_fulfillment::CANCEL;
use serde_json::Value;
use shared::http::Correlated;
use tokio::time::Instant;

use super::scenario::Decision;

/// A request as the backends saw it.
#[derive(Clone, Debug)]
pub(super) struct Noted {
    pub(super) path: String,
    pub(super) key: Option<String>,
    pub(super) body: Bytes,
    pub(super) sent: Instant,
    pub(super) answer: Option<Answer>,
    /// How many times the orchestrator had crashed, or a person had it try again.
    pub(super) life: u32,
}

/// How a request was answered.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) error: Option<String>,
    pub(super) retry_after: Duration,
    pub(super) at: Instant,
}

/// A transport to the backends, for one order.
#[derive(Clone)]
pub(super) struct Wire(Arc<Shared>);

struct Shared {
    decision: Decision,
    twice: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    backends: Option<InProcess<Correlated>>,
    client: Option<Arc<dyn WorkflowClient>>,
    workflow_id: String,
    decided: bool,
    accepted: Vec<&'static str>,
    log: Vec<Noted>,
    life: u32,
}

impl Wire {
    pub(super) fn new(backends: &Correlated, decision: Decision, twice: bool) -> Self {
        let wire = Self(Arc::new(Shared { decision, twice, state: Mutex::default() }));
        wire.reach(backends);
        wire
    }

    /// Requests reach these backends from now on.
    pub(super) fn reach(&self, backends: &Correlated) {
        self.0.state.lock().unwrap().backends = Some(InProcess::new(backends.clone()));
    }

    /// Decisions reach this engine from now on.
    pub(super) fn connect(&self, client: Arc<dyn WorkflowClient>, workflow_id: &str) {
        let mut state = self.0.state.lock().unwrap();
        state.life += 1;
        state.client = Some(client);
        workflow_id.clone_into(&mut state.workflow_id);
    }

    /// A person is about to have the orchestrator try again.
    pub(super) fn begin_another_life(&self) {
        self.0.state.lock().unwrap().life += 1;
    }

    pub(super) fn log(&self) -> Vec<Noted> {
        self.0.state.lock().unwrap().log.clone()
    }

    /// The signals that were accepted.
    pub(super) fn accepted(&self) -> Vec<&'static str> {
        self.0.state.lock().unwrap().accepted.clone()
    }

    /// What became of a signal. A repeat of one that a crash kept from being answered counts as it.
    pub(super) fn note(&self, signal: &'static str, reception: &Reception) {
        let mut state = self.0.state.lock().unwrap();
        let taken = matches!(reception, Reception::Accepted | Reception::Duplicate);
        if taken && !state.accepted.contains(&signal) {
            state.accepted.push(signal);
        }
    }

    async fn decide_after(&self, path: &str) {
        match self.0.decision {
            Decision::CancelAfter(after, Duration::ZERO) if after == path => self.cancel_once().await,
            Decision::CancelAfter(after, delay) if after == path => {
                let wire = self.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(delay).await;
                    wire.cancel_once().await;
                });
            }
            _ => {}
        }
    }

    /// Cancels, unless that was answered before; asks again for as long as a crash or an outage keeps the answer.
    async fn cancel_once(&self) {
        loop {
            let (client, workflow_id) = {
                let state = self.0.state.lock().unwrap();
                if state.decided {
                    return;
                }
                (state.client.clone().unwrap(), state.workflow_id.clone())
            };
            if let Ok(reception) = client.signal(&workflow_id, CANCEL, Json::null()).await {
                self.note(CANCEL, &reception);
                self.0.state.lock().unwrap().decided = true;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Sends one request, and calls `meanwhile` when its answer is there and not yet seen.
    async fn exchange(
        &self,
        request: Request<Bytes>,
        meanwhile: impl AsyncFnOnce(),
    ) -> Result<Response<Body>, TransportError> {
        let at = self.note_request(&request);
        let backends = self.0.state.lock().unwrap().backends.clone().unwrap();
        let response = backends.send(request).await;
        meanwhile().await;
        let response = response?;
        if response.headers()["content-type"] == "text/event-stream" {
            return Ok(response);
        }
        let (head, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await;
        let body = body.map_err(|error| TransportError::Lost(error.to_string()))?;
        self.note_answer(at, head.status.as_u16(), &body);
        Ok(Response::from_parts(head, Body::from(body)))
    }

    fn note_request(&self, request: &Request<Bytes>) -> usize {
        let mut state = self.0.state.lock().unwrap();
        let key = request.headers().get("idempotency-key").map(|key| key.to_str().unwrap().to_owned());
        let noted = Noted {
            path: request.uri().path().to_owned(),
            key,
            body: request.body().clone(),
            sent: Instant::now(),
            answer: None,
            life: state.life,
        };
        state.log.push(noted);
        state.log.len() - 1
    }

    fn note_answer(&self, at: usize, status: u16, body: &[u8]) {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let answer = Answer {
            status,
            error: body["error"].as_str().map(str::to_owned),
            retry_after: Duration::from_millis(body["retryAfterMs"].as_u64().unwrap_or_default()),
            at: Instant::now(),
        };
        self.0.state.lock().unwrap().log[at].answer = Some(answer);
    }
}

impl Transport for Wire {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        Box::pin(async move {
            let path = request.uri().path().to_owned();
            if matches!(self.0.decision, Decision::CancelBefore(before) if before == path) {
                self.cancel_once().await;
            }
            if self.0.twice {
                // A label that is being made is left at once.
                drop(self.exchange(request.clone(), async || {}).await);
            }
            self.exchange(request, async || self.decide_after(&path).await).await
        })
    }
}
