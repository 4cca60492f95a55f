//! Calls that must not be made, or not again.

use std::process::Command;

use orchestrator::audit::Verb;
use orchestrator::domain::OrderStatus;
use orchestrator::simulate::Decision;

use super::host::{address, signal};
use crate::Host;
use crate::scenario::Scenario;
use crate::stage::Stage;

/// As an operator does it, whose order took a wrong path.
fn reset(workflow_id: &str) {
    let words = ["workflow", "reset", "--type", "FirstWorkflowTask", "--reason", "test", "--workflow-id"];
    let mut temporal = Command::new("temporal");
    let done = temporal.args(words).args([workflow_id, "--address", &address()]).output().unwrap();
    assert!(done.status.success(), "{done:?}");
}

#[test]
fn a_run_that_is_reset_makes_its_calls_under_the_same_keys() {
    let scenario = Scenario { requires_approval: false, ..Scenario::approved() };
    let scenario = Scenario { decision: Decision::Nobody, ..scenario };
    Host::run(async {
        let stage = Stage::new(&[("1", &scenario)]).await;
        let order = stage.order("1");
        let first = order.play(&scenario).await;
        assert!(first.is(OrderStatus::Shipped, None), "{first:#?}");
        reset(&order.workflow_id);
        let again = order.ending(order.end().await);
        assert!(again.is(OrderStatus::Shipped, None), "{again:#?}");
        assert_eq!(again.state.label_id, first.state.label_id);
        assert_eq!(again.state.auth_id, first.state.auth_id);
        stage.judge(&[again]);
    });
}

#[test]
fn a_call_that_a_cancel_forestalled_is_not_made_to_be_undone() {
    Host::run(async {
        let stage = Stage::new(&[]).await;
        let order = stage.order("1");
        // The worker is to learn of the order and of its cancel in one task.
        stage.host.stop().await;
        order.place(&Scenario::approved()).await;
        signal(&order.workflow_id, "cancelOrder", "{}");
        order.accepted.borrow_mut().push(Verb::Cancel);
        stage.host.restart().await;
        let ending = order.ending(order.end().await);
        assert!(ending.is(OrderStatus::Cancelled, Some("cancelled")), "{ending:#?}");
        assert!(ending.state.compensations.is_empty(), "{ending:#?}");
    });
}
