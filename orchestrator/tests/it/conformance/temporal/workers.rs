//! Two workers on one task queue, of which one is killed.

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use super::host::address;
use crate::Host;
use crate::process::{BINARY, Process};

const ORDERS: usize = 100;

/// How many orders the orchestrator at `url` knows.
fn known(url: &str) -> usize {
    Host::run(async {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let page = client.get(format!("{url}/workflows?limit=1000")).send().await.unwrap();
        let page: Value = page.json().await.unwrap();
        let orders = page["workflows"].as_array().unwrap();
        orders.iter().filter(|order| order["workflowId"].as_str().unwrap().contains("ORD-8-")).count()
    })
}

#[test]
fn every_order_ends_right_when_one_of_two_workers_is_killed_in_their_middle() {
    let address = address();
    let backends = Process::start("backends", &[("CHAOS_SEED", "8")], "0");
    let variables = [
        ("ENGINE", "temporal"),
        ("TEMPORAL_ADDRESS", address.as_str()),
        ("TEMPORAL_TASK_QUEUE", "workers"),
        ("BACKENDS_URL", backends.url.as_str()),
    ];
    let [survivor, victim] = [(); 2].map(|()| Process::start("orchestrator", &variables, "0"));
    let run = Command::new(BINARY)
        .args(["run", "--orders", &ORDERS.to_string(), "--seed", "8", "--concurrency", "8"])
        .args(["--time-scale", "0.001", "--format", "json"])
        .args(["--target", &survivor.url, "--backends", &backends.url])
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while known(&survivor.url) < ORDERS / 3 {
        sleep(Duration::from_millis(20));
    }
    victim.kill();
    let output = run.wait_with_output().unwrap();
    let results = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}\n{results}", String::from_utf8_lossy(&output.stderr));
    let results: Value = serde_json::from_str(&results).unwrap();
    let told = (&results["clean"], &results["troubled"], &results["audit"]["orders"]);
    assert_eq!(told, (&true.into(), &0.into(), &ORDERS.into()), "{results:#}");
}
