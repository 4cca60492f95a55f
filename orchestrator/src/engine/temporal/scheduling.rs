use std::time::Duration;

use temporalio_common::RetryPolicy;
use temporalio_sdk::{
    ActivityCancellationType, ActivityCloseTimeouts, ActivityOptions, WorkflowCancellationToken,
};

use crate::workflow;

/// How much longer than an attempt's own limit the server waits before it considers the worker dead.
const SERVER_MARGIN: Duration = Duration::from_secs(5);
/// The server refuses intervals of zero length.
const MIN_INTERVAL: Duration = Duration::from_millis(1);

/// The task queue of undos: separate workers serve it, so that forward work cannot starve them.
pub(super) fn compensations(task_queue: &str) -> String {
    format!("{task_queue}-compensations")
}

/// An activity's options in the SDK's form.
///
/// Cancelling waits for the attempt's end either way. One that may finish does so, and the server starts
/// no other; one that must be abandoned ends when its worker learns of it, and only then its last
/// heartbeat is known.
pub(super) fn scheduled(
    options: &workflow::ActivityOptions,
    id: String,
    task_queue: &str,
    scope: WorkflowCancellationToken,
) -> ActivityOptions {
    let start_to_close = options.start_to_close + SERVER_MARGIN;
    let timeouts = match options.schedule_to_close {
        None => ActivityCloseTimeouts::StartToClose(start_to_close),
        Some(schedule_to_close) => {
            ActivityCloseTimeouts::ScheduleAndStartToClose { schedule_to_close, start_to_close }
        }
    };
    let retry = &options.retry;
    let initial = retry.initial.max(MIN_INTERVAL);
    let policy = RetryPolicy::builder()
        .initial_interval(initial)
        .backoff_coefficient(retry.backoff)
        .maximum_interval(retry.max_interval.max(initial))
        .maximum_attempts(retry.max_attempts.unwrap_or(0))
        .non_retryable_error_types(retry.non_retryable.iter().copied());
    ActivityOptions::with_close_timeouts(timeouts)
        .activity_id(id)
        .maybe_task_queue(options.compensation.then(|| compensations(task_queue)))
        .maybe_heartbeat_timeout(options.heartbeat)
        .retry_policy(policy.build())
        .cancellation_type(ActivityCancellationType::WaitCancellationCompleted)
        .cancellation_token(scope)
        .build()
}
