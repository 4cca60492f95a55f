//! A hold is not released when nobody decides in time.

use std::future::Future;

use orchestrator::activities::ReleasePayment;
use orchestrator::domain::WorkflowState;
use orchestrator::workflow::{ActivityDef, WorkflowCtx, WorkflowDef, WorkflowFailure};
use orchestrator::workflows::order_fulfillment::{OrderFulfillment, OrderFulfillmentInput, OrderState};

use super::saga::SagaBug;
use super::skipping::Skipping;

pub(super) struct HoldKept;

impl SagaBug for HoldKept {
    fn run<C: WorkflowCtx<State = OrderState>>(
        ctx: C,
        input: OrderFulfillmentInput,
    ) -> impl Future<Output = Result<WorkflowState, WorkflowFailure>> + 'static {
        let forgets = |order: &WorkflowState, undo: &str, _: &_| {
            undo == ReleasePayment::NAME && order.error.as_deref() == Some("approval_timeout")
        };
        OrderFulfillment::run(Skipping::new(ctx, forgets), input)
    }
}
