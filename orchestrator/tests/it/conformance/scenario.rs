//! What one order meets.

use std::time::Duration;

use orchestrator::audit::Verb;
use orchestrator::simulate::{Decision, Moment};

/// The longest that a manager is waited for where nobody, or somebody in the last moment, decides.
pub(super) const SHORT: Duration = Duration::from_secs(2);
/// Longer than anything takes.
const LONG: Duration = Duration::from_secs(3600);

/// One order, and all that happens to it.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) decision: Decision,
    /// Outcomes of its attempts, as `CHAOS_SCRIPT` has them.
    pub(super) faults: Vec<String>,
    pub(super) requires_approval: bool,
    pub(super) approval_timeout: Duration,
    pub(super) workflow_timeout: Duration,
}

impl Scenario {
    pub(super) fn new(decision: Decision) -> Self {
        let may_wait = match decision {
            Decision::Nobody => SHORT,
            Decision::Late(_, Moment::BeforeDeadline | Moment::Deadline | Moment::Placed(_)) => SHORT,
            Decision::Early(_) | Decision::Late(..) => LONG,
        };
        Self {
            decision,
            faults: Vec::new(),
            requires_approval: true,
            approval_timeout: may_wait,
            workflow_timeout: LONG,
        }
    }

    pub(super) fn approved() -> Self {
        Self::new(Decision::Early(Verb::Approve))
    }

    pub(super) fn rejected() -> Self {
        Self::new(Decision::Early(Verb::Reject))
    }

    /// Approved, and cancelled when `operation` has happened, which the engine has not heard yet.
    pub(super) fn cancelled_after(operation: &'static str) -> Self {
        Self::new(Decision::Late(Verb::Cancel, Moment::Answered(operation)))
    }

    pub(super) fn with(mut self, operation: &str, attempt: u32, outcome: &str) -> Self {
        self.faults.push(format!("{operation}#{attempt}={outcome}"));
        self
    }

    /// What makes an order ask for `operation`.
    pub(super) fn that_asks_for(operation: &str) -> Self {
        match operation {
            "payment.release" => Self::rejected(),
            "payment.refund" | "inventory.release" => {
                Self::approved().with("shipping.create_label", 1, "address_validation_failed")
            }
            "payment.status" => Self::approved().with("payment.capture", 1, "already_captured"),
            "shipping.cancel" => Self::cancelled_after("shipping.create_label"),
            _ => Self::approved(),
        }
    }

    pub(super) fn script(&self, order_id: &str) -> String {
        self.faults.iter().map(|fault| format!("{order_id}:{fault};")).collect()
    }
}
