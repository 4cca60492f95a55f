use std::time::Duration;

use temporalio_client::tonic::IntoRequest;
use temporalio_common::protos::temporal::api::enums::v1::TaskQueueType;
use temporalio_common::protos::temporal::api::taskqueue::v1::TaskQueue;
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeTaskQueueRequest;

use super::TemporalClient;
use super::answer::call;
use super::visibility::timestamp;

/// A poll lasts at most a minute: a worker that has not polled for longer is gone.
const LATEST_POLL: Duration = Duration::from_secs(90);

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
        let polls = |at: jiff::Timestamp| {
            Duration::try_from(now.duration_since(at)).is_ok_and(|ago| ago < LATEST_POLL)
        };
        if pollers.iter().any(|poller| timestamp(poller.last_access_time).is_some_and(polls)) {
            return Ok(());
        }
        Err(format!("no worker polls the task queue `{}`", self.task_queue))
    }
}
