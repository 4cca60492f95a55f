use std::fmt;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::gateways::error::kind;
use crate::gateways::{GatewayError, TransportError};
use crate::workflow::Certainty;

const MAX_BODY: usize = 1 << 20;
/// The longest wait that is accepted. A backend that asks for more is not obeyed: its caller has a deadline
/// of its own, and a recovery within the hour must not go unnoticed for days.
const MAX_WAIT: Duration = Duration::from_secs(3600);
const IN_PROGRESS: &str = "idempotency_in_progress";
const IN_PROGRESS_WAIT: Duration = Duration::from_secs(1);

/// An answer that is not a success.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The call failed.
    Final(GatewayError),
    /// An earlier request under the same key is still executing, and its answer will be this one's: that
    /// is not a failure. Ask again after this time; the attempt's own timeout bounds the waits.
    InProgress(Duration),
}

impl Refusal {
    /// The failure, for a caller that does not ask again.
    pub(super) fn into_error(self) -> GatewayError {
        match self {
            Self::Final(error) => error,
            Self::InProgress(wait) => GatewayError {
                retry_after: Some(wait),
                ..GatewayError::new(Certainty::Unavailable, IN_PROGRESS, "the request is still executing")
            },
        }
    }
}

impl From<GatewayError> for Refusal {
    fn from(error: GatewayError) -> Self {
        Self::Final(error)
    }
}

/// The members of `application/problem+json` that matter here.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Problem {
    pub(super) status: Option<u16>,
    error: Option<String>,
    message: Option<String>,
    retry_after_ms: Option<u64>,
}

/// Reads a successful answer.
pub(super) async fn read<T: DeserializeOwned>(response: Response<Body>) -> Result<T, GatewayError> {
    let body = whole(response.into_body()).await?;
    parse(&body)
}

/// Reads the JSON of a success: if it cannot be read, the effect is there but its id is unknown.
pub(super) fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, GatewayError> {
    serde_json::from_slice(json)
        .map_err(|e| GatewayError::new(Certainty::Unknown, kind::UNREADABLE_ANSWER, e.to_string()))
}

/// Classifies an answer that is not a success.
pub(super) async fn refused(response: Response<Body>) -> Refusal {
    let (head, body) = response.into_parts();
    match whole(body).await {
        Ok(body) => classify(head.status, &head.headers, serde_json::from_slice(&body).unwrap_or_default()),
        Err(lost) => lost.into(),
    }
}

/// What an unsuccessful answer means. (Rule: ENGINE, "What an answer means".)
pub(super) fn classify(status: StatusCode, headers: &HeaderMap, problem: Problem) -> Refusal {
    let retry_after = problem.retry_after_ms.map(Duration::from_millis).or_else(|| retry_after_of(headers));
    let retry_after = retry_after.map(|wait| wait.min(MAX_WAIT));
    let is_the_backends = problem.error.is_some();
    let kind = problem.error.unwrap_or_else(|| format!("http_{}", status.as_u16()));
    if status == StatusCode::CONFLICT && kind == IN_PROGRESS {
        return Refusal::InProgress(retry_after.unwrap_or(IN_PROGRESS_WAIT));
    }
    let certainty = match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Certainty::Unavailable,
        StatusCode::REQUEST_TIMEOUT => Certainty::Unknown,
        status if status.is_client_error() && is_the_backends => Certainty::Rejected,
        // Some proxy's: it tells nothing of an earlier attempt, and the backend may be there the next time.
        status if status.is_client_error() => Certainty::Unavailable,
        _ => Certainty::Unknown,
    };
    let message = problem.message.unwrap_or_else(|| format!("the answer was {status}"));
    Refusal::Final(GatewayError { retry_after, ..GatewayError::new(certainty, kind, message) })
}

/// The meaning of a missing answer.
pub(super) fn unanswered(error: TransportError) -> GatewayError {
    match error {
        TransportError::NotConnected(reason) => {
            GatewayError::new(Certainty::Unavailable, kind::UNREACHABLE, reason)
        }
        TransportError::Lost(reason) => lost(&reason),
    }
}

