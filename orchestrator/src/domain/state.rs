use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{
    Compensation, CompensationRecord, CompensationStatus, NeedsAttention, Step, StepData, StepRecord,
    StepStatus,
};

/// The status of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Waiting for a manager's decision.
    AwaitingApproval,
    /// Approved; its stock is being reserved.
    Approved,
    /// Ended: a manager rejected it, or nobody decided in time.
    Rejected,
    /// Anything else in progress, including undoing.
    Processing,
    /// Ended successfully.
    Shipped,
    /// Ended because a step failed or the order took too long, or it needs attention.
    Failed,
    /// Ended: its customer cancelled it.
    Cancelled,
}

impl OrderStatus {
    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AwaitingApproval => "awaiting_approval",
            _ => self.keyword(),
        }
    }

    /// Its value in the search attribute `OrderStatus`.
    pub const fn keyword(self) -> &'static str {
        match self {
            Self::AwaitingApproval => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Processing => "processing",
            Self::Shipped => "shipped",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more will happen by itself.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Rejected | Self::Shipped | Self::Failed | Self::Cancelled)
    }
}

/// The state of an order's workflow, as every reader sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowState {
    /// The status of the order.
    pub status: OrderStatus,
    /// Percent; it no longer changes once the order is being undone.
    pub progress: u8,
    /// The step or the compensation that runs now.
    #[schema(value_type = Option<String>)]
    pub current_step: Option<SmolStr>,
    /// The steps that ended, in the order in which they did.
    #[schema(value_type = Vec<StepRecord>)]
    pub completed_steps: Vec<Arc<StepRecord>>,
    /// The compensations that started, in the order in which they did.
    pub compensations: Vec<CompensationRecord>,
    /// What needs a person's attention.
    pub needs_attention: Vec<NeedsAttention>,
    /// Why the order will not be shipped: a stable name such as `insufficient_funds`.
    #[schema(value_type = Option<String>)]
    pub error: Option<SmolStr>,
    /// The hold.
    #[schema(value_type = Option<String>)]
    pub auth_id: Option<SmolStr>,
    /// The reserved stock.
    #[schema(value_type = Option<String>)]
    pub reservation_id: Option<SmolStr>,
    /// The label.
    #[schema(value_type = Option<String>)]
    pub label_id: Option<SmolStr>,
    /// The label's tracking number.
    #[schema(value_type = Option<String>)]
    pub tracking_number: Option<SmolStr>,
}

impl WorkflowState {
    /// The state before the first step.
    pub fn new() -> Self {
        Self {
            status: OrderStatus::Processing,
            progress: 0,
            current_step: None,
            completed_steps: Vec::new(),
            compensations: Vec::new(),
            needs_attention: Vec::new(),
            error: None,
            auth_id: None,
            reservation_id: None,
            label_id: None,
            tracking_number: None,
        }
    }

    /// `step` runs now.
    pub fn begin_step(&mut self, step: Step) {
        self.status = match step {
            Step::ManagerApproval => OrderStatus::AwaitingApproval,
            Step::InventoryReservation => OrderStatus::Approved,
            _ => OrderStatus::Processing,
        };
        self.progress = step.progress();
        self.current_step = Some(SmolStr::new_static(step.name()));
    }

