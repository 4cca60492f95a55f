//! `run`, as a CI job calls it: the binary against the bundled orchestrator, against someone else's
//! that forgets something, and against backends that run already.

mod double_clicks;
mod foreign;
mod forgetful;
mod interrupted;
mod late_cancels;
mod losing;
mod recipes;
mod restarts;
mod simulated;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use axum::routing::{get, post};
use axum::{Json, Router};
use insta::assert_snapshot;
use orchestrator::bundled;
use serde_json::{Value, json};
use shared::environment::Environment;
use shared::http::{Correlated, Correlation, Limits, serve, with_common};
use shared::time::Clock;
use tokio::net::TcpListener;

use crate::binary::{self, BINARY, code, stderr, stdout};
use forgetful::start_forgetful;

/// Backends of seed 7, a thousand times as fast as real ones; their address.
async fn start_backends(chaos: &[(&str, &str)]) -> String {
    let usual = [("CHAOS_SEED", "7"), ("TIME_SCALE", "0.001")];
    let variables: Environment = usual.iter().chain(chaos).copied().collect();
    let settings = bundled::Settings::from_environment(&variables, 0).unwrap();
    let routes = bundled::routes(&settings, &bundled::Domain::ALL, Clock::system());
    let router = with_common(Router::from(routes), Correlation::seeded(1));
    serve_at_free_port(router).await
}

async fn serve_at_free_port(router: Correlated) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, router, Limits::default(), std::future::pending()));
    format!("http://{address}")
}

/// The binary, which logs errors alone.
fn command(name: &str, line: &str) -> Command {
    let mut command = binary::command(&format!("{name} {line}"));
    command.env("RUST_LOG", "error");
    command
}

/// Runs it beside the servers of this process.
fn output(command: &mut Command) -> Output {
    tokio::task::block_in_place(|| command.output().unwrap())
}

fn run(line: &str) -> Output {
    output(&mut command("run", line))
}

