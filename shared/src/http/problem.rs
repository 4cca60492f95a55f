use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::chaos::{Drawn, ProblemKind};

/// Enough for nearly every error that names no field, which is then written without being moved.
const TYPICAL_BYTES: usize = 512;

/// The kinds of error that every service has; each domain declares its own.
pub mod problems {
    use crate::chaos::ProblemKind;

    /// The body is not JSON.
    pub static MALFORMED_JSON: ProblemKind = ProblemKind::new(400, "malformed_json", "Malformed JSON");
    /// The client left before its body was whole. Nobody is there to read this.
    pub static BODY_BROKE_OFF: ProblemKind = ProblemKind::new(400, "malformed_json", "Malformed JSON");
    /// The body or a header breaks a rule; `errors` names each field.
    pub static VALIDATION_ERROR: ProblemKind = ProblemKind::new(400, "validation_error", "Invalid request");
    /// No such resource.
    pub static NOT_FOUND: ProblemKind = ProblemKind::new(404, "not_found", "Not found");
    /// No such path.
    pub static NO_SUCH_ROUTE: ProblemKind = ProblemKind::new(404, "no_such_route", "No such route");
    /// The route exists, the method on it does not.
    pub static METHOD_NOT_ALLOWED: ProblemKind =
        ProblemKind::new(405, "method_not_allowed", "Method not allowed");
    /// The client was too slow to send its body.
    pub static BODY_TIMEOUT: ProblemKind = ProblemKind::new(408, "body_timeout", "Body not received in time");
    /// The same key is being executed by another request.
    pub static IDEMPOTENCY_IN_PROGRESS: ProblemKind =
        ProblemKind::new(409, "idempotency_in_progress", "Request in progress").retry_after(1);
    /// The body is larger than the limit.
    pub static BODY_TOO_LARGE: ProblemKind = ProblemKind::new(413, "body_too_large", "Body too large");
    /// The body is not declared to be JSON, or is compressed.
    pub static UNSUPPORTED_MEDIA_TYPE: ProblemKind =
        ProblemKind::new(415, "unsupported_media_type", "Unsupported media type");
    /// The key was used with another body.
    pub static IDEMPOTENCY_KEY_REUSE: ProblemKind =
        ProblemKind::new(422, "idempotency_key_reuse", "Idempotency key reused");
    /// A bug of the service, not chaos.
    pub static BUG: ProblemKind = ProblemKind::new(500, "bug", "Internal server error");
    /// The store is full, and none of its records is settled.
    pub static STORE_FULL: ProblemKind = ProblemKind::new(503, "store_full", "Store full");
}

/// An error answer: RFC 9457 `application/problem+json`, with the members of the original service
/// kept. Route handlers return it; [`Correlated`](super::Correlated) writes it out.
///
/// Shared, because it is moved through every step of a request, may be kept under an idempotency key,
/// and is rare.
#[derive(Clone, Debug)]
pub struct Problem(Arc<Occurrence>);

#[derive(Clone, Debug)]
struct Occurrence {
    kind: &'static ProblemKind,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    retry_after: Option<Duration>,
    injected: Option<Injected>,
    /// What the log says about it, and its client need not know.
    cause: Option<String>,
}

/// One field of a request that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// The field, as a path such as `items[0].quantity`.
    #[schema(example = "amount")]
    pub field: String,
    /// What is wrong with it and what is valid.
    #[schema(example = "must be greater than 0")]
    pub message: String,
}

/// The member `chaos`: present only if the answer was injected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Injected {
    /// The operation that was hit.
    #[schema(example = "payment.authorize")]
    pub operation: &'static str,
    /// The outcome that was drawn.
    #[schema(example = "insufficient_funds")]
    pub outcome: &'static str,
    /// The seed it was drawn from.
    #[schema(example = 42)]
    pub seed: u64,
    /// The attempt's number under its draw key, from 1.
    #[schema(example = 1)]
    pub attempt: u32,
}

impl From<&Drawn> for Injected {
    fn from(drawn: &Drawn) -> Self {
        let Drawn { operation, outcome, seed, attempt, .. } = drawn;
        Self { operation: operation.name, outcome: outcome.name, seed: *seed, attempt: *attempt }
    }
}

impl Injected {
    /// Marks an answer as injected, for clients that do not read bodies.
    pub(crate) fn mark(&self, headers: &mut HeaderMap) {
        if let Ok(value) = HeaderValue::try_from([self.operation, "=", self.outcome].concat()) {
            headers.insert("x-chaos-injected", value);
            headers.insert("x-chaos-seed", self.seed.into());
        }
    }
}

