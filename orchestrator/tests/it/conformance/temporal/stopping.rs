//! Workers that stop: because they are told to, or by themselves.

use std::future::pending;
use std::process::Command;
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use orchestrator::activities::ActivitySettings;
use orchestrator::domain::Trace;
use orchestrator::gateways::{Transport, TransportError};
use orchestrator::workflow::{ActivityState, Json, Start, WorkflowDef};
use orchestrator::workflows::order_fulfillment::{
    OrderFulfillment, OrderFulfillmentInput, Timings, workflow_id,
};
use shared::time::{Clock, TimeScale};
use tokio::sync::Notify;

use super::host::address;
use crate::process::Process;
use crate::{Host, sample};

/// Backends that never answer.
#[derive(Default)]
struct Silent {
    asked: Notify,
}

impl Transport for Silent {
    fn send(&self, _: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        self.asked.notify_one();
        Box::pin(pending())
    }
}

#[test]
fn a_worker_that_is_told_to_stop_does_not_wait_for_attempts_that_take_longer() {
    Host::run(async {
        let backends = Arc::new(Silent::default());
        let host = Host::start("stopping", Arc::clone(&backends) as _, TimeScale::REAL).await;
        let order = sample::order(&format!("ORD-stopping-{}", Clock::system().now().as_millisecond()));
        let workflow_id = workflow_id(&order.order_id);
        let timings = Timings::new(&ActivitySettings::default(), TimeScale::REAL);
        let trace = Trace { correlation_id: order.order_id.clone(), traceparent: None };
        let input = Json::of(&OrderFulfillmentInput { order, timings, trace }).unwrap();
        let start = Start { workflow: OrderFulfillment::NAME, workflow_id: workflow_id.clone(), input };
        host.client().start(start).await.unwrap();
        backends.asked.notified().await;
        host.stop().await;
        // An attempt takes ten seconds at most, and would be reported then.
        let run = host.client().describe(&workflow_id).await.unwrap();
        let activities: Vec<_> = run.activities.iter().map(|it| (it.attempts, it.state)).collect();
        assert_eq!(activities, [(1, ActivityState::Running)]);
    });
}

/// Does something to a namespace with Temporal's command line.
fn namespace(verb: &str, name: &str) {
    let mut command = Command::new("temporal");
    command.args(["operator", "namespace", verb, "--namespace", name, "--address", &address()]);
    if verb == "delete" {
        command.arg("--yes");
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_process_whose_worker_gives_up_ends_with_an_error() {
    let (address, name) = (address(), format!("deleted-{}", Clock::system().now().as_millisecond()));
    namespace("create", &name);
    let variables = [
        ("ENGINE", "temporal"),
        ("TEMPORAL_ADDRESS", address.as_str()),
        ("TEMPORAL_NAMESPACE", name.as_str()),
    ];
    let mut orchestrator = Process::start("orchestrator", &variables, "0");
    namespace("delete", &name);
    assert_eq!(orchestrator.child.wait().unwrap().code(), Some(1));
}
