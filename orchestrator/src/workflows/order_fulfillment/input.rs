use std::time::Duration;

use serde::{Deserialize, Serialize};
use shared::time::TimeScale;

use crate::activities::{ActivitySettings, first_repeat_backoff};
use crate::domain::{Item, OrderInput, Trace, WORKFLOW_ID_PREFIX};
use crate::gateways::{Hold, Label, LabelRequest, Message, ReservationRequest, StockItem};

/// The input of an order's run, fixed for its whole life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderFulfillmentInput {
    /// The client's body. Two starts are for the same order if this is equal.
    pub order: OrderInput,
    /// The run's timeouts.
    pub timings: Timings,
    /// The trace that the run belongs to.
    pub trace: Trace,
}

impl OrderFulfillmentInput {
    pub(super) fn hold(&self) -> Hold {
        Hold {
            amount: self.order.total_amount,
            currency: self.order.currency.clone(),
            order_id: self.order.order_id.clone(),
            customer_id: self.order.customer_id.clone(),
        }
    }

    pub(super) fn reservation(&self) -> ReservationRequest {
        let stock = |item: &Item| StockItem { sku: item.sku.clone(), quantity: item.quantity };
        ReservationRequest {
            items: self.order.items.iter().map(stock).collect(),
            order_id: self.order.order_id.clone(),
        }
    }

    pub(super) fn label(&self) -> LabelRequest {
        LabelRequest {
            shipping_address: self.order.shipping_address.clone(),
            order_id: self.order.order_id.clone(),
        }
    }

    pub(super) fn shipped_message(&self, label: &Label) -> Message {
        let (order_id, tracking) = (&self.order.order_id, &label.tracking_number);
        Message {
            recipient: self.order.customer_email.clone(),
            subject: format!("Your order {order_id} has shipped"),
            message: format!("Your order {order_id} is on its way. Its tracking number is {tracking}."),
            order_id: order_id.clone(),
        }
    }
}

/// A run's timeouts, already scaled: a run keeps them when the process that started it is replaced by one
/// with another scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Timings {
    approval_timeout_ms: u64,
    workflow_timeout_ms: u64,
    repeat_backoff_ms: u64,
}

impl Timings {
    /// The times of `settings` at `scale`, with their minimums.
    pub fn new(settings: &ActivitySettings, scale: TimeScale) -> Self {
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let settings = settings.at(scale);
        Self {
            approval_timeout_ms: millis(settings.approval_timeout),
            workflow_timeout_ms: millis(settings.workflow_timeout),
            repeat_backoff_ms: millis(first_repeat_backoff(scale)),
        }
    }

    /// How long to wait for a manager's decision.
    pub fn approval_timeout(&self) -> Duration {
        Duration::from_millis(self.approval_timeout_ms)
    }

    /// How long the forward path may take.
    pub fn workflow_timeout(&self) -> Duration {
        Duration::from_millis(self.workflow_timeout_ms)
    }

    /// The wait between a call whose answer was lost and its first repeat.
    pub fn repeat_backoff(&self) -> Duration {
        Duration::from_millis(self.repeat_backoff_ms)
    }
}

/// The id of the run that fulfils an order, of which there is only ever one.
pub fn workflow_id(order_id: &str) -> String {
    [WORKFLOW_ID_PREFIX, order_id].concat()
}