impl Problem {
    /// An error of this kind; `detail` is a sentence about this occurrence.
    pub fn new(kind: &'static ProblemKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::new(Occurrence {
            kind,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: kind.retry_after,
            injected: None,
            cause: None,
        }))
    }

    /// A `validation_error` that names each field at fault.
    pub fn validation(errors: Vec<FieldError>) -> Self {
        let named: Vec<_> = errors.iter().map(|error| format!("{} {}", error.field, error.message)).collect();
        Self::new(&problems::VALIDATION_ERROR, named.join("; ")).with(|problem| problem.errors = errors)
    }

    /// A `not_found`: no `kind` has this id, or it ended and was evicted.
    pub fn not_found(kind: &str, id: &str) -> Self {
        Self::new(&problems::NOT_FOUND, format!("The {kind} `{id}` does not exist or has been evicted."))
    }

    /// A `store_full`: none of the `things` can be evicted. The environment's `variable` sets `capacity`.
    pub fn store_full(capacity: usize, things: &str, variable: &str) -> Self {
        let detail = format!(
            "The store is full: all {capacity} {things} ({variable}) are live, so none can be evicted."
        );
        Self::new(&problems::STORE_FULL, detail)
    }

    /// Something impossible happened. `cause` is logged, with the request's id.
    pub fn bug(cause: impl Into<String>) -> Self {
        let detail = "This is a bug in the service, not an injected fault.";
        Self::new(&problems::BUG, detail).with(|problem| problem.cause = Some(cause.into()))
    }

    /// The same error, with another retry delay than its kind has.
    #[must_use]
    pub fn retry_after(self, wait: Option<Duration>) -> Self {
        self.with(|problem| problem.retry_after = wait)
    }

    /// The same error, marked as injected.
    #[must_use]
    pub fn injected(self, drawn: &Drawn) -> Self {
        self.with(|problem| problem.injected = Some(drawn.into()))
    }

    fn with(mut self, change: impl FnOnce(&mut Occurrence)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// The kind of error.
    pub fn kind(&self) -> &'static ProblemKind {
        self.0.kind
    }

    /// The sentence about this occurrence.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// Each field that breaks a rule.
    pub(super) fn errors(&self) -> &[FieldError] {
        &self.0.errors
    }

    /// What the log says about this occurrence.
    pub(super) fn cause(&self) -> &str {
        self.0.cause.as_deref().unwrap_or(&self.0.detail)
    }

    /// Whether chaos injected it: then it is not real.
    pub fn is_injected(&self) -> bool {
        self.0.injected.is_some()
    }

    /// How long the client is asked to wait.
    pub fn wait(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The body of this error as the answer to `instance`.
    pub fn body<'a>(&'a self, instance: &'a str, correlation_id: &'a str) -> ProblemBody<'a> {
        ProblemBody {
            kind: ["urn:fake-stripe-chaos:problem:", self.0.kind.code].concat(),
            title: self.0.kind.title,
            status: self.0.kind.status,
            detail: &self.0.detail,
            instance,
            success: false,
            error: self.0.kind.code,
            message: &self.0.detail,
            correlation_id,
            retry_after_ms: self
                .0
                .retry_after
                .map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
            errors: &self.0.errors,
            chaos: self.0.injected,
        }
    }

    /// Writes the error out as the answer to `instance`.
    pub(super) fn render(&self, instance: &str, correlation_id: &str) -> Response {
        let mut body = Vec::with_capacity(TYPICAL_BYTES);
        serde_json::to_writer(&mut body, &self.body(instance, correlation_id)).unwrap_or_default();
        let mut response = (self.status(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(wait) = self.0.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_millis().div_ceil(1000) as u64));
        }
        if let Some(injected) = &self.0.injected {
            injected.mark(headers);
        }
        response
    }
}

/// An error is carried in the response's extensions until [`Correlated`](super::Correlated) knows
/// the values of the other members.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// An error answer: RFC 9457 `application/problem+json`, with the members of the original service.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem, title = "Problem")]
#[serde(rename_all = "camelCase")]
pub struct ProblemBody<'a> {
    /// A URN that names the kind of error.
    #[serde(rename = "type")]
    #[schema(example = "urn:fake-stripe-chaos:problem:insufficient_funds")]
    kind: String,
    /// A short phrase for the kind.
    #[schema(example = "Insufficient funds")]
    title: &'a str,
    /// The HTTP status.
    #[schema(example = 402)]
    status: u16,
    /// A sentence about this occurrence.
    #[schema(example = "The card has insufficient funds.")]
    detail: &'a str,
    /// The path of the request.
    #[schema(example = "/payment/authorize")]
    instance: &'a str,
    /// Always false.
    #[schema(example = false)]
    success: bool,
    /// The kind of error, to match on.
    #[schema(example = "insufficient_funds")]
    error: &'a str,
    /// The same as `detail`.
    #[schema(example = "The card has insufficient funds.")]
    message: &'a str,
    /// The request's correlation id.
    #[schema(example = "checkout-7")]
    correlation_id: &'a str,
    /// How long to wait before the next attempt, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    /// Each field that breaks a rule.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    /// Present only if the answer was injected.
    #[serde(skip_serializing_if = "Option::is_none")]
    chaos: Option<Injected>,
}
