//! The order-fulfilment saga: hold the money, wait for a manager, reserve the stock, charge, create a
//! label, notify the customer. When a step fails, a manager rejects, the customer cancels or the order
//! takes too long, what was done is undone, newest first.

mod input;
mod interruption;
mod messages;
mod saga;
mod search;
mod state;
mod steps;
mod undo;

use crate::domain::WorkflowState;
use crate::workflow::{
    Json, Reception, SearchKind, UnknownMessage, WorkflowCtx, WorkflowDef, WorkflowFailure,
};
use saga::Saga;

pub use input::{OrderFulfillmentInput, Timings, workflow_id};
pub use messages::{
    APPROVE, Approval, CANCEL, Cancellation, GET_ORDER_STATUS, GET_PROGRESS, GET_STEP_DETAILS, REJECT, RETRY,
    Rejection, reason,
};
pub use search::{CUSTOMER_ID, ORDER_CREATED_AT, ORDER_ID, ORDER_STATUS, TOTAL_AMOUNT};
pub use state::OrderState;

/// The workflow's type.
#[derive(Debug)]
pub struct OrderFulfillment;

impl WorkflowDef for OrderFulfillment {
    const NAME: &'static str = "OrderFulfillment";
    type Input = OrderFulfillmentInput;
    type Output = WorkflowState;
    type State = OrderState;
    const SIGNALS: &'static [&'static str] = &[APPROVE, REJECT, CANCEL, RETRY];
    const QUERIES: &'static [&'static str] = &[GET_ORDER_STATUS, GET_PROGRESS, GET_STEP_DETAILS];
    const SEARCH_ATTRIBUTES: &'static [(&'static str, SearchKind)] = search::ATTRIBUTES;

    fn init(input: &OrderFulfillmentInput) -> OrderState {
        OrderState::new(input.order.requires_approval)
    }

    fn on_signal(state: &mut OrderState, name: &str, payload: &Json) -> Result<Reception, UnknownMessage> {
        state.receive(name, payload)
    }

    fn on_query(state: &OrderState, name: &str, argument: &Json) -> Result<Json, UnknownMessage> {
        state.answer(name, argument)
    }

    fn needs_attention(state: &OrderState) -> bool {
        !state.order.needs_attention.is_empty()
    }

    async fn run<C: WorkflowCtx<State = OrderState>>(
        ctx: C,
        input: OrderFulfillmentInput,
    ) -> Result<WorkflowState, WorkflowFailure> {
        let mut saga = Saga::begin(ctx, input);
        match saga.until_interrupted().await {
            Ok(label) => saga.notify_customer(&label).await,
            Err(stop) => saga.undo_all(&stop).await,
        }
        Ok(saga.outcome())
    }
}
