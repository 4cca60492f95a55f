//! How activities and workflows fail, translated between the SDK and the port.

use temporalio_common::error::{
    ActivityExecutionError, ApplicationFailure, IncomingError, RetryState, TimeoutError, TimeoutType,
};
use temporalio_common::protos::temporal::api::common::v1::Payload;
use temporalio_sdk::WorkflowTermination;

use super::payload::{Wire, from_payload};
use super::record::Details;
use crate::workflow::{ActivityError, Certainty, Json, WorkflowFailure, kind};

/// Why an activity did not return a value.
pub(super) fn activity_error(error: &ActivityExecutionError) -> ActivityError {
    if let Some(cancelled) = error.as_cancelled() {
        return told(cancelled.raw_details()).unwrap_or_else(between_attempts);
    }
    let ActivityExecutionError::Failed(failed) = error else {
        return ActivityError::unreadable(error);
    };
    match failed.cause() {
        Some(IncomingError::Application(failure)) => {
            let error = told(failure.raw_details()).unwrap_or_else(|| untold(failure));
            if failed.retry_state() == RetryState::Timeout { too_late(&error) } else { error }
        }
        Some(IncomingError::Timeout(timeout)) => timed_out(timeout),
        _ => ActivityError::unreadable(error),
    }
}

/// The error that the last attempt itself wrote.
fn told(details: Option<&[Payload]>) -> Option<ActivityError> {
    details?.first().and_then(from_payload)?.parse().ok()
}

/// The server cancelled it while no attempt ran, and does not report the outcome of earlier ones: they
/// count as Unknown.
fn between_attempts() -> ActivityError {
    let message = "its workflow stopped it while no attempt ran".to_owned();
    Details::default().after_silence().error(Certainty::Unknown, kind::CANCELLED, message, None)
}

/// A failure that no attempt wrote, such as that of a worker that shut down.
fn untold(failure: &ApplicationFailure) -> ActivityError {
    let kind = failure.type_name().unwrap_or(kind::INTERRUPTED);
    Details::default().after_silence().error(Certainty::Unknown, kind, failure.to_string(), None)
}

/// No further attempt would have begun in time.
fn too_late(last: &ActivityError) -> ActivityError {
    let message = format!("no success in time; the last attempt failed: {last}");
    ActivityError { kind: kind::ACTIVITY_TIMEOUT.to_owned(), message, ..last.clone() }
}

/// The server ended it, since its worker did not.
fn timed_out(timeout: &TimeoutError) -> ActivityError {
    let (kind, what) = match timeout.timeout_type() {
        TimeoutType::Heartbeat => (kind::HEARTBEAT_TIMEOUT, "its worker fell silent"),
        TimeoutType::StartToClose => (kind::ATTEMPT_TIMEOUT, "its worker did not end the attempt"),
        _ => (kind::ACTIVITY_TIMEOUT, "no success in time"),
    };
    let message = match timeout.cause() {
        Some(cause) => format!("{what}; the last failure was {cause}"),
        None => what.to_owned(),
    };
    let details = Details::read(timeout.raw_last_heartbeat_details().unwrap_or_default());
    details.after_silence().error(Certainty::Unknown, kind, message, details.heartbeat)
}

pub(super) fn termination(failure: WorkflowFailure) -> WorkflowTermination {
    if failure.kind == kind::CANCELLED {
        let reason = Json::of(&failure.message).unwrap_or_else(|_| Json::null());
        return WorkflowTermination::cancelled_with_details(Wire(reason));
    }
    let WorkflowFailure { kind, message } = failure;
    let failure = ApplicationFailure::builder(message).type_name(kind).non_retryable(true).build();
    WorkflowTermination::failed_application(failure)
}
