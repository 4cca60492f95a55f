//! Journals of orders that ended, kept as files: changed code must still take the path that earlier
//! code took, or orders that run when it is deployed would be quarantined.
//!
//! A file is never edited. A change that is guarded by `patched` adds files beside those that are here.

use std::sync::Arc;
use std::time::Duration;

use orchestrator::activities::Services;
use orchestrator::engine::embedded::{RecordedRun, Registry};
use orchestrator::gateways::InProcess;
use orchestrator::workflow::WorkflowDef;
use orchestrator::workflows::order_fulfillment::{APPROVE, OrderFulfillment};

use super::scenario::{Decision, STEPS, Scenario};
use super::world::{World, in_virtual_time};
use crate::conformance::changed::Changed;

/// What each order met, and the journal that it left.
fn kept() -> [(Scenario, &'static str); 5] {
    let refused = Scenario::approved().with("shipping.create_label", 1, "address_validation_failed");
    let lost = Scenario::new(Decision::CancelAfter(STEPS[2], Duration::ZERO)).with(
        "payment.capture",
        1,
        "lost_response",
    );
    [
        (Scenario::new(Decision::Waiting(APPROVE)), include_str!("journals/shipped.json")),
        (Scenario::new(Decision::None), include_str!("journals/unheard.json")),
        (refused, include_str!("journals/refunded.json")),
        (
            Scenario::new(Decision::CancelAfter(STEPS[3], Duration::from_secs(7))),
            include_str!("journals/cancelled.json"),
        ),
        (lost, include_str!("journals/lost.json")),
    ]
}

fn registry<W: WorkflowDef>() -> Registry<Services> {
    let nowhere = Arc::new(InProcess::new(axum::Router::new()));
    let mut registry = Registry::new(Arc::new(Services::over(nowhere)));
    registry.register::<W>();
    registry
}

/// A journal as a file: an entry a line.
fn text_of(run: &RecordedRun) -> String {
    let entry = |entry| serde_json::to_string(entry).unwrap();
    let entries: Vec<_> = run.entries.iter().map(entry).collect();
    let head = serde_json::to_string(&RecordedRun { entries: Vec::new(), ..run.clone() }).unwrap();
    format!("{}\n{}\n]}}\n", head.trim_end_matches("]}"), entries.join(",\n"))
}

#[test]
fn journals_kept_from_earlier_are_replayed_and_made_as_they_were() {
    for (scenario, file) in kept() {
        let kept: RecordedRun = serde_json::from_str(file).unwrap();
        assert_eq!(kept.replay(&registry::<OrderFulfillment>()), Ok(()), "{scenario:?}");
        in_virtual_time(async {
            let world = World::new(&scenario.script(None));
            let mut order = world.orchestrator("ORD-1", &scenario);
            order.place().await;
            order.decide().await;
            order.result().await;
            assert_eq!(text_of(&order.recorded()), file, "{scenario:?}");
        });
    }
}

#[test]
fn a_change_that_nothing_guards_fails_every_replay() {
    for (scenario, file) in kept() {
        let kept: RecordedRun = serde_json::from_str(file).unwrap();
        let refused = kept.replay(&registry::<Changed>()).unwrap_err();
        assert!(refused.starts_with("nondeterminism: event 1: "), "{scenario:?}: {refused}");
    }
}
