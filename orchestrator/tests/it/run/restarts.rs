//! Restarts during a run: of its target, whose times are known only then, and of its backends.

use std::fs;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse;
use axum::{Json, Router};
use insta::assert_snapshot;
use orchestrator::bundled;
use serde_json::json;
use shared::http::{Correlation, with_common};
use shared::time::Clock;

use super::late_cancels::SLOW_LABELS;
use super::{command, run, serve_at_free_port, start_backends, start_forgetful};
use crate::binary::{code, stderr};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_while_the_orders_are_open_counts() {
    let backends = start_backends(&SLOW_LABELS).await;
    let target = start_forgetful(&backends).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("restarts.txt");
    fs::write(&file, "").unwrap();
    let line =
        format!("--orders 1 --approve 1 --target {target} --backends {backends} --restarts restarts.txt");
    let run = command("run", &line).current_dir(&folder).stderr(Stdio::piped()).spawn().unwrap();
    while !reqwest::get(format!("{backends}/shipping/ledger"))
        .await
        .unwrap()
        .text()
        .await
        .unwrap()
        .contains("generating")
    {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    fs::write(&file, "just now").unwrap();
    let ended = tokio::task::block_in_place(|| run.wait_with_output().unwrap());
    assert_eq!(code(&ended), 2);
    let told = stderr(&ended);
    assert!(told.contains("restarts.txt: line 1: `just now` is not a time"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backends_that_were_restarted_meanwhile_have_forgotten_too_much() {
    let variables = [("CHAOS_SEED", "7"), ("TIME_SCALE", "0.001")].into_iter().collect();
    let settings = bundled::Settings::from_environment(&variables, 0).unwrap();
    let routes = bundled::routes(&settings, &bundled::Domain::ALL, Clock::system());
    let (domains, asked) = (["payment", "inventory", "shipping", "notification"], AtomicU32::new(0));
    let asked = Arc::new(asked);
    // Whoever asks twice how they are is told of two starts.
    let restarting = move |request: Request, next: Next| {
        let starts = if request.uri().path() == "/health" { asked.fetch_add(1, Relaxed) } else { 0 };
        let health =
            json!({"seed": 7, "timeScale": 0.001, "domains": domains, "startedAt": starts.to_string()});
        async move {
            if request.uri().path() == "/health" {
                Json(health).into_response()
            } else {
                next.run(request).await
            }
        }
    };
    let router = Router::from(routes).layer(from_fn(restarting));
    let backends = serve_at_free_port(with_common(router, Correlation::seeded(1))).await;
    let made = run(&format!("--orders 3 --approve 1 --backends {backends}"));
    assert_eq!(code(&made), 2);
    let told = stderr(&made);
    assert_snapshot!(told.lines().last().unwrap().replace(&backends, "http://shop:3001"), @"error: the backends at http://shop:3001 were restarted during the run: they have forgotten what happened before, so that nothing can be judged");
}