/// What a run printed, which ended in this way.
fn results(output: &Output, expected: i32) -> Value {
    assert_eq!(code(output), expected, "{}\n{}", stdout(output), stderr(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap()
}

const SMALL: &str = "--orders 40 --seed 7 --time-scale 0.001 --format json";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bundled_orchestrator_survives_the_default_chaos_however_many_orders_are_open_at_once() {
    // A cancel is left out: how far its order is when it comes is a matter of time.
    let fates = |concurrency: &str| {
        let made = run(&format!("{SMALL} --strict --approve 0.9 --reject 0.1 --concurrency {concurrency}"));
        let lines = stderr(&made);
        assert_eq!(lines.lines().count(), 10, "{lines}");
        let mut results = results(&made, 0);
        assert_eq!((&results["clean"], &results["audit"]["orders"]), (&true.into(), &40.into()));
        assert!(results["operations"][0]["retries"].as_u64().unwrap() > 0, "{}", results["operations"]);
        for order in results["orders"].as_array_mut().unwrap() {
            order.as_object_mut().unwrap().retain(|member, _| member != "tookMs" && member != "accepted");
        }
        results["orders"].take()
    };
    assert_eq!(fates("1"), fates("40"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_orchestrator_that_forgets_to_release_holds_is_found_out() {
    let backends = start_backends(&[
        ("CHAOS_FAILURE_RATE", "0"),
        ("CHAOS_INVENTORY_RESERVE", "success=70%, out_of_stock=30%"),
    ])
    .await;
    let target = start_forgetful(&backends).await;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let text = |name: &str| fs::read_to_string(file(name)).unwrap();
    let line = format!("{SMALL} --approve 1 --target {target} --backends {backends} --fail-on failed>90%");
    let made = output(
        command("run", &line)
            .arg("--report")
            .arg(file("report.html"))
            .arg("--junit")
            .arg(file("ledgers/junit.xml"))
            .arg("--ledger-dir")
            .arg(file("ledgers"))
            .env("GITHUB_STEP_SUMMARY", file("summary.md")),
    );
    let results = results(&made, 1);
    let findings = results["audit"]["findings"].as_array().unwrap();
    let violations = findings.iter().filter(|finding| finding["severity"] == "violation");
    let violations: BTreeSet<_> =
        violations.map(|it| (text_of(&it["rule"]), text_of(&it["order"]))).collect();
    let failed = results["orders"].as_array().unwrap().iter().filter(|order| order["end"] == "failed");
    let failed: Vec<_> = failed.map(|order| text_of(&order["orderId"])).collect();
    assert_eq!(violations, failed.iter().map(|order| ("hold_left_open", *order)).collect());
    assert_eq!(results["conditions"][0]["broken"], false);

    let page = text("report.html");
    let guilty = page.split("<tr class=\"request guilty\">").nth(1).unwrap().split("</tr>").next().unwrap();
    let order = failed[0];
    for shown in [
        "payment.authorize",
        "attempt 1",
        "named by hold_left_open",
        "success",
        "201",
        &format!("pay-{order}"),
        &format!("checkout-{order}"),
    ] {
        assert!(guilty.contains(shown), "{shown}\n{guilty}");
    }
    assert!(text("ledgers/junit.xml").contains("<failure type=\"hold_left_open\""));
    assert!(text("summary.md").starts_with("## ❌ 40 orders in "), "{}", text("summary.md"));
    assert_judged_again(&file("ledgers"), violations.len());
}

/// The ledgers that a run saved tell the audit what they told the run.
fn assert_judged_again(directory: &Path, violations: usize) {
    let domains = ["payment", "inventory", "shipping", "notification"];
    let ledgers = domains.map(|domain| directory.join(format!("{domain}.jsonl")));
    let mut audit = command("audit", "--format json --decisions");
    let judged = output(audit.arg(directory.join("decisions.jsonl")).arg("--ledger").args(ledgers));
    assert_eq!(results(&judged, 1)["violations"], violations);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_that_do_not_end_are_given_up_and_named() {
    let backends = start_backends(&[("CHAOS_FAILURE_RATE", "0")]).await;
    let target = start_forgetful(&backends).await;
    // It waits for a decision that nobody makes.
    let line = format!(
        "{SMALL} --cancel 0 --concurrency 2 --order-timeout 300ms --target {target} --backends {backends}"
    );
    let results = results(&run(&line), 1);
    assert_snapshot!(results["notes"][0], @r#""Given up after 2 orders: an order was refused or did not end within 300ms (--order-timeout), and no other ended meanwhile.""#);
    let rules: BTreeSet<_> = results["audit"]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["rule"].as_str())
        .collect();
    assert!(rules.contains("order_not_ended"), "{rules:?}");
    assert_eq!(results["troubled"], results["orders"].as_array().unwrap().len());
}

#[test]
fn an_order_that_hangs_in_a_request_has_not_ended_and_is_judged() {
    let line = "--orders 3 --seed 7 --approve 1 --order-timeout 500ms --format json";
    let made = command("run", line)
        .env("CHAOS_FAILURE_RATE", "0")
        .env("CHAOS_SCRIPT", "ORD-7-1:payment.capture#1=hang")
        .output()
        .unwrap();
    let results = results(&made, 1);
    assert_eq!((&results["audit"]["orders"], &results["audit"]["executing"]), (&json!(3), &json!(0)));
    let findings = results["audit"]["findings"].as_array().unwrap();
    let found: BTreeSet<_> =
        findings.iter().map(|it| (text_of(&it["order"]), text_of(&it["rule"]))).collect();
    assert!(found.contains(&("ORD-7-1", "order_not_ended")), "{found:?}");
    assert!(found.iter().all(|(order, _)| *order == "ORD-7-1"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_that_were_there_before_are_not_judged_again() {
    let backends = start_backends(&[]).await;
    let line = format!("--orders 5 --backends {backends}");
    assert_eq!(code(&run(&line)), 0, "seed and time scale are those of the backends");
    let again = run(&line);
    assert_eq!((code(&again), stdout(&again).as_str()), (2, ""));
    assert_snapshot!(stderr(&again), @"error: the backends already know 5 of these orders, such as ORD-7-0: empty them with --reset; a --target that knows the orders too needs another --seed with it, or a restart with an empty journal");
    assert_eq!(code(&run(&format!("{line} --reset"))), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_forgotten_for_a_run_that_cannot_be_made() {
    let backends = start_backends(&[("CHAOS_FAILURE_RATE", "0")]).await;
    let target = start_forgetful(&backends).await;
    let line = format!("--orders 5 --approve 1 --target {target} --backends {backends} --reset");
    assert_eq!(code(&run(&line)), 0);
    let again = run(&line);
    assert_eq!((code(&again), stdout(&again).as_str()), (2, ""));
    assert_snapshot!(stderr(&again), @"error: the orchestrator already knows order ORD-7-0 (a new order is answered with 201): run with another --seed and --reset, or restart it with an empty journal and run with --reset");
    let judged = output(&mut command("audit", &format!("--format json --url {backends}")));
    assert_eq!(results(&judged, 0)["orders"], 5, "the records of the run before are there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_orchestrator_that_uses_other_backends_is_found_out() {
    let (backends, others) = (start_backends(&[]).await, start_backends(&[]).await);
    let target = start_forgetful(&others).await;
    let line = format!("--orders 5 --approve 1 --target {target} --backends {backends}");
    let made = run(&line);
    assert_eq!((code(&made), stdout(&made).as_str()), (2, ""));
    let told = stderr(&made);
    assert_snapshot!(told.lines().last().unwrap().replace(&backends, "http://shop:3001"), @"error: the backends were asked for none of these orders, such as ORD-7-0 (shipped): is the orchestrator pointed at their URL (http://shop:3001), and does it send an order's own id, as orderId or as x-correlation-id?");
    // What is rejected may end before anything is asked for.
    let rejecting = format!("--orders 5 --reject 1 --seed 8 --reset --target {target} --backends {backends}");
    assert_eq!(code(&run(&rejecting)), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_error_recommends_for_a_second_run_works() {
    let backends = start_backends(&[("CHAOS_FAILURE_RATE", "0")]).await;
    let target = start_forgetful(&backends).await;
    let again = |line: &str| {
        let made = run(&format!("--orders 5 --approve 1 --target {target} --backends {backends} {line}"));
        let told = stderr(&made);
        (code(&made), told.lines().last().unwrap_or_default().to_owned())
    };
    assert_eq!(again("").0, 0);
    let (_, told) = again("");
    assert!(
        told.contains("empty them with --reset; a --target that knows the orders too needs another --seed"),
        "{told}"
    );
    let (_, told) = again("--reset");
    assert!(told.contains("run with another --seed and --reset"), "{told}");
    assert_eq!(again("--seed 8 --reset").0, 0);
    let (_, told) = again("--seed 9");
    assert!(told.contains("seed is 7, not 9: add --reset"), "{told}");
    assert_eq!(again("--seed 9 --reset").0, 0);
    let target = start_forgetful(&backends).await;
    let restarted = format!("--orders 5 --approve 1 --target {target} --backends {backends} --reset");
    assert_eq!(code(&run(&restarted)), 0, "with an empty journal");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backends_that_are_set_otherwise_are_refused() {
    let backends = start_backends(&[]).await;
    let refused = |line: &str| {
        let made = run(&format!("--orders 5 --backends {backends} {line}"));
        assert_eq!((code(&made), stdout(&made).as_str()), (2, ""));
        stderr(&made)
    };
    assert_snapshot!(refused("--seed 8"), @"error: the backends' seed is 7, not 8: add --reset, which empties them and accepts their seed, or restart them with CHAOS_SEED=8, or use --seed 7, if the backends have no orders of that seed yet");
    assert_snapshot!(refused("--time-scale 0.01"), @"error: the backends' time scale is 0.001, not 0.01: start them with TIME_SCALE=0.01, run with --time-scale 0.001, or accept it with --reset");
    let put_up_with =
        results(&run(&format!("--orders 5 --backends {backends} --seed 8 --reset --format json")), 0);
    assert_snapshot!(put_up_with["notes"], @r#"["Orders and decisions are drawn from seed 8, outcomes from the backends' seed 7."]"#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_run_ends_with_2() {
    let backends = start_backends(&[]).await;
    let refused = |line: &str| {
        let made = run(line);
        assert_eq!((code(&made), stdout(&made).as_str()), (2, ""));
        stderr(&made)
    };
    assert_snapshot!(refused("--backends http://127.0.0.1:1"), @"error: no backends answer at http://127.0.0.1:1 (could not connect: Connection refused (os error 111)): is --backends (RUN_BACKENDS) right?");
    assert_snapshot!(refused(&format!("--backends {backends} --target http://127.0.0.1:1")), @"error: no orchestrator answers at http://127.0.0.1:1 (could not connect: Connection refused (os error 111)): is --target (RUN_TARGET) right?");
    assert_snapshot!(refused("--target ftp://shop --port 0"), @"
    error: invalid value 'ftp://shop' for '--target <URL>': not a URL such as http://localhost:3001: only http:// URLs are supported

    For more information, try '--help'.
    ");
    assert_snapshot!(refused("--ledger-dir /proc/ledgers"), @"error: /proc/ledgers cannot be written: No such file or directory (os error 2)");
    assert_snapshot!(refused("--report /no/such/place/report.html"), @"error: /no/such/place/report.html cannot be written: No such file or directory (os error 2)");
    assert_snapshot!(refused("--report x.out --junit ./x.out"), @"error: --report (RUN_REPORT) and --junit (RUN_JUNIT) are one file, x.out: name two");
    assert_snapshot!(refused("--approve 0.9 --cancel 0.2"), @"error: --approve (RUN_APPROVE), --reject (RUN_REJECT), --cancel (RUN_CANCEL): the shares of approved, rejected and cancelled orders must be from 0 to 1 and sum to at most 1");
    let mistyped = output(command("run", &format!("--backends {backends}")).env("CHAOS_FAILURE_RATE", "7"));
    assert_eq!(code(&mistyped), 2);
    assert_snapshot!(stderr(&mistyped), @"error: CHAOS_FAILURE_RATE: `7` is not a rate such as 20% or 0.2");
    let itself = refused(&format!("--backends {backends} --target {backends}"));
    assert_snapshot!(itself.lines().last().unwrap(), @"error: the orchestrator took no order to its end, such as ORD-7-0 (POST /workflows/order: 404 no_such_route): does it serve the same order API?");
}

#[test]
fn a_run_that_some_orders_have_left_is_no_verdict() {
    let made = command("run", "--orders 40").env("LEDGER_CAPACITY", "20").output().unwrap();
    assert_eq!(code(&made), 2);
    let sentence = stderr(&made);
    assert!(sentence.contains("orders have left the ledger of payment to make room"), "{sentence}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backends_whose_time_scale_is_none_are_refused() {
    let health = json!({"seed": 7, "timeScale": -1, "domains": []});
    let routes = Router::new().route("/health", get(async || Json(health)));
    let url = serve_at_free_port(with_common(routes, Correlation::seeded(1))).await;
    let made = run(&format!("--target {url} --backends {url}"));
    assert_eq!(code(&made), 2);
    assert_snapshot!(stderr(&made).replace(&url, "http://shop"), @"error: http://shop/health does not answer like a chaos backend (timeScale: `-1` is not a number from 0.000001 to 1000, such as 0.01 at line 1 column 38): is --backends (RUN_BACKENDS) right?");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_orchestrator_that_answers_a_new_order_with_200_learns_what_is_expected() {
    let backends = start_backends(&[]).await;
    let target = Router::new().route("/workflows/order", post(async || Json(json!({}))));
    let target = serve_at_free_port(with_common(target, Correlation::seeded(1))).await;
    let made = run(&format!("--orders 1 --target {target} --backends {backends}"));
    assert_eq!(code(&made), 2);
    let told = stderr(&made);
    assert!(told.contains("already knows order ORD-7-0 (a new order is answered with 201)"), "{told}");
}

#[test]
fn the_command_that_a_report_ends_with_repeats_the_run() {
    let mut made = command("run", "--orders 20 --approve 0.9 --reject 0.1");
    let made = made.env("INVENTORY_STOCK", "ITEM-001=0").env("CHAOS_FAILURE_RATE", "0.3").output().unwrap();
    let told = |text: &str| {
        let ends = text.lines().find(|line| line.trim_start().starts_with("ended")).unwrap().to_owned();
        let (_, repeat) = text.lines().last().unwrap().split_once("Repeat it: ").unwrap();
        (ends, repeat.to_owned())
    };
    let (ends, repeat) = told(&stdout(&made));
    let again = repeat.replace("fake-stripe-chaos", BINARY);
    let again = Command::new("bash").args(["-c", &again]).env_clear().output().unwrap();
    assert_eq!(told(&stdout(&again)), (ends, repeat));
}

#[test]
fn files_stay_as_they_are_when_nothing_could_be_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let earlier = ["report.html", "summary.md"];
    earlier.iter().for_each(|name| fs::write(file(name), "of an earlier run").unwrap());
    let mut command = command("run", "--target http://127.0.0.1:1 --port 0");
    let command = command.arg("--report").arg(file("report.html")).arg("--junit").arg(file("junit.xml"));
    let command = command.arg("--ledger-dir").arg(file("made/for/it"));
    assert_eq!(code(&command.env("GITHUB_STEP_SUMMARY", file("summary.md")).output().unwrap()), 2);
    for name in earlier {
        assert_eq!(fs::read_to_string(file(name)).unwrap(), "of an earlier run", "{name}");
    }
    assert!(!file("junit.xml").exists(), "an empty file is left behind");
    assert!(!file("made").exists(), "empty directories are left behind");
}
