use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use temporalio_client::tonic::IntoRequest;
use temporalio_common::protos::temporal::api::enums::v1::TaskQueueType;
use temporalio_common::protos::temporal::api::taskqueue::v1::TaskQueue;
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeTaskQueueRequest;

use super::TemporalClient;
use super::answer::call;
use super::visibility::timestamp;

/// A poll lasts at most a minute: a worker that has not polled for longer is gone.
const LATEST_POLL: SignedDuration = SignedDuration::from_secs(90);

/// Health checks must not wait long.
const TIMEOUT: Duration = Duration::from_secs(1);

impl TemporalClient {
    /// Whether the server answers and some worker polls.
    pub(super) async fn pollers(&self) -> Result<(), String> {
        let mut request = DescribeTaskQueueRequest {
            namespace: self.client.options().namespace.clone(),
            task_queue: Some(TaskQueue { name: self.task_queue.clone(), ..TaskQueue::default() }),
            ..DescribeTaskQueueRequest::default()
        };
        request.set_task_queue_type(TaskQueueType::Workflow);
        let mut service = self.client.connection().workflow_service();
        let answer = call(TIMEOUT, service.describe_task_queue(request.into_request())).await;
        let pollers = answer.map_err(|error| error.to_string())?.pollers;
        let now = self.clock.now();
        let mut polls = pollers.iter().filter_map(|poller| timestamp(poller.last_access_time));
        if polls.any(|at| is_recent(at, now)) {
            return Ok(());
        }
        Err(format!("no worker polls the task queue `{}`", self.task_queue))
    }
}

/// Whether a poll was recent by our clock; the server's may be ahead of it.
fn is_recent(poll: Timestamp, now: Timestamp) -> bool {
    now.duration_since(poll) < LATEST_POLL
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_poll_by_a_clock_that_is_ahead_is_recent() {
        let now = Timestamp::from_second(1000).unwrap();
        let at = |second| is_recent(Timestamp::from_second(second).unwrap(), now);
        assert_eq!([0, 910, 911, 1000, 5000].map(at), [false, false, true, true, true]);
    }
}