    /// `step` has ended. Unknown members of `data` are empty, and left out.
    pub fn end_step<const N: usize>(
        &mut self,
        step: Step,
        status: StepStatus,
        timestamp: Timestamp,
        data: [(&'static str, &str); N],
    ) {
        let known = data.into_iter().filter(|(_, value)| !value.is_empty());
        let data = StepData::from_iter(known);
        self.completed_steps.push(Arc::new(StepRecord { name: step, status, timestamp, data }));
    }

    /// The order will not be shipped; what was done is about to be undone.
    pub fn begin_undoing(&mut self, error: &str) {
        self.status = OrderStatus::Processing;
        self.error = Some(error.into());
    }

    /// `name` is started, for the first time or again.
    pub fn begin_compensation(&mut self, name: Compensation, at: Timestamp) {
        self.status = OrderStatus::Processing;
        self.current_step = Some(SmolStr::new_static(name.name()));
        self.record(name, CompensationStatus::Running, 0, at, None);
    }

    /// `name` has nothing left to undo, after this many more attempts.
    pub fn complete_compensation(
        &mut self,
        name: Compensation,
        attempts: u32,
        at: Timestamp,
        detail: Option<String>,
    ) {
        self.needs_attention.retain(|item| item.name != name.name());
        self.record(name, CompensationStatus::Completed, attempts, at, detail);
    }

    /// `name` failed, after this many more attempts: it needs a person's attention.
    pub fn fail_compensation(&mut self, name: Compensation, attempts: u32, at: Timestamp, reason: &str) {
        self.needs_attention.retain(|item| item.name != name.name());
        self.needs_attention.push(NeedsAttention { name: name.name().to_owned(), reason: reason.to_owned() });
        self.record(name, CompensationStatus::Failed, attempts, at, Some(reason.to_owned()));
    }

    /// If `name` has failed, it turned out that it had nothing to undo.
    pub fn settle_attention(&mut self, name: Compensation, at: Timestamp) {
        if self.needs_attention.iter().any(|item| item.name == name.name()) {
            self.complete_compensation(name, 0, at, Some("nothing is left to undo".to_owned()));
        }
    }

    /// A call whose answer was lost turned out to have had its effect: this is the id to undo it by.
    pub fn keep_id(&mut self, compensation: Compensation, id: &SmolStr) {
        let known = match compensation {
            Compensation::CancelShipping => &mut self.label_id,
            Compensation::ReleaseInventory => &mut self.reservation_id,
            Compensation::ReleasePayment | Compensation::RefundPayment => &mut self.auth_id,
        };
        *known = Some(id.clone());
    }

    /// Nothing more will happen by itself.
    pub fn end(&mut self, status: OrderStatus) {
        self.status = status;
        self.current_step = None;
        if status == OrderStatus::Shipped {
            self.progress = 100;
        }
    }

    /// The progress to show while the label's own progress (0 to 100) is known from its heartbeats.
    pub fn progress_with_label(&self, label: u8) -> u8 {
        let making = self.error.is_none() && self.progress == Step::ShippingLabel.progress();
        if making { self.progress + label.min(100) / 5 } else { self.progress }
    }

    fn record(
        &mut self,
        name: Compensation,
        status: CompensationStatus,
        more_attempts: u32,
        timestamp: Timestamp,
        detail: Option<String>,
    ) {
        let known = self.compensations.iter_mut().find(|record| record.name == name);
        let attempts = known.as_ref().map_or(0, |record| record.attempts) + more_attempts;
        let record = CompensationRecord { name, status, attempts, timestamp, detail };
        match known {
            Some(known) => *known = record,
            None => self.compensations.push(record),
        }
    }
}

impl Default for WorkflowState {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_in_progress_moves_the_order_from_70_to_90_percent() {
        let mut order = WorkflowState::new();
        order.begin_step(Step::ShippingLabel);
        assert_eq!([0, 25, 50, 100, 255].map(|label| order.progress_with_label(label)), [70, 75, 80, 90, 90]);
        order.begin_undoing("cancelled");
        assert_eq!(order.progress_with_label(50), 70);
        order.begin_step(Step::CustomerNotification);
        assert_eq!(order.progress_with_label(50), 90);
    }

    #[test]
    fn an_order_that_will_not_be_shipped_waits_for_nobody() {
        let mut order = WorkflowState::new();
        order.begin_step(Step::ManagerApproval);
        assert_eq!(order.status, OrderStatus::AwaitingApproval);
        order.begin_undoing("approval_timeout");
        assert_eq!(
            (order.status, order.error.as_deref()),
            (OrderStatus::Processing, Some("approval_timeout"))
        );
    }

    #[test]
    fn what_needs_attention_is_listed_once_until_it_is_settled() {
        let (mut order, at) = (WorkflowState::new(), Timestamp::UNIX_EPOCH);
        let (hold, stock) = (Compensation::ReleasePayment, Compensation::ReleaseInventory);
        for name in [hold, stock, hold] {
            order.fail_compensation(name, 2, at, "timeout");
        }
        let listed = |order: &WorkflowState| -> Vec<_> {
            order.needs_attention.iter().map(|item| item.name.clone()).collect()
        };
        assert_eq!(listed(&order), [stock.name(), hold.name()]);
        let before = order.clone();
        order.settle_attention(Compensation::CancelShipping, at);
        assert_eq!(order, before);
        order.settle_attention(hold, at);
        assert_eq!(listed(&order), [stock.name()]);
        let record = &order.compensations[0];
        assert_eq!((record.name, record.status, record.attempts), (hold, CompensationStatus::Completed, 4));
    }

    #[test]
    fn a_compensation_is_listed_once_with_all_its_attempts() {
        let mut order = WorkflowState::new();
        let (name, at) = (Compensation::ReleasePayment, Timestamp::UNIX_EPOCH);
        order.begin_compensation(name, at);
        order.fail_compensation(name, 3, at, "not_found: gone");
        assert_eq!(order.needs_attention.len(), 1);
        order.begin_compensation(name, at);
        order.complete_compensation(name, 2, at, None);
        assert!(order.needs_attention.is_empty());
        let [record] = order.compensations.as_slice() else { panic!("{:?}", order.compensations) };
        assert_eq!((record.status, record.attempts), (CompensationStatus::Completed, 5));
    }
}
