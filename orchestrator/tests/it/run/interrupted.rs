//! A run that is interrupted while some of its orders have ended and others are open.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Value, json};
use shared::http::{Correlation, with_common};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::forgetful::start_forgetful;
use super::{SMALL, command, results, serve_at_free_port, start_backends, text_of};
use crate::binary::{code, interrupt, stderr, stdout};

/// Nobody decides on half of the orders, so that they stay open.
async fn interrupted(chaos: &[(&str, &str)], folder: &Path) -> Output {
    let backends = start_backends(chaos).await;
    let target = start_forgetful(&backends).await;
    let line = format!("{SMALL} --approve 0.5 --fail-on p99>1ms --target {target} --backends {backends}");
    let mut command = command("run", &line);
    command.arg("--junit").arg(folder.join("junit.xml")).arg("--report").arg(folder.join("report.html"));
    tokio::task::block_in_place(|| {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut progress = BufReader::new(child.stderr.take().unwrap()).lines();
        progress.next().unwrap().unwrap();
        interrupt(&child);
        child.wait_with_output().unwrap()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_that_were_open_are_not_judged() {
    let folder = tempfile::tempdir().unwrap();
    let made = interrupted(&[("CHAOS_FAILURE_RATE", "0")], folder.path()).await;
    let results = results(&made, 130);
    assert_eq!((&results["interrupted"], &results["clean"]), (&true.into(), &false.into()));
    let (orders, judged) = (results["orders"].as_array().unwrap(), &results["audit"]["orders"]);
    assert!((4..40).contains(&orders.len()), "{}", orders.len());
    assert!(orders.iter().all(|order| order["end"] == "shipped"), "{orders:?}");
    assert_eq!(judged, orders.len());
    assert_eq!((&results["violations"], &results["troubled"]), (&0.into(), &0.into()));
    let (open, note) = (40 - orders.len(), text_of(&results["notes"][0]));
    assert_eq!(
        note,
        format!("Interrupted: {open} open orders not judged, 0 not placed. --fail-on was not looked at.")
    );
    assert_eq!(
        results["notes"].as_array().unwrap().len(),
        1,
        "open orders are no others: {}",
        results["notes"]
    );
    assert_eq!(results["conditions"].as_array().unwrap().len(), 0);
    let text = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(text("junit.xml").contains("<error type=\"interrupted\""), "{}", text("junit.xml"));
    assert!(text("report.html").contains("<h1 class=\"verdict bad\">Interrupted</h1>"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_wrong_until_then_is_told() {
    let chaos = [("CHAOS_FAILURE_RATE", "0"), ("CHAOS_INVENTORY_RESERVE", "out_of_stock=100%")];
    let folder = tempfile::tempdir().unwrap();
    let results = results(&interrupted(&chaos, folder.path()).await, 1);
    let orders = results["orders"].as_array().unwrap().len();
    assert_eq!((&results["interrupted"], &results["violations"]), (&true.into(), &orders.into()));
}

/// Backends and an orchestrator in one, which leave some requests without an answer, and tell of them.
struct Hanging {
    /// `null` is not answered either.
    health: Value,
    was_read: AtomicBool,
    asked: UnboundedSender<()>,
}

impl Hanging {
    async fn answer(&self, body: &Value) -> Json<Value> {
        if body.is_null() {
            self.asked.send(()).unwrap();
            std::future::pending::<()>().await;
        }
        Json(body.clone())
    }
}

/// The address, and who is told. No order ends, and the ledger is read once.
async fn start_hanging(health: Value) -> (String, UnboundedReceiver<()>) {
    type Service = State<Arc<Hanging>>;
    let (asked, hears) = unbounded_channel();
    let service = Arc::new(Hanging { health, was_read: AtomicBool::new(false), asked });
    let health = async |State(it): Service| it.answer(&it.health).await;
    let ledger = async |State(it): Service| match it.was_read.swap(true, Ordering::Relaxed) {
        false => it.answer(&json!({"records": []})).await,
        true => it.answer(&Value::Null).await,
    };
    let router = Router::new()
        .route("/health", get(health))
        .route("/payment/stats", get(async || Json(json!({"operations": []}))))
        .route("/payment/ledger", get(ledger))
        .route("/workflows/order", post(async || (StatusCode::CREATED, Json(json!({})))))
        .route("/workflows/{id}/result", get(async |State(it): Service| it.answer(&Value::Null).await))
        .with_state(service);
    (serve_at_free_port(with_common(router, Correlation::seeded(3))).await, hears)
}

/// Interrupts a run whenever one of those asks who are not answered.
async fn interrupted_when_asked(line: &str, times: usize, asked: &mut UnboundedReceiver<()>) -> Output {
    let mut command = command("run", &format!("--orders 1 --seed 7 --time-scale 0.001 --approve 0 {line}"));
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    for _ in 0..times {
        asked.recv().await.unwrap();
        interrupt(&child);
    }
    tokio::task::block_in_place(|| child.wait_with_output().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_told_before_the_first_order() {
    let backends = start_backends(&[]).await;
    let (target, mut asked) = start_hanging(Value::Null).await;
    let line = format!("--target {target} --backends {backends}");
    let made = interrupted_when_asked(&line, 1, &mut asked).await;
    assert_eq!((code(&made), stdout(&made).as_str()), (130, ""));
    assert_eq!(stderr(&made), "error: interrupted before the first order was placed\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_interrupts_twice_waits_for_nothing() {
    let health = json!({"seed": 7, "timeScale": 0.001, "domains": ["payment"]});
    let (url, mut asked) = start_hanging(health).await;
    let made = interrupted_when_asked(&format!("--target {url} --backends {url}"), 2, &mut asked).await;
    assert_eq!((code(&made), stdout(&made).as_str(), stderr(&made).as_str()), (130, "", ""));
}
