//! The binary with `--engine temporal`: its HTTP API is the same, and a server that is missing is named.

use std::process::{Command, Stdio};

use orchestrator::workflows::order_fulfillment::workflow_id;
use serde_json::Value;
use shared::time::Clock;

use super::host::address;
use crate::process::{BINARY, Process};
use crate::{Host, sample};

/// What is answered, with its status.
async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[test]
fn the_http_api_is_the_same_and_answers_a_late_decision_with_409() {
    let backends = Process::start("backends", &[("CHAOS_FAILURE_RATE", "0")], "0");
    let address = address();
    let variables = [
        ("ENGINE", "temporal"),
        ("TEMPORAL_ADDRESS", address.as_str()),
        ("TEMPORAL_TASK_QUEUE", "http"),
        ("BACKENDS_URL", backends.url.as_str()),
    ];
    let orchestrator = Process::start("orchestrator", &variables, "0");
    Host::run(async {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let orders = format!("{}/workflows", orchestrator.url);
        let order = sample::order(&format!("ORD-{}", Clock::system().now().as_millisecond()));
        let own = format!("{orders}/{}", workflow_id(&order.order_id));
        assert_eq!(answer(client.post(format!("{orders}/order")).json(&order)).await.0, 201);
        assert_eq!(answer(client.post(format!("{orders}/order")).json(&order)).await.0, 200);
        assert_eq!(answer(client.post(format!("{own}/approve"))).await.0, 200);
        let (status, end) = answer(client.get(format!("{own}/result?timeout=60"))).await;
        assert_eq!((status, &end["result"]["status"]), (200, &"shipped".into()));
        let (status, late) = answer(client.post(format!("{own}/cancel"))).await;
        assert_eq!((status, &late["error"]), (409, &"already_shipped".into()));
        for of in ["status", "steps", "history"] {
            assert_eq!(answer(client.get(format!("{own}/{of}"))).await.0, 200, "{of}");
        }
        assert_eq!(answer(client.get(format!("{orders}/ORD-unheard-of/status"))).await.0, 404);
    });
}

#[test]
fn an_order_whose_run_was_terminated_is_shown_as_failed() {
    let backends = Process::start("backends", &[("CHAOS_FAILURE_RATE", "0")], "0");
    let address = address();
    let variables = [
        ("ENGINE", "temporal"),
        ("TEMPORAL_ADDRESS", address.as_str()),
        ("TEMPORAL_TASK_QUEUE", "terminated"),
        ("BACKENDS_URL", backends.url.as_str()),
    ];
    let orchestrator = Process::start("orchestrator", &variables, "0");
    let watch = Host::run(async {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let orders = format!("{}/workflows", orchestrator.url);
        let order = sample::order(&format!("ORD-terminated-{}", Clock::system().now().as_millisecond()));
        let id = workflow_id(&order.order_id);
        let own = format!("{orders}/{id}");
        assert_eq!(answer(client.post(format!("{orders}/order")).json(&order)).await.0, 201);
        while answer(client.get(format!("{own}/status"))).await.1["status"] != "awaiting_approval" {}
        let mut watch = Command::new(BINARY);
        watch.args(["order", "watch", &id, "--url", &orchestrator.url]).env_clear();
        let watch = watch.stdout(Stdio::null()).spawn().unwrap();
        let mut terminate = Command::new("temporal");
        terminate.args(["workflow", "terminate", "--workflow-id", &id, "--address", &address]);
        assert!(terminate.output().unwrap().status.success());
        let (_, end) = answer(client.get(format!("{own}/result?timeout=60"))).await;
        let end = &end["result"];
        assert_eq!((&end["status"], &end["error"]), (&"failed".into(), &"terminated".into()), "{end:#}");
        let (status, late) = answer(client.post(format!("{own}/approve"))).await;
        assert_eq!((status, &late["error"]), (409, &"already_ended".into()));
        watch
    });
    assert_eq!(watch.wait_with_output().unwrap().status.code(), Some(1));
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let mut orchestrator = Command::new(BINARY);
    orchestrator.args(["orchestrator", "--engine", "temporal", "--orchestrator-port", "0"]);
    let output = orchestrator.env_clear().env("TEMPORAL_ADDRESS", "127.0.0.1:1").output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{told}");
    assert!(told.contains("no Temporal server can be reached at 127.0.0.1:1 (TEMPORAL_ADDRESS)"), "{told}");
}
