//! What one order meets.

use std::time::Duration;

use orchestrator::activities::ActivitySettings;
use orchestrator::workflows::order_fulfillment::{APPROVE, CANCEL, REJECT};
use shared::time::TimeScale;

use super::crash::CrashPoint;

/// One order, and all that happens to it.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) faults: Vec<Fault>,
    pub(super) decision: Decision,
    pub(super) crash: Option<CrashPoint>,
    /// Whether every request reaches the backends twice.
    pub(super) twice: bool,
    pub(super) requires_approval: bool,
    pub(super) settings: ActivitySettings,
    /// That of the orchestrator; the backends' is always real.
    pub(super) time_scale: TimeScale,
    /// Whether cancelling a label takes effect only when it is made, as on an engine that is slow to
    /// tell attempts of it.
    pub(super) cancels_late: bool,
}

/// An outcome of one attempt of one operation, as `CHAOS_SCRIPT` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) operation: &'static str,
    pub(super) attempt: u32,
    pub(super) outcome: &'static str,
}

/// What people do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Nobody says anything.
    None,
    /// A signal right after the start.
    Early(&'static str),
    /// A signal once the order waits for it.
    Waiting(&'static str),
    /// Approved early, and cancelled when this path is about to be asked for the first time.
    CancelBefore(&'static str),
    /// Approved early, and cancelled this long after the head of this path's first answer is there,
    /// which the saga has not seen yet.
    CancelAfter(&'static str, Duration),
}

/// The paths of the forward steps, in order.
pub(super) const STEPS: [&str; 5] = [
    "/payment/authorize",
    "/inventory/reserve",
    "/payment/capture",
    "/shipping/create-label",
    "/notification/send",
];

impl Decision {
    /// Every decision that an order may meet.
    pub(super) fn all() -> Vec<Self> {
        let mut all = vec![Self::None];
        all.extend([APPROVE, REJECT, CANCEL].map(Self::Early));
        all.extend([APPROVE, REJECT, CANCEL].map(Self::Waiting));
        for path in STEPS {
            all.extend([Self::CancelBefore(path), Self::CancelAfter(path, Duration::ZERO)]);
        }
        // In the middle of a label, in the moment it is made, and in the backoff after a lost answer.
        all.extend([7, 20, 21].map(|seconds| Self::CancelAfter(STEPS[3], Duration::from_secs(seconds))));
        all
    }
}

impl Scenario {
    pub(super) fn new(decision: Decision) -> Self {
        Self {
            faults: Vec::new(),
            decision,
            crash: None,
            twice: false,
            requires_approval: true,
            settings: ActivitySettings::default(),
            time_scale: TimeScale::REAL,
            cancels_late: false,
        }
    }

    pub(super) fn approved() -> Self {
        Self::new(Decision::Early(APPROVE))
    }

    pub(super) fn with(mut self, operation: &'static str, attempt: u32, outcome: &'static str) -> Self {
        self.faults.push(Fault { operation, attempt, outcome });
        self
    }

    /// What makes an order ask for `operation`.
    pub(super) fn that_asks_for(operation: &str) -> Self {
        match operation {
            "payment.release" => Self::new(Decision::Early(REJECT)),
            "payment.refund" | "inventory.release" => {
                Self::approved().with("shipping.create_label", 1, "address_validation_failed")
            }
            "payment.status" => Self::approved().with("payment.capture", 1, "already_captured"),
            // The label is made, its answer is lost, and the cancel comes before the next attempt.
            "shipping.cancel" => Self::new(Decision::CancelAfter(STEPS[3], Duration::from_secs(21))).with(
                "shipping.create_label",
                1,
                "lost_response",
            ),
            _ => Self::approved(),
        }
    }

    /// The faults, for this order or for every order of a world.
    pub(super) fn script(&self, order_id: Option<&str>) -> String {
        let order = order_id.map(|id| format!("{id}:")).unwrap_or_default();
        let line = |fault: &Fault| format!("{order}{}#{}={};", fault.operation, fault.attempt, fault.outcome);
        self.faults.iter().map(line).collect()
    }
}
