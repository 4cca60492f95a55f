//! The saga after a change that breaks runs in flight.

use std::time::Duration;

use orchestrator::domain::WorkflowState;
use orchestrator::workflow::{
    Json, Reception, SearchKind, UnknownMessage, WorkflowCtx, WorkflowDef, WorkflowFailure,
};
use orchestrator::workflows::order_fulfillment::{OrderFulfillment, OrderFulfillmentInput, OrderState};

/// It waits before it does what it did, and nothing guards that.
pub(crate) struct Changed;

impl WorkflowDef for Changed {
    const NAME: &'static str = OrderFulfillment::NAME;
    type Input = OrderFulfillmentInput;
    type Output = WorkflowState;
    type State = OrderState;
    const SIGNALS: &'static [&'static str] = OrderFulfillment::SIGNALS;
    const QUERIES: &'static [&'static str] = OrderFulfillment::QUERIES;
    const SEARCH_ATTRIBUTES: &'static [(&'static str, SearchKind)] = OrderFulfillment::SEARCH_ATTRIBUTES;

    fn init(input: &OrderFulfillmentInput) -> OrderState {
        OrderFulfillment::init(input)
    }

    fn on_signal(state: &mut OrderState, name: &str, payload: &Json) -> Result<Reception, UnknownMessage> {
        OrderFulfillment::on_signal(state, name, payload)
    }

    fn on_query(state: &OrderState, name: &str, argument: &Json) -> Result<Json, UnknownMessage> {
        OrderFulfillment::on_query(state, name, argument)
    }

    fn needs_attention(state: &OrderState) -> bool {
        OrderFulfillment::needs_attention(state)
    }

    async fn run<C: WorkflowCtx<State = OrderState>>(
        ctx: C,
        input: OrderFulfillmentInput,
    ) -> Result<WorkflowState, WorkflowFailure> {
        ctx.sleep(Duration::from_secs(1)).await?;
        OrderFulfillment::run(ctx, input).await
    }
}
