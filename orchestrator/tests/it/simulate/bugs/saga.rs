//! The shipped saga, changed in one place.

use std::future::Future;
use std::marker::PhantomData;

use orchestrator::domain::WorkflowState;
use orchestrator::workflow::{
    Json, Reception, SearchKind, UnknownMessage, WorkflowCtx, WorkflowDef, WorkflowFailure,
};
use orchestrator::workflows::order_fulfillment::{OrderFulfillment, OrderFulfillmentInput, OrderState};

/// A bug in the saga. What it says nothing of is as shipped.
pub(super) trait SagaBug: 'static {
    fn on_signal(state: &mut OrderState, name: &str, payload: &Json) -> Result<Reception, UnknownMessage> {
        OrderFulfillment::on_signal(state, name, payload)
    }

    fn run<C: WorkflowCtx<State = OrderState>>(
        ctx: C,
        input: OrderFulfillmentInput,
    ) -> impl Future<Output = Result<WorkflowState, WorkflowFailure>> + 'static {
        OrderFulfillment::run(ctx, input)
    }
}

/// The saga with bug `B`, under the name of the shipped one.
pub(super) struct Bugged<B>(PhantomData<B>);

impl<B: SagaBug> WorkflowDef for Bugged<B> {
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
        B::on_signal(state, name, payload)
    }

    fn on_query(state: &OrderState, name: &str, argument: &Json) -> Result<Json, UnknownMessage> {
        OrderFulfillment::on_query(state, name, argument)
    }

    fn needs_attention(state: &OrderState) -> bool {
        OrderFulfillment::needs_attention(state)
    }

    fn run<C: WorkflowCtx<State = OrderState>>(
        ctx: C,
        input: OrderFulfillmentInput,
    ) -> impl Future<Output = Result<WorkflowState, WorkflowFailure>> + 'static {
        B::run(ctx, input)
    }
}
