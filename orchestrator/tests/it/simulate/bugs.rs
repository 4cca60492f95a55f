//! Seven planted bugs, each a small variant of the saga or of its gateways, and the table of what has to
//! name each of them.

mod cancel_ignored;
mod capture_conflict;
mod hold_kept;
pub(super) mod keys;
mod label_last;
mod new_keys;
mod saga;
mod skipping;
mod unjournaled_keys;
mod unknown_is_nothing;

use std::sync::Arc;

use orchestrator::activities::{self, Services};
use orchestrator::engine::embedded::Registry;
use orchestrator::gateways::Transport;
use orchestrator::simulate::{Flow, Process};
use orchestrator::workflow::WorkflowDef;
use orchestrator::workflows::order_fulfillment::OrderFulfillment;

use cancel_ignored::CancelIgnored;
use capture_conflict::CaptureConflict;
use hold_kept::HoldKept;
use label_last::LabelLast;
use new_keys::NewKeys;
use saga::{Bugged, SagaBug};
use unjournaled_keys::UnjournaledKeys;
use unknown_is_nothing::UnknownIsNothing;

/// A planted bug: where it shows, and which rule has to name it there.
pub(super) struct Bug {
    /// How the tests and the file of its regressions know it.
    pub(super) name: &'static str,
    /// The flow that has it.
    pub(super) flow: fn() -> Flow,
    /// Whether it shows only when a process dies.
    pub(super) crashes: bool,
    /// Where it shows among orders at random: under this chaos,
    pub(super) chaos: &'static [(&'static str, &'static str)],
    /// with this share of the approved ones cancelled late,
    pub(super) late_cancels: f64,
    /// by this rule.
    pub(super) at_random: &'static str,
    /// Where it shows in an exhaustive search of up to one fault: under this decision,
    pub(super) decision: &'static str,
    /// by this rule.
    pub(super) with_one_fault: &'static str,
    /// The rule by which `audit` names it from the ledgers alone; `None` when they do not show it.
    pub(super) from_outside: Option<&'static str>,
}

const DEFAULT: &[(&str, &str)] = &[];
/// The answer of every fifth request that does something is lost, or comes too late.
const LOST_ANSWERS: &[(&str, &str)] = &[
    ("CHAOS_PAYMENT_AUTHORIZE", "success=80%, lost_response=10%, timeout_after=10%"),
    ("CHAOS_INVENTORY_RESERVE", "success=80%, lost_response=10%, timeout_after=10%"),
    ("CHAOS_PAYMENT_CAPTURE", "success=80%, lost_response=10%, timeout_after=10%"),
    ("CHAOS_SHIPPING_CREATE_LABEL", "success=80%, lost_response=10%, timeout_after=10%"),
];
/// Most labels are made long before anybody hears of it.
const LATE_LABELS: &[(&str, &str)] =
    &[("CHAOS_FAILURE_RATE", "0"), ("CHAOS_SHIPPING_CREATE_LABEL", "success=20%, timeout_after=80%@20s")];

/// All of them.
pub(super) static BUGS: [Bug; 7] = [
    Bug {
        name: "capture_conflict",
        flow: || over(|backends, _| Arc::new(CaptureConflict(backends))),
        crashes: false,
        chaos: DEFAULT,
        late_cancels: 0.0,
        at_random: "captured_without_delivery",
        decision: "approve",
        with_one_fault: "captured_without_delivery",
        from_outside: Some("captured_without_delivery"),
    },
    Bug {
        name: "hold_kept",
        flow: running::<HoldKept>,
        crashes: false,
        chaos: DEFAULT,
        late_cancels: 0.0,
        at_random: "hold_left_open",
        decision: "none",
        with_one_fault: "hold_left_open",
        from_outside: Some("hold_left_open"),
    },
    Bug {
        name: "new_keys",
        flow: || over(|backends, process| Arc::new(NewKeys::new(backends, process))),
        crashes: false,
        chaos: LOST_ANSWERS,
        late_cancels: 0.0,
        at_random: "changed_idempotency_key",
        decision: "approve",
        with_one_fault: "changed_idempotency_key",
        from_outside: Some("changed_idempotency_key"),
    },
    Bug {
        name: "unknown_is_nothing",
        flow: || over(|backends, _| Arc::new(UnknownIsNothing(backends))),
        crashes: false,
        chaos: LOST_ANSWERS,
        late_cancels: 1.0,
        at_random: "compensated_blind",
        decision: "cancel@inventory.reserve+500ms",
        with_one_fault: "stock_left_reserved",
        from_outside: Some("stock_left_reserved"),
    },
    Bug {
        name: "unjournaled_keys",
        flow: || over(|backends, process| Arc::new(UnjournaledKeys { backends, process })),
        crashes: true,
        chaos: DEFAULT,
        late_cancels: 0.0,
        at_random: "changed_idempotency_key",
        decision: "approve",
        with_one_fault: "double_reservation",
        from_outside: Some("double_reservation"),
    },
    Bug {
        name: "label_last",
        flow: running::<LabelLast>,
        crashes: false,
        chaos: LATE_LABELS,
        late_cancels: 1.0,
        at_random: "refunded_before_label_cancelled",
        decision: "cancel@shipping.create_label:answered",
        with_one_fault: "refunded_before_label_cancelled",
        from_outside: Some("refunded_before_label_cancelled"),
    },
    Bug {
        name: "cancel_ignored",
        flow: running::<CancelIgnored>,
        crashes: false,
        chaos: DEFAULT,
        late_cancels: 1.0,
        at_random: "decision_ignored",
        decision: "cancel@shipping.create_label+7s",
        with_one_fault: "decision_ignored",
        from_outside: None,
    },
];

/// The shipped saga over gateways whose way to the backends is `bent`, by which process of the
/// orchestrator it is.
pub(super) fn over(
    bent: impl Fn(Arc<dyn Transport>, u32) -> Arc<dyn Transport> + Send + Sync + 'static,
) -> Flow {
    Flow::new(move |process| {
        let backends = bent(Arc::clone(&process.backends), process.number);
        registry::<OrderFulfillment>(backends, &process)
    })
}

/// The saga with a bug over the shipped gateways.
fn running<B: SagaBug>() -> Flow {
    Flow::new(|process| registry::<Bugged<B>>(Arc::clone(&process.backends), &process))
}

fn registry<W: WorkflowDef>(backends: Arc<dyn Transport>, process: &Process<'_>) -> Registry<Services> {
    let mut registry = Registry::new(Arc::new(Services::over(backends)));
    registry.register::<W>();
    activities::register(&mut registry, process.limits, process.time_scale);
    registry
}
