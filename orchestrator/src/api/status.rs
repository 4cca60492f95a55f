use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use shared::http::Problem;
use utoipa::ToSchema;

use super::docs::ReadErrors;
use super::extract::WorkflowId;
use super::orders::{Orders, TERMINATED, is_over};
use crate::domain::{Compensation, CompensationStatus, NeedsAttention, Step, WorkflowState};
use crate::gateways::LabelProgress;
use crate::workflow::{ActivityState, RunDescription};

/// What needs attention in a quarantined run.
const QUARANTINE: &str = "nondeterminism";

/// The status of an order.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Always true.
    #[schema(example = true)]
    pub success: bool,
    /// The order's run.
    #[schema(example = "order-fulfillment-ORD-123")]
    pub workflow_id: String,
    /// Its state.
    #[serde(flatten)]
    pub state: WorkflowState,
}

/// The progress of an order.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Always true.
    #[schema(example = true)]
    pub success: bool,
    /// The order's run.
    #[schema(example = "order-fulfillment-ORD-123")]
    pub workflow_id: String,
    /// Percent.
    #[schema(example = 75, maximum = 100)]
    pub progress: u8,
}

impl Status {
    /// Whether the run waits for a version of the program that fits its journal.
    pub fn is_quarantined(&self) -> bool {
        self.needs_attention_for(QUARANTINE)
    }

    /// Whether a failed compensation can be retried.
    pub fn can_be_retried(&self) -> bool {
        let failed = self.state.needs_attention.iter().any(|item| item.name != QUARANTINE);
        failed && !self.needs_attention_for(TERMINATED)
    }

    fn needs_attention_for(&self, name: &str) -> bool {
        self.state.needs_attention.iter().any(|item| item.name == name)
    }
}

/// The state of an order
#[utoipa::path(get, path = "/{id}/status", operation_id = "status", tag = "orders",
    params(WorkflowId),
    responses((status = 200, body = Status, description = "The state of the order."), ReadErrors))]
pub(super) async fn status(State(orders): State<Orders>, id: WorkflowId) -> Result<Json<Status>, Problem> {
    let state = current(&orders, &id).await?;
    Ok(Json(Status { success: true, workflow_id: id.0, state }))
}

/// The progress of an order in percent
#[utoipa::path(get, path = "/{id}/progress", operation_id = "progress", tag = "orders",
    params(WorkflowId),
    responses((status = 200, body = Progress, description = "The progress of the order."), ReadErrors))]
pub(super) async fn progress(
    State(orders): State<Orders>,
    id: WorkflowId,
) -> Result<Json<Progress>, Problem> {
    let progress = current(&orders, &id).await?.progress;
    Ok(Json(Progress { success: true, workflow_id: id.0, progress }))
}

/// The state of a run, with what only the engine knows: that it was ended from outside, that it is
/// quarantined, how many attempts an unfinished undo has had, and the progress of the label being
/// generated, which is only a heartbeat of its activity.
async fn current(orders: &Orders, id: &WorkflowId) -> Result<WorkflowState, Problem> {
    let mut state = orders.state(&id.0).await?;
    if is_over(&state) {
        return Ok(state);
    }
    let run = orders.describe_with(&id.0, &mut state).await?;
    if state.current_step.as_deref() == Some(Step::ShippingLabel.name()) {
        state.progress = state.progress_with_label(label_progress(&run));
    }
    let undoing = state.compensations.iter_mut().filter(|it| it.status == CompensationStatus::Running);
    undoing.for_each(|compensation| compensation.attempts += attempts_ended(&run, compensation.name));
    if let Some(reason) = run.quarantine {
        state.needs_attention.push(NeedsAttention { name: QUARANTINE.to_owned(), reason });
    }
    Ok(state)
}

/// How many attempts of an unfinished undo have ended.
fn attempts_ended(run: &RunDescription, compensation: Compensation) -> u32 {
    let undo = run.activities.iter().rfind(|activity| activity.name == compensation.name());
    undo.filter(|activity| activity.ended_at.is_none()).map_or(0, |activity| {
        activity.attempts.saturating_sub(u32::from(activity.state == ActivityState::Running))
    })
}

fn label_progress(run: &RunDescription) -> u8 {
    let label = run.activities.iter().rfind(|activity| activity.name == Step::ShippingLabel.name());
    // Of one that has ended too: the state was read before, and knows nothing of that.
    let heartbeat = label.and_then(|activity| activity.last_heartbeat.as_ref());
    heartbeat.and_then(|beat| beat.parse::<LabelProgress>().ok()).map_or(0, |label| label.progress)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::workflow::{ActivityView, Json, RunSummary};

    #[test]
    fn only_a_failed_compensation_of_an_open_run_can_be_retried() {
        let can_be_retried = |attention: &[&str]| {
            let item = |name: &&str| NeedsAttention { name: (*name).to_owned(), reason: String::new() };
            let needs_attention = attention.iter().map(item).collect();
            let state = WorkflowState { needs_attention, ..WorkflowState::new() };
            Status { success: true, workflow_id: String::new(), state }.can_be_retried()
        };
        assert!(can_be_retried(&["release_payment"]) && can_be_retried(&["release_payment", QUARANTINE]));
        for not in [&[][..], &[QUARANTINE], &[TERMINATED], &["release_payment", TERMINATED]] {
            assert!(!can_be_retried(not), "{not:?}");
        }
    }

    #[test]
    fn a_label_that_has_just_ended_is_as_far_as_its_last_heartbeat() {
        let progress = |state| {
            let heartbeat = Json::of(&LabelProgress { label_id: "lbl_1".into(), progress: 75 });
            let label = ActivityView {
                activity_id: "shipping_label:1".to_owned(),
                name: Step::ShippingLabel.name().to_owned(),
                state,
                attempts: 1,
                scheduled_at: Timestamp::UNIX_EPOCH,
                ended_at: None,
                next_attempt_at: None,
                last_failure: None,
                last_heartbeat: heartbeat.ok(),
            };
            let summary = RunSummary {
                workflow_id: "order-fulfillment-A".to_owned(),
                run_id: "run".to_owned(),
                started_at: Timestamp::UNIX_EPOCH,
                closed_at: None,
                needs_attention: false,
                search_attributes: Vec::new(),
            };
            let activities = vec![label];
            label_progress(&RunDescription { summary, input: Json::null(), quarantine: None, activities })
        };
        assert_eq!([ActivityState::Running, ActivityState::Completed].map(progress), [75, 75]);
    }
}
