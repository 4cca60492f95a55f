//! Clients that know nothing of this program: names and payloads are as Temporal's SDKs and its command
//! line expect them, and whatever they send does no harm.

use std::process::Command;

use orchestrator::audit::Verb;
use orchestrator::domain::OrderStatus;
use serde_json::Value;
use shared::environment::Environment;

use super::host::signal;
use crate::Host;
use crate::scenario::Scenario;
use crate::stage::Stage;

const CLIENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/temporal_client.py");

#[test]
fn a_client_in_python_approves_an_order_and_reads_its_status() {
    let environment = Environment::of_process();
    let python = environment
        .get("TEMPORAL_PYTHON")
        .expect("TEMPORAL_PYTHON names a Python that has Temporal's SDK, temporalio");
    Host::run(async {
        let stage = Stage::new(&[]).await;
        let order = stage.order("1");
        order.place(&Scenario::approved()).await;
        order.until(|state| state.status == OrderStatus::AwaitingApproval).await;
        let output = Command::new(python).args([CLIENT, &order.workflow_id]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(seen["waiting"]["status"], "awaiting_approval");
        assert_eq!((&seen["end"]["status"], &seen["progress"]), (&"shipped".into(), &100.into()));
        assert_eq!(seen["approval"][0]["data"]["approvedBy"], "ada");
        order.accepted.borrow_mut().push(Verb::Approve);
        stage.judge(&[order.ending(order.end().await)]);
    });
}

#[test]
fn signals_that_make_no_sense_or_come_too_late_are_dropped() {
    Host::run(async {
        let stage = Stage::new(&[]).await;
        let order = stage.order("1");
        order.place(&Scenario::approved()).await;
        order.until(|state| state.status == OrderStatus::AwaitingApproval).await;
        for (name, input) in [
            ("explode", "{}"),
            ("approveOrder", "7"),
            ("rejectOrder", r#"{"reason":7}"#),
            ("retryCompensations", "null"),
            ("approveOrder", r#"{"approvedBy":"ada"}"#),
            ("approveOrder", r#"{"approvedBy":"bob"}"#),
            ("rejectOrder", "{}"),
        ] {
            signal(&order.workflow_id, name, input);
        }
        order.accepted.borrow_mut().push(Verb::Approve);
        let ending = order.ending(order.end().await);
        assert!(ending.is(OrderStatus::Shipped, None), "{ending:#?}");
        assert_eq!(ending.state.completed_steps[1].data.iter().next(), Some(("approvedBy", "ada")));
        stage.judge(&[ending]);
    });
}
