//! Answers of the server, and of workers through it, or the lack of one.

use std::future::Future;
use std::time::Duration;

use serde::de::DeserializeOwned;
use temporalio_client::tonic::{Code, Response, Status};
use tokio::time::timeout;

use crate::workflow::{ClientError, Json};

/// How long a worker may take to answer a message, and the server to answer anything: longer than the
/// server needs to pass a dead worker's message to another.
pub(super) const CALL_TIMEOUT: Duration = Duration::from_secs(15);

/// An answer, if it comes in time.
pub(super) async fn within<T>(limit: Duration, answer: impl Future<Output = T>) -> Result<T, ClientError> {
    let late =
        || unavailable(format!("no answer from the Temporal server, or from a worker, within {limit:?}"));
    timeout(limit, answer).await.map_err(|_| late())
}

/// The answer of the server itself, if it comes in time.
pub(super) async fn call<T>(
    limit: Duration,
    answer: impl Future<Output = Result<Response<T>, Status>>,
) -> Result<T, ClientError> {
    let answer = within(limit, answer).await?;
    answer.map(Response::into_inner).map_err(|status| refused(&status))
}

/// The meaning of a refusal by the server.
pub(super) fn refused(status: &Status) -> ClientError {
    let message = status.message().trim_end_matches('.').to_owned();
    match status.code() {
        // The namespace, not the run.
        Code::NotFound if message.starts_with("Namespace ") => unavailable(message),
        Code::NotFound => ClientError::NotFound,
        Code::InvalidArgument => ClientError::Invalid(message),
        Code::FailedPrecondition if message.contains("failed state") => ClientError::Quarantined(message),
        _ => unavailable(message),
    }
}

pub(super) fn read<T: DeserializeOwned>(json: &Json) -> Result<T, ClientError> {
    json.parse().map_err(|error| ClientError::Invalid(error.to_string()))
}

pub(super) fn unavailable(reason: String) -> ClientError {
    ClientError::Unavailable { reason, retry_after: Duration::from_secs(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_namespace_is_no_missing_run() {
        let refused = |message: &str| refused(&Status::new(Code::NotFound, message));
        assert_eq!(refused("workflow not found for ID: order-fulfillment-A"), ClientError::NotFound);
        let missing = unavailable("Namespace orders is not found".to_owned());
        assert_eq!(refused("Namespace orders is not found."), missing);
    }
}
