//! What the server knows about a run: the activities in flight from its description, the others from
//! its history.

use std::collections::BTreeMap;

use temporalio_client::tonic::IntoRequest;
use temporalio_common::protos::temporal::api::common::v1::{Payloads, WorkflowExecution};
use temporalio_common::protos::temporal::api::enums::v1::{PendingActivityState, WorkflowTaskFailedCause};
use temporalio_common::protos::temporal::api::failure::v1::Failure;
use temporalio_common::protos::temporal::api::failure::v1::failure::FailureInfo;
use temporalio_common::protos::temporal::api::history::v1::HistoryEvent;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use temporalio_common::protos::temporal::api::workflow::v1::{PendingActivityInfo, WorkflowExecutionInfo};
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    DescribeWorkflowExecutionRequest, DescribeWorkflowExecutionResponse,
};

use super::TemporalClient;
use super::answer::{CALL_TIMEOUT, call};
use super::payload::first_of;
use super::record::Details;
use super::visibility::timestamp;
use crate::workflow::{ActivityState, ActivityView, ClientError, Json, RunDescription};

impl TemporalClient {
    async fn description(&self, workflow_id: &str) -> Result<DescribeWorkflowExecutionResponse, ClientError> {
        let execution = WorkflowExecution { workflow_id: workflow_id.to_owned(), run_id: String::new() };
        let namespace = self.client.options().namespace.clone();
        let request = DescribeWorkflowExecutionRequest { namespace, execution: Some(execution) };
        let mut service = self.client.connection().workflow_service();
        call(CALL_TIMEOUT, service.describe_workflow_execution(request.into_request())).await
    }

    pub(super) async fn row(&self, workflow_id: &str) -> Result<WorkflowExecutionInfo, ClientError> {
        Ok(self.description(workflow_id).await?.workflow_execution_info.unwrap_or_default())
    }

    pub(super) async fn described(&self, workflow_id: &str) -> Result<RunDescription, ClientError> {
        let description = self.description(workflow_id).await?;
        let events = self.all_events(workflow_id).await?;
        let mut views = Views::default();
        events.iter().for_each(|event| views.take(event));
        description.pending_activities.iter().for_each(|pending| views.update(pending));
        Ok(RunDescription {
            summary: self.summary(&description.workflow_execution_info.unwrap_or_default()),
            input: events.iter().find_map(input).unwrap_or_else(Json::null),
            quarantine: quarantine(&events),
            activities: views.in_order,
        })
    }
}

fn input(event: &HistoryEvent) -> Option<Json> {
    match event.attributes.as_ref()? {
        Attributes::WorkflowExecutionStartedEventAttributes(started) => read(started.input.as_ref()),
        _ => None,
    }
}

/// Why the run's replay failed, if its last workflow task did.
fn quarantine(events: &[HistoryEvent]) -> Option<String> {
    let last = events.iter().rev().find_map(|event| match event.attributes.as_ref()? {
        Attributes::WorkflowTaskFailedEventAttributes(failed) => Some(Some(failed)),
        Attributes::WorkflowTaskCompletedEventAttributes(_) => Some(None),
        _ => None,
    });
    let failed = last??;
    (failed.cause() == WorkflowTaskFailedCause::NonDeterministicError)
        .then(|| failed.failure.as_ref().map(|failure| failure.message.clone()).unwrap_or_default())
}

/// The activities of a run, in the order they were scheduled.
#[derive(Default)]
struct Views {
    in_order: Vec<ActivityView>,
    by_event: BTreeMap<i64, usize>,
}