/// The answer was cut short.
pub(super) fn lost(reason: &dyn fmt::Display) -> GatewayError {
    GatewayError::new(Certainty::Unknown, kind::CONNECTION_LOST, reason.to_string())
}

/// The failure of a request that cannot be expressed in HTTP: a retry cannot help.
pub(super) fn unsendable(reason: &dyn fmt::Display) -> GatewayError {
    GatewayError::new(Certainty::Rejected, kind::UNSENDABLE, reason.to_string())
}

async fn whole(body: Body) -> Result<Bytes, GatewayError> {
    axum::body::to_bytes(body, MAX_BODY).await.map_err(|e| lost(&e))
}

/// The wait that a `Retry-After` in whole seconds asks for.
pub(crate) fn retry_after_of(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How an answer with this status and body is classified: certainty, kind, wait.
    fn classified(status: u16, body: &str) -> (Certainty, String, Option<Duration>) {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, 7.into());
        let problem = serde_json::from_str(body).unwrap_or_default();
        let error = classify(StatusCode::from_u16(status).unwrap(), &headers, problem).into_error();
        (error.certainty, error.kind, error.retry_after)
    }

    #[test]
    fn every_status_has_its_meaning() {
        use Certainty::{Rejected, Unavailable, Unknown};
        let expected = |status: u16, of_a_proxy: Certainty| match status {
            429 | 503 => Unavailable,
            408 => Unknown,
            400..=499 => of_a_proxy,
            _ => Unknown,
        };
        for status in (100..200).chain(300..600) {
            let (certainty, kind, _) = classified(status, "<html>");
            assert_eq!((certainty, kind), (expected(status, Unavailable), format!("http_{status}")));
            let (certainty, kind, _) = classified(status, r#"{"error":"sold_out"}"#);
            assert_eq!((certainty, kind.as_str()), (expected(status, Rejected), "sold_out"), "{status}");
        }
    }

    #[test]
    fn the_wait_is_the_exact_one_before_the_rounded_one() {
        let with = |millis: &str| classified(503, &format!(r#"{{"error":"unavailable"{millis}}}"#)).2;
        assert_eq!(with(r#","retryAfterMs":20"#), Some(Duration::from_millis(20)));
        assert_eq!(with(""), Some(Duration::from_secs(7)));
    }

    #[test]
    fn no_wait_is_longer_than_an_hour() {
        let wait = |millis: u64| classified(503, &format!(r#"{{"retryAfterMs":{millis}}}"#)).2;
        assert_eq!(wait(3_599_999), Some(Duration::from_millis(3_599_999)));
        assert_eq!(wait(u64::MAX), Some(MAX_WAIT));
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, u64::MAX.into());
        let busy = Problem { error: Some(IN_PROGRESS.to_owned()), ..Problem::default() };
        let refusal = classify(StatusCode::CONFLICT, &headers, busy);
        assert!(matches!(refusal, Refusal::InProgress(MAX_WAIT)), "{refusal:?}");
    }

    #[test]
    fn what_a_backend_says_is_taken_only_so_far() {
        let problem = Problem {
            error: Some("é".repeat(400_000)),
            message: Some("ü".repeat(600_000)),
            ..Problem::default()
        };
        let error = classify(StatusCode::BAD_GATEWAY, &HeaderMap::new(), problem).into_error();
        assert_eq!(error.kind, "é".repeat(100));
        assert_eq!(error.message, "ü".repeat(500) + "…");
        let strange = format!(r#""{}""#, "x".repeat(600_000));
        let error = parse::<u64>(strange.as_bytes()).unwrap_err();
        assert!(error.message.chars().count() == 501 && error.message.ends_with("x…"), "{error}");
    }

    #[test]
    fn a_request_in_progress_is_no_failure_and_other_conflicts_are() {
        let problem = |kind: &str| Problem { error: Some(kind.to_owned()), ..Problem::default() };
        let classify = |kind| classify(StatusCode::CONFLICT, &HeaderMap::new(), problem(kind));
        assert!(matches!(classify(IN_PROGRESS), Refusal::InProgress(IN_PROGRESS_WAIT)));
        assert!(
            matches!(classify("out_of_stock"), Refusal::Final(error) if error.certainty == Certainty::Rejected)
        );
    }
}
