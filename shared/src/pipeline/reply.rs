use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::chaos::{Drawn, Severed};
use crate::http::{Injected, Problem, encode, problems};
use crate::ledger::Sent;

/// An operation's own result: what is stored under its key.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A success: status and JSON body.
    Success(StatusCode, Bytes),
    /// A refusal.
    Refusal(Problem),
}

/// How a request ends: what its client sees.
#[derive(Debug)]
pub enum Reply {
    /// The operation's own result, with the drawn outcome if that delayed it.
    Own(Answer, Option<Drawn>),
    /// The result of an earlier request under the same key.
    Replay(Answer),
    /// An error that chaos put in place of the result.
    Injected(Problem),
    /// A success status with this broken JSON.
    Garbled(Bytes, Drawn),
    /// The connection is cut.
    Severed(Severed),
}

impl Reply {
    /// What the ledger records of it.
    pub(super) fn sent(&self) -> Sent {
        match self {
            Self::Own(answer, _) => answer.sent(),
            Self::Replay(answer) => Sent { is_replay: true, ..answer.sent() },
            Self::Injected(problem) => sent(problem),
            Self::Garbled(..) => {
                Sent { status: Some(StatusCode::OK.as_u16()), is_garbled: true, ..Sent::default() }
            }
            Self::Severed(_) => Sent::default(),
        }
    }

    pub(super) fn refused(problem: Problem) -> Self {
        Self::Own(Answer::Refusal(problem), None)
    }
}

impl Answer {
    pub(super) fn of<T: Serialize>(status: StatusCode, result: Result<T, Problem>) -> Self {
        match result.and_then(|value| encode(&value)) {
            Ok(body) => Self::Success(status, body),
            Err(problem) => Self::Refusal(problem),
        }
    }

    fn sent(&self) -> Sent {
        match self {
            Self::Success(status, _) => Sent { status: Some(status.as_u16()), ..Sent::default() },
            Self::Refusal(problem) => sent(problem),
        }
    }
}

fn sent(problem: &Problem) -> Sent {
    if std::ptr::eq(problem.kind(), &raw const problems::BODY_BROKE_OFF) {
        return Sent { is_abandoned: true, ..Sent::default() };
    }
    let millis = |wait: Duration| u32::try_from(wait.as_millis()).unwrap_or(u32::MAX);
    Sent {
        status: Some(problem.status().as_u16()),
        error: Some(problem.kind()),
        retry_after_ms: problem.wait().map(millis),
        ..Sent::default()
    }
}

fn json(status: StatusCode, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        match self {
            Self::Success(status, body) => json(status, body),
            Self::Refusal(refusal) => refusal.into_response(),
        }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        match self {
            Self::Own(answer, late) => {
                let mut response = answer.into_response();
                if let Some(drawn) = late {
                    drawn.mark(&mut response);
                }
                response
            }
            Self::Replay(answer) => {
                let mut response = answer.into_response();
                response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
                response
            }
            Self::Injected(injected) => injected.into_response(),
            Self::Garbled(body, drawn) => {
                let mut response = json(StatusCode::OK, body);
                drawn.mark(&mut response);
                response
            }
            Self::Severed(how) => {
                let mut response = StatusCode::BAD_GATEWAY.into_response();
                response.extensions_mut().insert(how);
                response
            }
        }
    }
}

impl Drawn {
    /// Marks an answer as injected in its headers.
    pub fn mark(&self, response: &mut Response) {
        Injected::from(self).mark(response.headers_mut());
    }
}
