//! `run --restarts`: the times are known only when the run has begun.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use super::late_cancels::SLOW_LABELS;
use super::{command, start_backends, start_forgetful};
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