impl Views {
    fn take(&mut self, event: &HistoryEvent) {
        let at = timestamp(event.event_time);
        match event.attributes.as_ref() {
            Some(Attributes::ActivityTaskScheduledEventAttributes(scheduled)) => {
                self.by_event.insert(event.event_id, self.in_order.len());
                self.in_order.push(ActivityView {
                    activity_id: scheduled.activity_id.clone(),
                    name: scheduled.activity_type.as_ref().map(|kind| kind.name.clone()).unwrap_or_default(),
                    state: ActivityState::Running,
                    attempts: 1,
                    scheduled_at: at.unwrap_or_default(),
                    ended_at: None,
                    next_attempt_at: None,
                    last_failure: None,
                    last_heartbeat: None,
                });
            }
            Some(Attributes::ActivityTaskStartedEventAttributes(started)) => {
                self.with(started.scheduled_event_id, |view| {
                    view.attempts = u32::try_from(started.attempt).unwrap_or(view.attempts);
                    view.last_failure = started.last_failure.as_ref().map(sentence);
                });
            }
            Some(Attributes::ActivityTaskCompletedEventAttributes(completed)) => {
                self.with(completed.scheduled_event_id, |view| {
                    (view.state, view.ended_at) = (ActivityState::Completed, at);
                });
            }
            Some(Attributes::ActivityTaskFailedEventAttributes(failed)) => {
                self.with(failed.scheduled_event_id, |view| {
                    (view.state, view.ended_at) = (ActivityState::Failed, at);
                    view.last_failure = failed.failure.as_ref().map(sentence);
                });
            }
            Some(Attributes::ActivityTaskTimedOutEventAttributes(timed_out)) => {
                self.with(timed_out.scheduled_event_id, |view| {
                    (view.state, view.ended_at) = (ActivityState::Failed, at);
                    view.last_failure = timed_out.failure.as_ref().map(sentence);
                });
            }
            Some(Attributes::ActivityTaskCanceledEventAttributes(cancelled)) => {
                self.with(cancelled.scheduled_event_id, |view| {
                    (view.state, view.ended_at) = (ActivityState::Failed, at);
                    view.last_failure = Some("cancelled: its workflow stopped it".to_owned());
                });
            }
            _ => {}
        }
    }

    fn with(&mut self, scheduled_event: i64, change: impl FnOnce(&mut ActivityView)) {
        let place = self.by_event.get(&scheduled_event);
        if let Some(view) = place.and_then(|place| self.in_order.get_mut(*place)) {
            change(view);
        }
    }

    /// What only the description knows about an activity in flight.
    fn update(&mut self, pending: &PendingActivityInfo) {
        let of_id = |view: &&mut ActivityView| view.activity_id == pending.activity_id;
        let Some(view) = self.in_order.iter_mut().filter(|view| view.ended_at.is_none()).find(of_id) else {
            return;
        };
        // The server counts the attempt that waits; the port those that were started.
        let attempt = u32::try_from(pending.attempt).unwrap_or(1);
        let is_waiting = pending.state() == PendingActivityState::Scheduled && attempt > 1;
        view.state = if is_waiting { ActivityState::BackingOff } else { ActivityState::Running };
        view.attempts = attempt - u32::from(is_waiting);
        view.next_attempt_at = timestamp(pending.scheduled_time).filter(|_| is_waiting);
        view.last_failure = pending.last_failure.as_ref().map(sentence);
        view.last_heartbeat =
            pending.heartbeat_details.as_ref().and_then(|details| Details::read(&details.payloads).heartbeat);
    }
}

/// `kind: message`.
fn sentence(failure: &Failure) -> String {
    match &failure.failure_info {
        Some(FailureInfo::ApplicationFailureInfo(info)) => format!("{}: {}", info.r#type, failure.message),
        Some(FailureInfo::ActivityFailureInfo(_)) => {
            failure.cause.as_deref().map_or_else(|| failure.message.clone(), sentence)
        }
        Some(FailureInfo::TimeoutFailureInfo(_)) => format!("timeout: {}", failure.message),
        _ => failure.message.clone(),
    }
}

fn read(payloads: Option<&Payloads>) -> Option<Json> {
    payloads.and_then(|payloads| first_of(&payloads.payloads))
}
