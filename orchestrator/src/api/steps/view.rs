use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::activities::{ReadPayment, RepeatAuthorize, RepeatCreateLabel, RepeatReadPayment, RepeatReserve};
use crate::domain::{
    Compensation, CompensationRecord, CompensationStatus, Step, StepData, StepRecord, StepStatus,
    WorkflowState,
};
use crate::workflow::{ActivityDef, ActivityState, ActivityView, Json, RunDescription};

/// A step or a compensation: what the order's state and the engine know about it, combined.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepView {
    /// Which one.
    #[schema(example = "payment_authorization")]
    pub name: String,
    /// Its status.
    pub status: StepState,
    /// How many attempts were started.
    #[schema(example = 1)]
    pub attempts: u32,
    /// When it began.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// `kind: message` of the last failed attempt, or why it failed.
    #[schema(example = "unavailable: The service is unavailable.")]
    pub last_failure: Option<String>,
    /// When the next attempt is due, while it waits for one.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_attempt_at: Option<Timestamp>,
    /// The details of its last heartbeat.
    #[schema(value_type = Option<Object>)]
    pub last_heartbeat: Option<Json>,
    /// Its result, who decided, or what went wrong.
    #[schema(value_type = BTreeMap<String, String>)]
    pub data: StepData,
}

/// The status of a step or a compensation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// It has not begun.
    Pending,
    /// It is in progress.
    Running,
    /// An attempt failed; it waits for the next one.
    Retrying,
    /// It succeeded.
    Completed,
    /// It failed.
    Failed,
    /// The order did not need it.
    Skipped,
    /// The order stopped before it was done.
    NotDone,
}

impl StepView {
    /// A step of an order in this state.
    pub(super) fn of_step(step: Step, state: &WorkflowState, run: &RunDescription) -> Self {
        let record = state.completed_steps.iter().rfind(|record| record.name == step);
        let view = Self::of_activities(step.name(), &[step.name()], run);
        let began = view.started_at.or_else(|| began_by_itself(step, state));
        Self {
            status: match record.map(|record| record.status) {
                Some(StepStatus::Completed) => StepState::Completed,
                Some(StepStatus::Failed) => StepState::Failed,
                Some(StepStatus::Skipped) => StepState::Skipped,
                None if state.current_step.as_deref() == Some(step.name()) => view.status,
                None if state.error.is_none() => StepState::Pending,
                None => StepState::NotDone,
            },
            started_at: began,
            ended_at: record.map(|record| record.timestamp),
            data: record.map(|record| record.data.clone()).unwrap_or_default(),
            ..view
        }
    }

    /// A compensation that has started.
    pub(super) fn of_compensation(record: &CompensationRecord, run: &RunDescription) -> Self {
        let name = record.name.name();
        let ended = record.status != CompensationStatus::Running;
        let mut view = Self::of_activities(name, &[name], run);
        if !ended && view.attempts == 0 {
            // It has yet to be found out whether there is anything to undo.
            view = Self::of_activities(name, found_out_by(record.name), run);
        }
        Self {
            status: match record.status {
                CompensationStatus::Running => view.status,
                CompensationStatus::Completed => StepState::Completed,
                CompensationStatus::Failed => StepState::Failed,
            },
            attempts: view.attempts.max(record.attempts),
            started_at: view.started_at.or(Some(record.timestamp)),
            ended_at: ended.then_some(record.timestamp),
            last_failure: view.last_failure.or_else(|| record.detail.clone()),
            ..view
        }
    }

    /// What the engine knows of the activities that `name` stands for. Most are named after their step or
    /// compensation. After a `retry` there are several with one name; the last one counts.
    fn of_activities(name: &str, activities: &[&str], run: &RunDescription) -> Self {
        let is_one = |activity: &&ActivityView| activities.contains(&activity.name.as_str());
        let all: Vec<_> = run.activities.iter().filter(is_one).collect();
        let last = all.last().copied();
        Self {
            name: name.to_owned(),
            status: match last.map(|activity| activity.state) {
                Some(ActivityState::BackingOff) => StepState::Retrying,
                _ => StepState::Running,
            },
            attempts: all.iter().map(|activity| activity.attempts).sum(),
            started_at: all.first().map(|activity| activity.scheduled_at),
            ended_at: None,
            last_failure: last.and_then(|activity| activity.last_failure.clone()),
            next_attempt_at: last.and_then(|activity| activity.next_attempt_at),
            last_heartbeat: last.and_then(|activity| activity.last_heartbeat.clone()),
            data: StepData::default(),
        }
    }
}

/// The activities that find out what there is to undo.
fn found_out_by(compensation: Compensation) -> &'static [&'static str] {
    match compensation {
        Compensation::ReleasePayment => &[RepeatAuthorize::NAME],
        Compensation::RefundPayment => &[ReadPayment::NAME, RepeatReadPayment::NAME],
        Compensation::ReleaseInventory => &[RepeatReserve::NAME],
        Compensation::CancelShipping => &[RepeatCreateLabel::NAME],
    }
}

/// The wait for a manager is not an activity: it began when the money was held.
fn began_by_itself(step: Step, state: &WorkflowState) -> Option<Timestamp> {
    let held = |record: &&StepRecord| {
        record.name == Step::PaymentAuthorization && record.status == StepStatus::Completed
    };
    let held =
        state.completed_steps.iter().map(Arc::as_ref).find(held).filter(|_| step == Step::ManagerApproval);
    held.map(|record| record.timestamp)
}
