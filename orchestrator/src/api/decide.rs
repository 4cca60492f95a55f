use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use shared::http::{Call, Fields, Problem};
use utoipa::ToSchema;

use super::answer::json;
use super::docs::DecisionErrors;
use super::extract::WorkflowId;
use super::orders::Orders;
use super::problems::too_late;
use crate::workflow::Reception;
use crate::workflows::order_fulfillment::{
    APPROVE, Approval, CANCEL, Cancellation, REJECT, RETRY, Rejection,
};

const MAX_NAME_LENGTH: usize = 128;
const MAX_REASON_LENGTH: usize = 500;

/// A body without members.
#[derive(Debug, Default, Deserialize, Serialize)]
struct Nothing {}

/// A decision was accepted: it survives a crash, and a repeat changes nothing.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Decided {
    /// Always true.
    #[schema(example = true)]
    pub success: bool,
    /// A sentence for humans.
    #[schema(example = "The order is approved.")]
    pub message: String,
    /// The run that it is about.
    #[schema(example = "order-fulfillment-ORD-123")]
    pub workflow_id: String,
}

/// Approve an order
///
/// May be sent before the order waits for approval; the decision is stored.
#[utoipa::path(post, path = "/{id}/approve", operation_id = "approve", tag = "decisions",
    params(WorkflowId),
    request_body(content = Option<Approval>, example = json!({"approvedBy": "manager@company.com"})), responses((status = 200, body = Decided, description = "The order is approved, now or already."), DecisionErrors))]
pub(super) async fn approve(
    State(orders): State<Orders>,
    id: WorkflowId,
    call: Call,
) -> Result<Response, Problem> {
    let approval: Approval = call.parse_or_default()?;
    let mut fields = Fields::new();
    fields.optional_text("approvedBy", approval.approved_by.clone(), MAX_NAME_LENGTH);
    let approval = fields.finish(Some(approval))?;
    let reception = orders.tell(&id.0, APPROVE, &approval).await?;
    decided(id, &reception, "The order is approved.", "The order was already approved.")
}

/// Reject an order
///
/// May be sent before the order waits for approval; the decision is stored.
#[utoipa::path(post, path = "/{id}/reject", operation_id = "reject", tag = "decisions",
    params(WorkflowId),
    request_body(content = Option<Rejection>, example = json!({"rejectedBy": "manager@company.com", "reason": "over budget"})), responses((status = 200, body = Decided, description = "The order is rejected, now or already."), DecisionErrors))]
pub(super) async fn reject(
    State(orders): State<Orders>,
    id: WorkflowId,
    call: Call,
) -> Result<Response, Problem> {
    let rejection: Rejection = call.parse_or_default()?;
    let mut fields = Fields::new();
    fields.optional_text("rejectedBy", rejection.rejected_by.clone(), MAX_NAME_LENGTH);
    fields.optional_text("reason", rejection.reason.clone(), MAX_REASON_LENGTH);
    let rejection = fields.finish(Some(rejection))?;
    let reception = orders.tell(&id.0, REJECT, &rejection).await?;
    decided(id, &reception, "The order is rejected.", "The order was already rejected.")
}

/// Cancel an order
///
/// At any time until the customer is notified of the shipment. What was done is undone.
#[utoipa::path(post, path = "/{id}/cancel", operation_id = "cancel", tag = "decisions",
    params(WorkflowId),
    request_body(content = Option<Cancellation>, example = json!({"reason": "ordered by mistake"})), responses((status = 200, body = Decided, description = "The order is cancelled, now or already; what was done is being undone."), DecisionErrors))]
pub(super) async fn cancel(
    State(orders): State<Orders>,
    id: WorkflowId,
    call: Call,
) -> Result<Response, Problem> {
    let cancellation: Cancellation = call.parse_or_default()?;
    let mut fields = Fields::new();
    fields.optional_text("reason", cancellation.reason.clone(), MAX_REASON_LENGTH);
    let cancellation = fields.finish(Some(cancellation))?;
    let reception = orders.tell(&id.0, CANCEL, &cancellation).await?;
    decided(id, &reception, "The order is being cancelled.", "The order was already cancelled.")
}

/// Retry failed compensations
///
/// For an order that needs attention, under the same idempotency keys.
#[utoipa::path(post, path = "/{id}/retry", operation_id = "retry", tag = "decisions",
    params(WorkflowId),
    responses((status = 200, body = Decided, description = "The failed compensations are being retried."), DecisionErrors))]
pub(super) async fn retry(
    State(orders): State<Orders>,
    id: WorkflowId,
    call: Call,
) -> Result<Response, Problem> {
    let nothing: Nothing = call.parse_or_default()?;
    let reception = orders.tell(&id.0, RETRY, &nothing).await?;
    decided(
        id,
        &reception,
        "The failed compensations are being retried.",
        "The failed compensations are already being retried.",
    )
}

fn decided(id: WorkflowId, reception: &Reception, now: &str, before: &str) -> Result<Response, Problem> {
    let message = match reception {
        Reception::Accepted => now,
        Reception::Duplicate => before,
        Reception::TooLate(reason) => return Err(too_late(reason)),
    };
    json(&Decided { success: true, message: message.to_owned(), workflow_id: id.0 })
}
