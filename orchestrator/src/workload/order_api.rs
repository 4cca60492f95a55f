use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use serde::Deserialize;
use tokio::time::Instant;

use crate::gateways::{Transport, retry_after_of};

/// The largest accepted answer, in bytes.
pub(super) const MAX_ANSWER: usize = 1 << 20;
/// How long a customer waits before a retry, unless the answer says how long.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// The interval between two polls for an order's end.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// How long an order may be unknown after it was placed, where its copies do not agree at once.
pub(super) const UNKNOWN_FOR: Duration = Duration::from_secs(5);
const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The order API of an orchestrator. Cheap to clone.
#[derive(Clone)]
pub struct OrderApi(Arc<dyn Transport>);

/// The orchestrator said no, or something that the order API does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", answer(*.status, .code))]
pub struct Refused {
    /// The HTTP status.
    pub status: u16,
    /// The `error` of its answer, such as `already_shipped`, or else its body, or what is wrong with the answer.
    pub code: String,
}

/// Why a request of a customer has not succeeded.
pub(super) enum Failure {
    /// A retry may succeed.
    Passing {
        /// After this time.
        wait: Duration,
        /// What the orchestrator said, or why nothing was heard of it.
        told: String,
    },
    Refused(Refused),
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Problem {
    error: String,
    retry_after_ms: Option<u64>,
}

/// How much of a body is quoted that has no `error`, in characters.
const MAX_QUOTE: usize = 120;

impl OrderApi {
    /// The API that `transport` reaches.
    pub fn new(transport: Arc<dyn Transport>) -> Self {
        Self(transport)
    }

    pub(super) async fn post(
        &self,
        path: &str,
        correlation_id: &str,
        body: Bytes,
    ) -> Result<Response<Body>, Failure> {
        let request = Request::post(path).header(CORRELATION_ID, correlation_id);
        self.send(request.header(CONTENT_TYPE, JSON).body(body)).await
    }

    pub(super) async fn get(&self, path: &str, correlation_id: &str) -> Result<Response<Body>, Failure> {
        self.send(Request::get(path).header(CORRELATION_ID, correlation_id).body(Bytes::new())).await
    }

    async fn send(&self, request: http::Result<Request<Bytes>>) -> Result<Response<Body>, Failure> {
        let unsendable = |_| Failure::Refused(Refused { status: 0, code: "unsendable_request".to_owned() });
        match self.0.send(request.map_err(unsendable)?).await {
            Err(error) => Err(Failure::soon(error.to_string())),
            Ok(response) if response.status().is_success() => Ok(response),
            Ok(response) => Err(failure(response).await),
        }
    }
}

async fn failure(response: Response<Body>) -> Failure {
    let (status, told_wait) = (response.status(), retry_after_of(response.headers()));
    let body = axum::body::to_bytes(response.into_body(), MAX_ANSWER).await.unwrap_or_default();
    let mut problem: Problem = serde_json::from_slice(&body).unwrap_or_default();
    if problem.error.is_empty() {
        problem.error = quote(&body);
    }
    let told = answer(status.as_u16(), &problem.error);
    if status == StatusCode::REQUEST_TIMEOUT {
        return Failure::Passing { wait: POLL_INTERVAL, told };
    }
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        let wait = problem.retry_after_ms.map(Duration::from_millis).or(told_wait);
        return Failure::Passing { wait: wait.unwrap_or(RETRY_INTERVAL), told };
    }
    Failure::Refused(Refused { status: status.as_u16(), code: problem.error })
}

/// The beginning of a body, if it is JSON and not just a page of HTML, on one line.
fn quote(body: &[u8]) -> String {
    let Ok(json) = serde_json::from_slice::<serde_json::Value>(body) else { return String::new() };
    let text = if json == "" || json.is_null() { String::new() } else { json.to_string() };
    let end = text.char_indices().nth(MAX_QUOTE);
    end.map_or_else(|| text.clone(), |(end, _)| format!("{}…", &text[..end]))
}

/// An answer in a few words: its status and, if it has one, its code.
fn answer(status: u16, code: &str) -> String {
    format!("{status} {code}").trim_end().to_owned()
}

impl fmt::Debug for OrderApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OrderApi").finish_non_exhaustive()
    }
}

impl Failure {
    /// One after which the customer waits as long as usual.
    pub(super) fn soon(told: String) -> Self {
        Self::Passing { wait: RETRY_INTERVAL, told }
    }

    /// The same for an order that was placed shortly before `began`: it may be known in a moment.
    pub(super) fn of_new_order(self, began: Instant) -> Self {
        match self {
            Self::Refused(refused) if refused.status == 404 && began.elapsed() < UNKNOWN_FOR => {
                Self::Passing { wait: POLL_INTERVAL, told: refused.to_string() }
            }
            other => other,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passing { told, .. } => f.write_str(told),
            Self::Refused(refused) => refused.fmt(f),
        }
    }
}
