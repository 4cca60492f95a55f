use serde::{Deserialize, Serialize};

use super::messages::{Approval, Cancellation, Rejection};
use crate::domain::WorkflowState;

/// All that signals change and queries read.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderState {
    /// What every reader sees.
    pub order: WorkflowState,
    pub(super) phase: Phase,
    pub(super) decision: Option<Decision>,
    pub(super) cancellation: Option<Cancellation>,
    pub(super) retry_requested: bool,
}

/// The phase of a run, for signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Phase {
    /// Steps run; the order can be cancelled.
    Forward,
    /// The notification is scheduled, or done.
    Shipped,
    /// What was done is being undone.
    Compensating,
    /// A compensation failed, and a person must decide when to retry.
    Stuck,
    /// Everything is undone.
    Ended,
}

/// A manager's first decision, which is final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Decision {
    /// The order needs none.
    NotRequired,
    Approved(Approval),
    Rejected(Rejection),
}

impl OrderState {
    pub(super) fn new(requires_approval: bool) -> Self {
        Self {
            order: WorkflowState::new(),
            phase: Phase::Forward,
            decision: (!requires_approval).then_some(Decision::NotRequired),
            cancellation: None,
            retry_requested: false,
        }
    }
}
