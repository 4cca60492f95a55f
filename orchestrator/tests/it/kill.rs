//! `kill -9` of the orchestrator while orders run, the backends staying up: after a restart every
//! order ends, and an audit of the backends' ledgers finds nothing wrong.
//!
//! `KILL_ORDERS=500 cargo test --release -p orchestrator --test it kill` is the large run.

use std::path::Path;
use std::time::Duration;

use orchestrator::api::sample_order;
use serde_json::{Value, json};
use shared::environment::Environment;

use crate::binary::{code, command, stderr, stdout};
use crate::conformance::process::Process;

const LOST: &str = "lost_response=10%";

fn orchestrator(backends: &Process, data: &Path, port: &str) -> Process {
    let data = data.to_str().unwrap();
    Process::start("orchestrator", &[("BACKENDS_URL", &backends.url), ("DATA_DIR", data)], port)
}

fn order(number: usize) -> Value {
    let mut order = sample_order();
    order["orderId"] = format!("ORD-{number}").into();
    order["requiresApproval"] = false.into();
    order
}

/// Far more than it takes: whoever hangs is to be told so.
const PATIENCE: Duration = Duration::from_secs(600);

/// Places orders as a client that does not give up.
async fn place(client: reqwest::Client, url: String, numbers: Vec<usize>) {
    for number in numbers {
        loop {
            match client.post(format!("{url}/workflows/order")).json(&order(number)).send().await {
                Ok(answer) if answer.status().is_success() => break,
                Ok(answer) => assert!(answer.status().is_server_error(), "{}", answer.status()),
                Err(_) => {}
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// How many orders the orchestrator knows, and how many of them are over.
async fn progress(client: &reqwest::Client, url: &str) -> (usize, usize) {
    let (mut known, mut over, mut cursor) = (0, 0, String::new());
    loop {
        let page = client.get(format!("{url}/workflows?limit=1000{cursor}")).send().await.unwrap();
        let page: Value = page.json().await.unwrap();
        for order in page["workflows"].as_array().unwrap() {
            let status = order["orderStatus"].as_str().unwrap();
            known += 1;
            over += usize::from(["shipped", "rejected", "cancelled", "failed"].contains(&status));
            assert_eq!(order["needsAttention"], json!(false), "{order}");
        }
        match page["nextCursor"].as_str() {
            None => return (known, over),
            Some(next) => cursor = format!("&cursor={next}"),
        }
    }
}

/// Kills the orchestrator when a third, and when two thirds, of the orders are known to it and some are open.
async fn survives(chaos: &[(&str, &str)]) {
    let survived = tokio::time::timeout(PATIENCE, kill_twice(chaos)).await;
    survived.expect("the orders end");
}

async fn kill_twice(chaos: &[(&str, &str)]) {
    let orders = Environment::of_process().get("KILL_ORDERS").map_or(60, |orders| orders.parse().unwrap());
    let data = tempfile::tempdir().unwrap();
    let backends = Process::start("backends", &[chaos, &[("CHAOS_SEED", "7")]].concat(), "0");
    let mut running = orchestrator(&backends, data.path(), "0");
    let (url, port) = (running.url.clone(), running.url.rsplit(':').next().unwrap().to_owned());
    let client = reqwest::Client::builder()
        .no_proxy()
        .pool_max_idle_per_host(0)
        .timeout(Duration::from_secs(5))
        .build()
        .unwrap();
    let placing: Vec<_> = (0..8)
        .map(|lane| (lane..orders).step_by(8).collect())
        .map(|numbers| tokio::spawn(place(client.clone(), url.clone(), numbers)))
        .collect();
    for third in [1, 2] {
        loop {
            let (known, over) = progress(&client, &url).await;
            if known >= orders * third / 3 && over < known {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        running.kill();
        running = orchestrator(&backends, data.path(), &port);
    }
    for lane in placing {
        lane.await.unwrap();
    }
    while progress(&client, &url).await != (orders, orders) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let audit = command(&format!("audit --format json --url {}", backends.url)).output().unwrap();
    assert_eq!(code(&audit), 0, "{}\n{}", stdout(&audit), stderr(&audit));
    let verdict: Value = serde_json::from_slice(&audit.stdout).unwrap();
    assert_eq!(verdict["orders"], orders, "the audit saw every order");
}

#[tokio::test]
async fn every_order_survives_kills_without_chaos() {
    survives(&[("CHAOS_FAILURE_RATE", "0")]).await;
}

#[tokio::test]
async fn every_order_survives_kills_under_the_default_chaos() {
    survives(&[]).await;
}

#[tokio::test]
async fn every_order_survives_kills_and_lost_answers_to_every_write() {
    let writes =
        ["PAYMENT_AUTHORIZE", "PAYMENT_CAPTURE", "PAYMENT_RELEASE", "PAYMENT_REFUND", "INVENTORY_RESERVE"];
    let more = ["INVENTORY_RELEASE", "SHIPPING_CREATE_LABEL", "SHIPPING_CANCEL", "NOTIFICATION_SEND"];
    let names: Vec<_> = writes.iter().chain(&more).map(|write| format!("CHAOS_{write}")).collect();
    let tables: Vec<_> = names.iter().map(|name| (name.as_str(), LOST)).collect();
    survives(&tables).await;
}
