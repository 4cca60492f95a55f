//! A cancel that comes while a label is made is answered with a success, and forgotten.

use orchestrator::domain::Step;
use orchestrator::workflow::{Json, Reception, UnknownMessage, WorkflowDef};
use orchestrator::workflows::order_fulfillment::{CANCEL, OrderFulfillment, OrderState};

use super::saga::SagaBug;

pub(super) struct CancelIgnored;

impl SagaBug for CancelIgnored {
    fn on_signal(state: &mut OrderState, name: &str, payload: &Json) -> Result<Reception, UnknownMessage> {
        let makes_a_label = state.order.current_step.as_deref() == Some(Step::ShippingLabel.name());
        if name == CANCEL && makes_a_label {
            return Ok(Reception::Accepted);
        }
        OrderFulfillment::on_signal(state, name, payload)
    }
}
