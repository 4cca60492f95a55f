use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use shared::http::{Call, Context, FieldError, Problem};
use smol_str::{SmolStr, ToSmolStr};
use utoipa::ToSchema;

use super::answer::json;
use super::docs::PlaceErrors;
use super::orders::{Orders, read};
use super::problems::{ORDER_CONFLICT, refused};
use crate::domain::{InvalidOrder, OrderInput, OrderStatus, Trace, Violation, WorkflowState};
use crate::workflow::{ClientError, Json, RunDescription, Start, WorkflowDef};
use crate::workflows::order_fulfillment::{OrderFulfillment, OrderFulfillmentInput, workflow_id};

/// An order was placed: it will be processed to its end, even across crashes.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Placed {
    /// Always true.
    #[schema(example = true)]
    pub success: bool,
    /// Names the order's run in every other call.
    #[schema(example = "order-fulfillment-ORD-123")]
    pub workflow_id: String,
    /// The engine's id of the run.
    #[schema(example = "5d0c1f0a9c3e4b21")]
    pub run_id: String,
    /// The order.
    #[schema(value_type = String, example = "ORD-123")]
    pub order_id: SmolStr,
    /// Its status.
    pub status: OrderStatus,
}

/// Place an order
///
/// Idempotent by `orderId`: placing the same order again answers 200 with the existing run.
#[utoipa::path(post, path = "/order", operation_id = "place", tag = "orders",
    request_body(content = OrderInput, example = super::sample_order),
    responses((status = 201, body = Placed, description = "The order is placed."),
        (status = 200, body = Placed, description = "The same order was already placed."), PlaceErrors))]
pub(super) async fn place(State(orders): State<Orders>, call: Call) -> Result<Response, Problem> {
    let order = parse(&call)?;
    let order_id = order.order_id.clone();
    let workflow_id = workflow_id(&order_id);
    let input = OrderFulfillmentInput { order, timings: orders.timings(), trace: trace(&call.context) };
    let input = Json::holding(input);
    let start =
        Start { workflow: OrderFulfillment::NAME, workflow_id: workflow_id.clone(), input: input.clone() };
    let (status, run_id, state) = match orders.client().start(start).await {
        Ok(started) => (StatusCode::CREATED, started.run_id, WorkflowState::new()),
        Err(ClientError::AlreadyStarted { run_id }) => {
            let mut state = orders.state(&workflow_id).await?;
            let run = orders.describe_with(&workflow_id, &mut state).await?;
            require_same(&run, &input)?;
            (StatusCode::OK, run_id, state)
        }
        Err(error) => return Err(refused(&workflow_id, error)),
    };
    let location = HeaderValue::try_from(format!("/workflows/{workflow_id}/status"))
        .map_err(|error| Problem::bug(format!("a workflow's id does not fit into a header: {error}")))?;
    let placed = Placed { success: true, workflow_id, run_id, order_id, status: state.status };
    Ok((status, [(header::LOCATION, location)], json(&placed)?).into_response())
}

fn parse(call: &Call) -> Result<OrderInput, Problem> {
    OrderInput::from_json(call.raw()?).map_err(|InvalidOrder(violations)| {
        let error = |v: Violation| FieldError { field: v.field, message: v.message };
        Problem::validation(violations.into_iter().map(error).collect())
    })
}

/// Checks that the existing run was started with this very order.
fn require_same(run: &RunDescription, input: &Json) -> Result<(), Problem> {
    let order = |input| read::<OrderFulfillmentInput>(input).map(|input| input.order);
    let wanted = order(input)?;
    if order(&run.input)? == wanted {
        return Ok(());
    }
    let id = wanted.order_id;
    Err(Problem::new(
        &ORDER_CONFLICT,
        format!("The order `{id}` was already placed with another body; use another orderId."),
    ))
}

fn trace(context: &Context) -> Trace {
    Trace { correlation_id: context.correlation_id.to_smolstr(), traceparent: context.traceparent.clone() }
}
