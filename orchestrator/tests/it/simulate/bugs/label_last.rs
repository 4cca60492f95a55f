//! Money and stock are given back before the label is cancelled.

use std::cell::RefCell;
use std::rc::Rc;

use orchestrator::activities::CancelShipping;
use orchestrator::domain::WorkflowState;
use orchestrator::workflow::{ActivityDef, Json, WorkflowCtx, WorkflowDef, WorkflowFailure};
use orchestrator::workflows::order_fulfillment::{OrderFulfillment, OrderFulfillmentInput, OrderState};

use super::saga::SagaBug;
use super::skipping::Skipping;

pub(super) struct LabelLast;

impl SagaBug for LabelLast {
    async fn run<C: WorkflowCtx<State = OrderState>>(
        ctx: C,
        input: OrderFulfillmentInput,
    ) -> Result<WorkflowState, WorkflowFailure> {
        let put_off = Rc::new(RefCell::new(Vec::new()));
        let to_put_off = Rc::clone(&put_off);
        let puts_off = move |_: &_, undo: &str, input: &Json| {
            let is_label = undo == CancelShipping::NAME;
            to_put_off.borrow_mut().extend(is_label.then(|| input.clone()));
            is_label
        };
        let ended = OrderFulfillment::run(Skipping::new(ctx.clone(), puts_off), input).await;
        for label in put_off.take() {
            let _void_or_not = ctx.detached().activity::<CancelShipping>(label.parse().unwrap()).await;
        }
        ended
    }
}
