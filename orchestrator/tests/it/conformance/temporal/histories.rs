//! Histories of orders that ended, replayed without a server: changed code must still take the path that
//! earlier code took, or the tasks of orders that run when it is deployed would fail.
//!
//! `KEEP_HISTORIES=directory` has those of now written there. A kept file is never edited: a change that is
//! guarded by `patched` adds files beside those that are here.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use futures_util::future::join_all;
use orchestrator::audit::Verb;
use orchestrator::gateways::{InProcess, Transport};
use orchestrator::simulate::{Decision, Moment};
use orchestrator::workflow::WorkflowDef;
use orchestrator::workflows::order_fulfillment::OrderFulfillment;
use shared::environment::Environment;
use shared::time::TimeScale;

use super::host::registry;
use crate::Host;
use crate::changed::Changed;
use crate::scenario::Scenario;
use crate::stage::Stage;

const KEPT: [(&str, &str); 5] = [
    ("shipped", include_str!("histories/shipped.json")),
    ("unheard", include_str!("histories/unheard.json")),
    ("refunded", include_str!("histories/refunded.json")),
    ("cancelled", include_str!("histories/cancelled.json")),
    ("lost", include_str!("histories/lost.json")),
];

/// What the orders of the kept histories met.
fn scenarios() -> [(&'static str, Scenario); 5] {
    let lost = Scenario::cancelled_after("payment.capture").with("payment.capture", 1, "lost_response");
    [
        ("shipped", Scenario::new(Decision::Late(Verb::Approve, Moment::Waiting))),
        ("unheard", Scenario::new(Decision::Nobody)),
        ("refunded", Scenario::approved().with("shipping.create_label", 1, "address_validation_failed")),
        ("cancelled", Scenario::cancelled_after("shipping.create_label")),
        ("lost", lost),
    ]
}

async fn replay<W: WorkflowDef>(history: &str) -> Result<(), String> {
    let nowhere: Arc<dyn Transport> = Arc::new(InProcess::new(Router::new()));
    registry::<W>(&nowhere, TimeScale::REAL).replay(history).await
}

#[test]
fn histories_kept_from_earlier_are_replayed() {
    Host::run(async {
        for (name, history) in KEPT {
            assert_eq!(replay::<OrderFulfillment>(history).await, Ok(()), "{name}");
        }
    });
}

#[test]
fn a_change_that_nothing_guards_fails_every_replay() {
    Host::run(async {
        for (name, history) in KEPT {
            let refused = replay::<Changed>(history).await.unwrap_err();
            assert!(refused.starts_with("workflow replay was nondeterministic: "), "{name}: {refused}");
        }
    });
}

/// The histories that are made now, which the kept ones must not lag behind.
#[test]
fn what_was_run_is_replayed() {
    let scenarios = scenarios();
    Host::run(async {
        let named: Vec<_> = scenarios.iter().map(|(name, scenario)| (*name, scenario)).collect();
        let stage = Stage::new(&named).await;
        let orders: Vec<_> = named.iter().map(|(name, _)| stage.order(name)).collect();
        let playing = orders.iter().zip(&named).map(|(order, (_, scenario))| order.play(scenario));
        stage.judge(&join_all(playing).await);
        let keep = Environment::of_process().get("KEEP_HISTORIES").map(ToOwned::to_owned);
        for (order, (name, _)) in orders.iter().zip(named) {
            let history = stage.host.recorded(&order.workflow_id).await;
            assert_eq!(replay::<OrderFulfillment>(&history).await, Ok(()), "{name}");
            if let Some(directory) = &keep {
                let an_event_a_line = history.replace(r#"{"event_id""#, "\n{\"event_id\"");
                fs::write(Path::new(directory).join(format!("{name}.json")), an_event_a_line).unwrap();
            }
        }
    });
}
