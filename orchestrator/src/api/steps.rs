use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use shared::http::Problem;
use utoipa::ToSchema;

mod view;

use super::docs::ReadErrors;
use super::extract::WorkflowId;
use super::orders::Orders;
use crate::domain::Step;

pub use view::{StepState, StepView};

/// Every step of an order, and every compensation that has started.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Steps {
    /// Always true.
    #[schema(example = true)]
    pub success: bool,
    /// The order's run.
    #[schema(example = "order-fulfillment-ORD-123")]
    pub workflow_id: String,
    /// The steps in order, including those to come.
    pub steps: Vec<StepView>,
    /// The compensations, in the order in which they started.
    pub compensations: Vec<StepView>,
}

/// Each step of an order, with timing, attempts and what went wrong
#[utoipa::path(get, path = "/{id}/steps", operation_id = "steps", tag = "orders",
    params(WorkflowId),
    responses((status = 200, body = Steps, description = "The steps and compensations of the order."), ReadErrors))]
pub(super) async fn steps(State(orders): State<Orders>, id: WorkflowId) -> Result<Json<Steps>, Problem> {
    let mut state = orders.state(&id.0).await?;
    let run = orders.describe_with(&id.0, &mut state).await?;
    let steps = Step::ALL.iter().map(|step| StepView::of_step(*step, &state, &run)).collect();
    let compensations = state.compensations.iter().map(|record| StepView::of_compensation(record, &run));
    let compensations = compensations.collect();
    Ok(Json(Steps { success: true, workflow_id: id.0, steps, compensations }))
}
