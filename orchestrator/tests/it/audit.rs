//! `audit`, as a person or a CI job calls it: the binary over saved ledgers, and over backends on a
//! socket.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::{Path, Query};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use insta::assert_snapshot;
use orchestrator::audit::{Audit, Domain, Error, Ledgers, Source};
use serde_json::{Value, json};
use shared::http::{Limits, serve};
use shared::time::Clock;
use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedSender;

use crate::binary::{code, command, interrupt, stderr, stdout};

const LEDGERS: [&str; 4] = ["payment.json", "inventory.json", "shipping.jsonl", "notification.json"];

fn saved(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/it/audit/ledgers", name].iter().collect()
}

/// Runs `fake-stripe-chaos audit …`.
fn audit(arguments: &[&str]) -> Command {
    let mut command = command("audit");
    command.args(arguments);
    command
}

/// The same, over the saved ledgers.
fn audit_saved(arguments: &[&str]) -> Output {
    audit(arguments).arg("--ledger").args(LEDGERS.map(saved)).output().unwrap()
}

#[test]
fn saved_ledgers_are_judged_and_the_forgotten_refund_is_found() {
    let output = audit_saved(&[]);
    assert_eq!((code(&output), stderr(&output).as_str()), (1, ""));
    assert_snapshot!(stdout(&output), @"
    VIOLATION ORD-BAD captured_without_delivery
      20.5 was captured (auth_bad) and nothing of it was refunded, yet the order has no live label.
      Usually a step after the capture failed and nothing refunded it, or the capture's own answer was taken for a failure: a lost answer, or 409 already_captured, which says that the money is captured.
      +0.000s  payment.authorize#1      auth_bad  201                            key none, correlation bad
      +0.002s    held                   auth_bad  20.5
      +2.000s  payment.capture#1        auth_bad  200                            key none, correlation bad
      +2.002s    captured               auth_bad  20.5
      +3.000s  shipping.create_label#1  -         400 address_validation_failed  key none, correlation bad

    WARNING ORD-BAD no_idempotency_key
      payment.authorize and 2 more were asked without an Idempotency-Key.
      Usually the HTTP client was never given one. Without it a request whose answer is lost cannot safely be retried, and abandoning it may leave the effect behind.
      +0.000s  payment.authorize#1      auth_bad  201                            key none, correlation bad
      +0.002s    held                   auth_bad  20.5
      +2.000s  payment.capture#1        auth_bad  200                            key none, correlation bad
      +2.002s    captured               auth_bad  20.5
      +3.000s  shipping.create_label#1  -         400 address_validation_failed  key none, correlation bad

    2 orders judged.
    Unattributed: 1 of 16 records, without an order or a correlation id; they are not judged.
    Not judged, because no decisions were given (--decisions FILE): decision_ignored, status_disagrees, order_not_ended.
    1 violation, 1 warning: captured_without_delivery 1, no_idempotency_key 1.
    ");
}

#[test]
fn decisions_tell_of_orders_that_no_ledger_knows() {
    let decisions = saved("decisions.jsonl");
    let output = audit_saved(&["--format", "json", "--decisions", decisions.to_str().unwrap()]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let found: Vec<_> = findings.iter().map(|finding| (&finding["order"], &finding["rule"])).collect();
    assert_eq!(
        json!(found),
        json!([
            ["ORD-BAD", "captured_without_delivery"],
            ["ORD-BAD", "no_idempotency_key"],
            ["ORD-LOST", "order_not_ended"],
        ])
    );
    assert_eq!(report["notJudged"], json!([]));
}

#[test]
fn a_domain_without_a_ledger_is_not_judged_and_warnings_fail_only_when_strict() {
    let payment_alone =
        |arguments: &[&str]| audit(arguments).arg("--ledger").arg(saved("payment.json")).output().unwrap();
    let output = payment_alone(&[]);
    assert_eq!(code(&output), 0);
    assert!(
        stdout(&output).contains("Not judged, because shipping is not served: captured_without_delivery")
    );
    assert_eq!(code(&payment_alone(&["--strict"])), 1);
}

#[test]
fn wrong_usage_and_what_cannot_be_read_end_with_2() {
    let refused = |arguments: &[&str]| {
        let output = audit(arguments).output().unwrap();
        assert_eq!((code(&output), stdout(&output).as_str()), (2, ""));
        stderr(&output)
    };
    assert_snapshot!(refused(&["--ledger", "/no/such/ledger.json"]), @"error: /no/such/ledger.json: No such file or directory (os error 2)");
    assert_snapshot!(refused(&["--ledger", "/dev/null"]), @"error: /dev/null: the file is empty; expected the answer of GET /{domain}/ledger, or its records, one per line or in an array");
    assert_snapshot!(refused(&["--url", "https://shop"]), @"
    error: invalid value 'https://shop' for '--url <URL>': not a URL such as http://localhost:3001: only http:// URLs are supported

    For more information, try '--help'.
    ");
    assert_snapshot!(refused(&["--url", "http://127.0.0.1:1"]), @"error: no backends answer at http://127.0.0.1:1/ (Connection refused (os error 111)): is `fake-stripe-chaos serve` or `backends` running, and --url (BACKENDS_URL) right?");
    assert!(refused(&["--ledger", "a.json", "--watch"]).contains("cannot be used with"));
    assert_snapshot!(refused(&["--watch", "--format", "junit"]), @"error: --format junit is a single document, and --watch keeps printing: use --format text, json or github with --watch");
}

#[test]
fn github_gets_annotations_and_a_summary() {
    let folder = tempfile::tempdir().unwrap();
    let summary = folder.path().join("summary.md");
    std::fs::write(&summary, "# Build\n").unwrap();
    let mut command = audit(&["--format", "github"]);
    let command = command.arg("--ledger").args(LEDGERS.map(saved)).env("GITHUB_STEP_SUMMARY", &summary);
    let output = command.output().unwrap();
    assert!(
        stdout(&output).starts_with("::error title=captured_without_delivery ORD-BAD::20.5 was captured")
    );
    let written = std::fs::read_to_string(&summary).unwrap();
    assert!(written.starts_with("# Build\n## Audit: ❌ violations\n"), "{written}");
    let output = command.env("GITHUB_STEP_SUMMARY", "/no/such/place/summary.md").output().unwrap();
    assert_eq!(code(&output), 2);
    assert_snapshot!(stderr(&output), @"error: GITHUB_STEP_SUMMARY: /no/such/place/summary.md cannot be written: No such file or directory (os error 2)");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn github_gets_the_summary_of_a_watch_when_it_is_interrupted() {
    let address = serve_ledgers(saved_ledgers().await).await;
    let folder = tempfile::tempdir().unwrap();
    let summary = folder.path().join("summary.md");
    let mut command = audit(&["--watch", "--format", "github", "--url", &format!("http://{address}")]);
    command.env("GITHUB_STEP_SUMMARY", &summary).stdout(Stdio::piped());
    let lines = tokio::task::block_in_place(|| {
        let mut watching = command.spawn().unwrap();
        let mut out = BufReader::new(watching.stdout.take().unwrap()).lines().map(Result::unwrap);
        let first = out.next().unwrap();
        assert!(first.starts_with("::error title=captured_without_delivery"), "{first}");
        interrupt(&watching);
        assert_eq!(watching.wait().unwrap().code(), Some(1));
        out.collect::<Vec<_>>()
    });
    assert_snapshot!(lines[lines.len() - 2..].join("\n"), @"
    1 violation, 1 warning: captured_without_delivery 1, no_idempotency_key 1.
    The whole watch printed 1 violation and 1 warning.
    ");
    let summary = std::fs::read_to_string(&summary).unwrap();
    assert!(summary.starts_with("## Audit: ❌ violations\n"));
    assert!(summary.ends_with("|\n\nThe whole watch printed 1 violation and 1 warning.\n"), "{summary}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_ends_when_nobody_reads_it_any_more() {
    let address = serve_ledgers(saved_ledgers().await).await;
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = audit(&["--watch", "--url", &format!("http://{address}")]);
    command.stdout(writer).stderr(Stdio::piped());
    let output = tokio::task::block_in_place(|| command.output().unwrap());
    assert_eq!((code(&output), stderr(&output).as_str()), (1, ""));
}

/// Backends that serve these ledgers, two records a page.
async fn serve_ledgers(ledgers: Ledgers) -> SocketAddr {
    serve_routes(routes_of(ledgers)).await
}

fn routes_of(ledgers: Ledgers) -> Router {
    let domains: Vec<_> = ledgers.keys().map(|domain| domain.name()).collect();
    let health = json!({"status": "ok", "domains": domains, "seed": 1, "timeScale": 0.001});
    let ledger = move |Path(domain): Path<String>, Query(query): Query<Value>| {
        let records = &ledgers[&Domain::named(&domain).unwrap()];
        let from: usize = query["cursor"].as_str().map_or(0, |cursor| cursor.parse().unwrap());
        let to = records.len().min(from + 2);
        let mut page = json!({"success": true, "records": records[from..to]});
        if to < records.len() {
            page["nextCursor"] = json!(to.to_string());
        }
        std::future::ready(Json(page))
    };
    let health = move || std::future::ready(Json(health.clone()));
    Router::new().route("/health", get(health)).route("/{domain}/ledger", get(ledger))
}

async fn serve_routes(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, router, Limits::default(), std::future::pending()));
    address
}

/// Backends that nobody has asked anything yet.
fn untouched() -> Ledgers {
    Domain::ALL.map(|domain| (domain, Vec::new())).into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verdict_over_nothing_is_refused() {
    let url = format!("http://{}", serve_ledgers(untouched()).await);
    let refused = |command: &mut Command| {
        let output = tokio::task::block_in_place(|| command.output().unwrap());
        assert_eq!((code(&output), stdout(&output).as_str()), (2, ""));
        stderr(&output)
    };
    let nobody = refused(&mut audit(&["--url", &url]));
    assert_snapshot!(nobody, @"error: there is nothing to judge: the backends have received no requests yet");
    assert_eq!(refused(&mut audit(&["--url", &url, "--settle", "50ms"])), nobody);
    let folder = tempfile::tempdir().unwrap();
    let saved_as = |text: &str| {
        let path = folder.path().join("payment.json");
        std::fs::write(&path, text).unwrap();
        path
    };
    assert_eq!(refused(audit(&["--ledger"]).arg(saved_as("[]"))), nobody);
    let lost =
        audit(&["--decisions"]).arg(saved("decisions.jsonl")).arg("--ledger").arg(saved_as("[]")).output();
    assert_eq!(
        code(&lost.unwrap()),
        1,
        "an order that was decided on and left no trace is something to judge"
    );
    let request = r#"{"kind":"request","seq":1,"operation":"payment.authorize",ORDER"status":201,
        "startedAt":"1970-01-01T00:00:08Z",END"correlationId":"c-1"}"#;
    let ended = r#""endedAt":"1970-01-01T00:00:10Z","#;
    let unattributed = saved_as(&request.replace("ORDER", "").replace("END", ended));
    assert_snapshot!(refused(audit(&["--ledger"]).arg(unattributed)), @"error: there is nothing to judge: none of the 1 records has an order id or a correlation id");
    let executing = saved_as(&request.replace("ORDER", r#""order":"ORD-1","#).replace("END", ""));
    assert_snapshot!(refused(audit(&["--ledger"]).arg(executing)), @"error: there is nothing to judge: each order (1) has a request executing now; --settle 30s waits until none has");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_that_saw_nothing_ends_without_a_verdict() {
    let (looked, mut looks) = tokio::sync::mpsc::unbounded_channel();
    let looking = axum::middleware::map_response(move |answer: axum::response::Response| {
        looked.send(()).unwrap();
        std::future::ready(answer)
    });
    let url = format!("http://{}", serve_routes(routes_of(untouched()).layer(looking)).await);
    let mut watching = audit(&["--watch", "--every", "100ms", "--url", &url]);
    let watching = watching.stderr(Stdio::piped()).spawn().unwrap();
    let requests_a_look = 1 + Domain::ALL.len();
    for _ in 0..=requests_a_look {
        looks.recv().await.unwrap();
    }
    interrupt(&watching);
    let output = tokio::task::block_in_place(|| watching.wait_with_output().unwrap());
    assert_eq!(code(&output), 2);
    assert!(
        stderr(&output)
            .ends_with("error: there is nothing to judge: the backends have received no requests yet\n")
    );
}

/// Backends with a flow that goes on while their ledgers are read: money is captured after payment's ledger
/// was, and the label is made before shipping's is. `looked` hears of each look.
fn moving(looked: UnboundedSender<()>) -> Router {
    let clock = Clock::system();
    let moved_at = Arc::new(OnceLock::new());
    let health = move || {
        looked.send(()).unwrap();
        std::future::ready(Json(json!({"domains": ["payment", "shipping", "notification"], "timeScale": 1})))
    };
    let ledger = move |Path(domain): Path<String>| {
        let moved_at = Arc::clone(&moved_at);
        async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            if domain == "shipping" {
                moved_at.get_or_init(|| clock.now().to_string());
            }
            let done = |seq, effect, resource| {
                let at = moved_at.get()?;
                Some(json!({"kind": "effect", "seq": seq, "at": at, "order": "ORD-1", "effect": effect,
                    "resource": resource, "amount": 1}))
            };
            let held = json!({"kind": "effect", "seq": 1, "at": "1970-01-01T00:00:00Z", "order": "ORD-1",
                "effect": "held", "resource": "auth_1", "amount": 1});
            Json(json!({"records": match &*domain {
                "payment" => Vec::from_iter([held].into_iter().chain(done(2, "captured", "auth_1"))),
                "shipping" => Vec::from_iter(done(1, "generated", "lbl_1")),
                _ => Vec::new(),
            }}))
        }
    };
    Router::new().route("/health", get(health)).route("/{domain}/ledger", get(ledger))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_not_judged_by_ledgers_between_which_it_went_on() {
    let (looked, mut looks) = tokio::sync::mpsc::unbounded_channel();
    let once = audit(&["--url", &serve_moving(&looked).await]).output().unwrap();
    assert_snapshot!(stderr(&once), @"error: there is nothing to judge: each order (1) was heard of too recently; --settle 30s waits until none is");
    let settled = audit(&["--settle", "10ms", "--url", &serve_moving(&looked).await]).output().unwrap();
    assert!(stdout(&settled).ends_with("\nClean: no findings.\n"), "{settled:?}");
    while looks.try_recv().is_ok() {}
    let mut watch = audit(&["--watch", "--quiet", "10ms", "--every", "100ms"]);
    let watch = watch.args(["--url", &serve_moving(&looked).await]).stdout(Stdio::piped()).spawn().unwrap();
    for _ in 0..3 {
        looks.recv().await.unwrap();
    }
    interrupt(&watch);
    let watched = tokio::task::block_in_place(|| watch.wait_with_output().unwrap());
    assert!(
        stdout(&watched).ends_with("\nThe whole watch printed 0 violations and 0 warnings.\n"),
        "{watched:?}"
    );
}

async fn serve_moving(looked: &UnboundedSender<()>) -> String {
    format!("http://{}", serve_routes(moving(looked.clone())).await)
}

async fn saved_ledgers() -> Ledgers {
    Source::Files(LEDGERS.map(saved).to_vec()).read().await.unwrap().ledgers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ledgers_are_read_from_running_backends_page_by_page() {
    let ledgers = saved_ledgers().await;
    let address = serve_ledgers(ledgers.clone()).await;
    let reading = Source::at(&format!("http://{address}")).unwrap().read().await.unwrap();
    assert_eq!((&reading.ledgers, reading.time_scale), (&ledgers, 0.001));
    let mut command =
        audit(&["--url", &format!("http://{address}/"), "--settle", "1s", "--allow", "split-shipments"]);
    let output = tokio::task::block_in_place(|| command.output().unwrap());
    assert_eq!((code(&output), stdout(&output)), (1, stdout(&audit_saved(&["--allow", "split-shipments"]))));
}

#[tokio::test]
async fn somebody_else_at_the_address_is_told_from_nobody() {
    let address = serve_ledgers(Ledgers::new()).await;
    let elsewhere = Source::at(&format!("http://{address}/elsewhere")).unwrap().read().await.unwrap_err();
    assert!(
        matches!(&elsewhere, Error::NotALedger { reason, .. } if reason.starts_with("404")),
        "{elsewhere}"
    );
    let without = Source::at(&format!("http://{address}")).unwrap().read().await.unwrap_err();
    assert!(
        matches!(&without, Error::NotALedger { reason, .. } if reason == "there is no ledger"),
        "{without}"
    );
    let proxy = serve_routes(Router::new().route("/health", get(|| async { StatusCode::BAD_GATEWAY }))).await;
    let restarting = Source::at(&format!("http://{proxy}")).unwrap().read().await.unwrap_err();
    assert!(
        matches!(&restarting, Error::Unreachable { reason, .. } if reason == "502 Bad Gateway"),
        "{restarting}"
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = listener.local_addr().unwrap();
    drop(listener);
    let unreachable = Source::at(&format!("http://{nobody}")).unwrap().read().await.unwrap_err();
    assert!(matches!(unreachable, Error::Unreachable { .. }), "{unreachable}");
}

/// Why a ledger is refused of which every page has these records and the cursor that is `next` after its own.
async fn endless(records: Value, next: fn(&str) -> String) -> String {
    let ledger = move |Query(query): Query<Value>| {
        let next = next(query["cursor"].as_str().unwrap_or_default());
        std::future::ready(Json(json!({"success": true, "records": records, "nextCursor": next})))
    };
    let health = json!({"status": "ok", "domains": ["payment"], "seed": 1, "timeScale": 1});
    let health = move || std::future::ready(Json(health.clone()));
    let routes = Router::new().route("/health", get(health)).route("/payment/ledger", get(ledger));
    let url = format!("http://{}", serve_routes(routes).await);
    match Source::at(&url).unwrap().read().await {
        Err(Error::NotALedger { reason, .. }) => reason,
        read => panic!("{read:?}"),
    }
}

#[tokio::test]
async fn a_ledger_that_never_ends_is_refused() {
    let record = json!({"kind": "effect", "seq": 1, "at": "1970-01-01T00:00:01Z", "effect": "held", "resource": "auth_1"});
    assert_eq!(endless(json!([record]), |_| "1".to_owned()).await, "the cursor does not advance");
    assert_eq!(endless(json!([]), |cursor| format!("{cursor}1")).await, "the cursor does not advance");
}

#[tokio::test]
async fn a_report_is_the_same_however_the_ledgers_came() {
    let mut ledgers = saved_ledgers().await;
    let report = |ledgers: &Ledgers| serde_json::to_value(Audit::default().report(ledgers)).unwrap();
    let in_order = report(&ledgers);
    for records in ledgers.values_mut() {
        records.reverse();
    }
    assert_eq!(report(&ledgers), in_order);
}
