//! Commands as a person or a script calls them; `order` against an orchestrator on a socket.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use insta::assert_snapshot;
use orchestrator::activities::{ActivitySettings, Services, register};
use orchestrator::api::{Deps, router};
use orchestrator::bundled;
use orchestrator::engine::embedded::{Engine, EngineOptions, MemoryJournal, Registry};
use orchestrator::gateways::{InProcess, Transport};
use orchestrator::workflows::order_fulfillment::{OrderFulfillment, Timings};
use serde_json::Value;
use shared::environment::Environment;
use shared::http::{Correlation, Limits, serve, with_common};
use shared::time::{Clock, TimeScale};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::binary::{code, command, stderr, stdout};

/// An orchestrator over backends that do nothing wrong, a thousand times as fast as real ones.
async fn start_orchestrator() -> SocketAddr {
    let variables: Environment = [("CHAOS_FAILURE_RATE", "0"), ("TIME_SCALE", "0.001")].into_iter().collect();
    let (clock, time_scale) = (Clock::system(), TimeScale::parse("0.001").unwrap());
    let settings = bundled::Settings::from_environment(&variables, 1).unwrap();
    let backends = bundled::routes(&settings, &bundled::Domain::ALL, clock);
    let backends = with_common(Router::from(backends), Correlation::seeded(8));
    let backends: Arc<dyn Transport> = Arc::new(InProcess::new(backends));
    let settings = ActivitySettings::default();
    let mut registry = Registry::new(Arc::new(Services::over(Arc::clone(&backends))));
    registry.register::<OrderFulfillment>();
    register(&mut registry, &settings, time_scale);
    let journal = Arc::new(MemoryJournal::new());
    let options = EngineOptions::new(clock, 1);
    let engine = Engine::start_on_thread(journal, registry, options, Handle::current()).unwrap();
    let deps = Deps {
        client: Arc::new(engine),
        engine: "embedded",
        timings: Timings::new(&settings, time_scale),
        time_scale,
        backends,
        clock,
        stop: CancellationToken::new(),
    };
    let routes = with_common(router(deps), Correlation::seeded(7));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, routes, Limits::default(), std::future::pending()));
    address
}

/// Runs `fake-stripe-chaos order …`.
fn order(address: SocketAddr, line: &str) -> Output {
    let mut command = command(&format!("order {line}"));
    command.env("ORCHESTRATOR_URL", format!("http://{address}"));
    tokio::task::block_in_place(|| command.output().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_placed_approved_and_watched_until_it_is_shipped() {
    let address = start_orchestrator().await;
    let placed: Value = serde_json::from_str(&stdout(&order(address, "place --json"))).unwrap();
    let id = placed["orderId"].as_str().unwrap();
    let approved = order(address, &format!("approve {id} --by me"));
    assert_eq!((code(&approved), stdout(&approved).as_str()), (0, "✓ The order is approved.\n"));
    let watched = order(address, &format!("watch {id} --interval 10ms"));
    assert_eq!(code(&watched), 0);
    let ending = format!("order-fulfillment-{id} is shipped");
    assert_eq!(stdout(&watched).lines().last(), Some(ending.as_str()));
    assert!(!stdout(&watched).contains('\u{1b}'), "colours are for terminals");
    let status = stdout(&order(address, &format!("status {id}")));
    assert!(status.starts_with(&format!("order-fulfillment-{id} shipped 100%\n")), "{status}");
    assert!(status.contains("✓ manager_approval"), "{status}");
    let history = stdout(&order(address, &format!("history {id}")));
    assert!(history.lines().count() > 10, "{history}");
    let list: Value = serde_json::from_str(&stdout(&order(address, "list --status shipped --json"))).unwrap();
    assert_eq!(list["workflows"][0]["orderId"], id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_is_placed_again_is_said_to_be_known() {
    let address = start_orchestrator().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let sample = orchestrator::api::sample_order().to_string();
    std::fs::write(file.path(), sample).unwrap();
    let line = format!("place {}", file.path().display());
    assert!(stdout(&order(address, &line)).starts_with("✓ ORD-123 is placed: "));
    assert_eq!(code(&order(address, "reject ORD-123")), 0);
    assert_eq!(code(&order(address, "watch ORD-123")), 1);
    let again = stdout(&order(address, &line));
    assert!(again.starts_with("✓ ORD-123 was already placed: rejected\n"), "{again}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_no_order_is_refused_by_the_orchestrator() {
    let address = start_orchestrator().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let refused = |bytes: &[u8]| {
        std::fs::write(file.path(), bytes).unwrap();
        let output = order(address, &format!("place {}", file.path().display()));
        assert_eq!(code(&output), 1);
        stderr(&output)
    };
    assert_snapshot!(refused("é".repeat(600_000).as_bytes()), @"error: The body is larger than 1 MiB. (body_too_large)");
    assert_snapshot!(refused(b"\xff"), @"error: The body is not valid JSON: expected value at line 1 column 1. (malformed_json)");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_exit_status_tells_how_an_order_ended() {
    let address = start_orchestrator().await;
    let placed: Value = serde_json::from_str(&stdout(&order(address, "place --json"))).unwrap();
    let id = placed["orderId"].as_str().unwrap();
    assert_eq!(code(&order(address, &format!("reject {id} --by me --reason no"))), 0);
    assert_eq!(code(&order(address, &format!("watch {id}"))), 1);
    let refused = order(address, &format!("approve {id}"));
    assert_eq!(code(&refused), 1);
    let sentence = stderr(&refused);
    assert_eq!(sentence, "error: The order was already rejected. (already_rejected)\n");
    let refused = order(address, &format!("approve {id} --json"));
    let problem: Value = serde_json::from_str(&stdout(&refused)).unwrap();
    assert_eq!(problem["error"], "already_rejected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backends_are_not_taken_for_an_orchestrator() {
    let settings = bundled::Settings::from_environment(&Environment::default(), 1).unwrap();
    let backends = Router::from(bundled::routes(&settings, &bundled::Domain::ALL, Clock::system()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let backends = with_common(backends, Correlation::seeded(8));
    tokio::spawn(serve(listener, backends, Limits::default(), std::future::pending()));
    let output = order(address, "status ORD-1");
    assert_eq!(code(&output), 2);
    let sentence = stderr(&output);
    let reason =
        "does not answer like an orchestrator (There is no GET /workflows/ORD-1/status; see /api/docs.)";
    assert!(sentence.contains(reason), "{sentence}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_not_healthy_yet_is_waited_for() {
    let unhealthy_answers = Arc::new(AtomicU32::new(5));
    let health = async move || match unhealthy_answers.fetch_sub(1, Ordering::Relaxed) {
        1.. => StatusCode::SERVICE_UNAVAILABLE,
        0 => StatusCode::OK,
    };
    let routes = Router::new().route("/health", get(health));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = with_common(routes, Correlation::seeded(9));
    tokio::spawn(serve(listener, routes, Limits::default(), std::future::pending()));
    let health = |line: &str| {
        let mut command = command(&format!("health {line}"));
        command.env("HEALTH_URL", format!("http://{address}"));
        code(&tokio::task::block_in_place(|| command.output().unwrap()))
    };
    assert_eq!(health(""), 1, "nobody asked to wait");
    assert_eq!(health("--wait 1ms"), 1, "the time is over");
    assert_eq!(health("--wait 1h"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_orchestrator_that_is_not_there_is_said_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    for line in ["watch X", "place", "list --json"] {
        assert_eq!(code(&order(address, line)), 2, "{line}");
    }
    let sentence = stderr(&order(address, "status X"));
    assert!(
        sentence.ends_with("is `fake-stripe-chaos serve` running, and --url (ORCHESTRATOR_URL) right?\n"),
        "{sentence}"
    );
    assert_eq!(code(&order(address, "place no-such-file.json")), 2);
}

#[cfg(unix)]
#[test]
fn a_name_of_the_program_that_is_not_unicode_does_no_harm() {
    use std::ffi::OsStr;
    use std::os::unix::{ffi::OsStrExt, process::CommandExt};

    let mut command = command("orchestrator --ephemeral --orchestrator-port 0");
    let mut child = command.arg0(OsStr::from_bytes(b"\xff")).stdout(Stdio::piped()).spawn().unwrap();
    let mut banner = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(banner.any(|line| line.contains(" order watch ORD-")), "what to do next is missing");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn whoever_has_read_enough_is_not_told_of_an_error() {
    let simulations = ["simulate --script payment.capture#1=reset", "simulate --seeds 1"];
    for line in ["config", "config --json", "openapi", "openapi orchestrator"].into_iter().chain(simulations)
    {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = command(line).stdout(writer).output().unwrap();
        assert_eq!((code(&output), stderr(&output).as_str()), (0, ""), "{line}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn logs_that_cannot_be_written_stop_nothing() {
    let full = || File::options().write(true).open("/dev/full").unwrap();
    // Every draw is logged.
    let mut backends = command("backends --port 0");
    backends.env("RUST_LOG", "debug").env("CHAOS_FAILURE_RATE", "0").stderr(full());
    let mut backends = backends.stdout(Stdio::piped()).spawn().unwrap();
    let mut banner = BufReader::new(backends.stdout.take().unwrap()).lines().map(Result::unwrap);
    let url =
        banner.find_map(|line| Some(line.split_once("http://")?.1.split_once(',')?.0.to_owned())).unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut answers = Vec::new();
    for _ in 0..2 {
        let authorize = client.post(format!("http://{url}/payment/authorize"));
        let answer = authorize.body(r#"{"amount":1,"currency":"usd"}"#).send().await;
        answers.push(answer.map(|answer| answer.status()));
    }
    backends.kill().unwrap();
    backends.wait().unwrap();
    assert!(matches!(answers[..], [Ok(StatusCode::CREATED), Ok(StatusCode::CREATED)]), "{answers:?}");
    let refused = command("backends").env("LEDGER_CAPACITY", "none").stderr(full()).output().unwrap();
    assert_eq!(code(&refused), 2);
}

/// What a command says that cannot be followed, in its first line.
fn refused(line: &str, variables: &[(&str, &str)]) -> String {
    let refused = command(line).envs(variables.iter().copied()).output().unwrap();
    assert_eq!(code(&refused), 2, "{line}");
    stderr(&refused).lines().next().unwrap().to_owned()
}

#[test]
fn what_came_from_a_variable_is_named_after_it() {
    assert_snapshot!(refused("backends", &[("PORT", "often")]), @"error: invalid value 'often' for 'PORT (--port <PORT>)': `often` is not a whole number from 0 to 65535");
    assert_snapshot!(refused("", &[("ORCHESTRATOR_PORT", "often")]), @"error: invalid value 'often' for 'ORCHESTRATOR_PORT (--orchestrator-port <ORCHESTRATOR_PORT>)': `often` is not a whole number from 0 to 65535");
    assert_snapshot!(refused("backends --port never", &[("PORT", "often")]), @"error: invalid value 'never' for '--port <PORT>': `never` is not a whole number from 0 to 65535");
    assert_snapshot!(refused("backends --port=never", &[("PORT", "often")]), @"error: invalid value 'never' for '--port <PORT>': `never` is not a whole number from 0 to 65535");
    assert_snapshot!(refused("orchestrator", &[("ENGINE", "steam")]), @"error: invalid value 'steam' for 'ENGINE (--engine <ENGINE>)'");
    assert_snapshot!(refused("run --backends http://a", &[("RUN_PORT", "1")]), @"error: the argument '--backends <URL>' cannot be used with 'RUN_PORT (--port <PORT>)'");
    assert_snapshot!(refused("run", &[("RUN_APPROVE", "1"), ("RUN_CANCEL", "1")]), @"error: --approve (RUN_APPROVE), --reject (RUN_REJECT), --cancel (RUN_CANCEL): the shares of approved, rejected and cancelled orders must be from 0 to 1 and sum to at most 1");
    assert_snapshot!(refused("orchestrator", &[("BACKENDS_URL", "nowhere")]), @"error: invalid value 'nowhere' for 'BACKENDS_URL (--backends-url <BACKENDS_URL>)': not a URL such as http://localhost:3001: relative URL without a base");
    assert_snapshot!(refused("orchestrator --backends-url localhost:3001", &[]), @"error: invalid value 'localhost:3001' for '--backends-url <BACKENDS_URL>': not a URL such as http://localhost:3001: only http:// URLs are supported");
    assert_snapshot!(refused("audit", &[("BACKENDS_URL", "https://shop")]), @"error: invalid value 'https://shop' for 'BACKENDS_URL (--url <URL>)': not a URL such as http://localhost:3001: only http:// URLs are supported");
    assert_snapshot!(refused("order status X", &[("ORCHESTRATOR_URL", "shop")]), @"error: invalid value 'shop' for 'ORCHESTRATOR_URL (--url <URL>)': not a URL such as http://localhost:3001: relative URL without a base");
    assert_snapshot!(refused("order status X --url shop", &[("ORCHESTRATOR_URL", "http://shop")]), @"error: invalid value 'shop' for '--url <URL>': not a URL such as http://localhost:3001: relative URL without a base");
    assert_snapshot!(refused("run", &[("RUN_TARGET", "http://")]), @"error: invalid value 'http://' for 'RUN_TARGET (--target <URL>)': not a URL such as http://localhost:3001: empty host");
    assert_snapshot!(refused("run", &[("RUN_BACKENDS", "shop")]), @"error: invalid value 'shop' for 'RUN_BACKENDS (--backends <URL>)': not a URL such as http://localhost:3001: relative URL without a base");
    assert_snapshot!(refused("health --url shop", &[]), @"error: invalid value 'shop' for '--url <URL>': not a URL such as http://localhost:3001: relative URL without a base");
    assert_snapshot!(refused("health", &[("HEALTH_URL", "shop")]), @"error: invalid value 'shop' for 'HEALTH_URL (--url <URL>)': not a URL such as http://localhost:3001: relative URL without a base");
    assert_snapshot!(refused("health", &[("HEALTH_WAIT", "long")]), @"error: invalid value 'long' for 'HEALTH_WAIT (--wait <TIME>)': `long` is not a duration such as 500ms, 10s, 2m, 12h or 7d (at most 3650d)");
    assert_snapshot!(refused("run", &[("CHAOS_SEED", "x")]), @"error: invalid value 'x' for 'CHAOS_SEED (--seed <SEED>)': `x` is not a whole number from 0 to 18446744073709551615");
    assert_snapshot!(refused("run", &[("TIME_SCALE", "x")]), @"error: invalid value 'x' for 'TIME_SCALE (--time-scale <TIME_SCALE>)': `x` is not a number from 0.000001 to 1000, such as 0.01");
    assert_snapshot!(refused("audit", &[("AUDIT_EVERY", "1ms")]), @"error: invalid value '1ms' for 'AUDIT_EVERY (--every <TIME>)': must be at least 100ms");
    assert_snapshot!(refused("simulate", &[("SIMULATE_CANCEL", "2")]), @"error: invalid value '2' for 'SIMULATE_CANCEL (--cancel <SHARE>)': `2` is not a share such as 5% or 0.05");
    assert_snapshot!(refused("simulate", &[("SIMULATE_APPROVE", "1"), ("SIMULATE_CANCEL", "1"), ("RUN_APPROVE", "0")]), @"error: --approve (SIMULATE_APPROVE), --reject (SIMULATE_REJECT), --cancel (SIMULATE_CANCEL): the shares of approved, rejected and cancelled orders must be from 0 to 1 and sum to at most 1");
    assert_snapshot!(refused("order watch X", &[("ORDER_WATCH_INTERVAL", "often")]), @"error: invalid value 'often' for 'ORDER_WATCH_INTERVAL (--interval <INTERVAL>)': `often` is not a duration such as 500ms, 10s, 2m, 12h or 7d (at most 3650d)");
    assert_snapshot!(refused("order list", &[("ORDER_JSON", "perhaps")]), @"error: invalid value 'perhaps' for 'ORDER_JSON (--json)': value was not a boolean");
    assert_snapshot!(refused("run", &[("RUN_RESTARTS", "restarts.txt")]), @"error: --restarts (RUN_RESTARTS) needs a --target (RUN_TARGET): the bundled orchestrator is never restarted");
}

#[test]
fn an_empty_variable_is_as_good_as_none() {
    let names = "HOST PORT ONLY ORCHESTRATOR_PORT ENGINE DATA_DIR EPHEMERAL BACKENDS_URL CHAOS_TYPO \
        CHAOS_SEED TIME_SCALE APPROVAL_TIMEOUT RUST_LOG LOG_FORMAT";
    let empty: Vec<_> = names.split_whitespace().map(|name| (name, "")).collect();
    let and = |variable| [&empty[..], &[variable]].concat();
    assert_snapshot!(refused("backends", &and(("LEDGER_CAPACITY", "none"))), @"error: LEDGER_CAPACITY: `none` is not a whole number from 1");
    assert_snapshot!(refused("orchestrator", &and(("RETENTION", "none"))), @"error: RETENTION: `none` is not a duration such as 500ms, 10s, 2m, 12h or 7d (at most 3650d)");
    let names = "ORDERS CONCURRENCY APPROVE REJECT CANCEL TARGET BACKENDS PORT HOST RESET ORDER_TIMEOUT FAIL_ON STRICT \
        ALLOW RESTARTS REPORT JUNIT LEDGER_DIR FORMAT";
    let run = names.split_whitespace().map(|name| (format!("RUN_{name}"), ""));
    let output = command("run --orders 1").envs(empty).envs(run).output().unwrap();
    assert_eq!(code(&output), 0, "{output:?}");
}

#[test]
fn a_flag_is_given_by_a_variable_that_says_yes() {
    let exhaustive = |word: &str| {
        let line = "simulate --seeds 1..1 --orders-per-world 1";
        command(line).env("SIMULATE_EXHAUSTIVE", word).output().unwrap()
    };
    for word in ["false", "No", "0", ""] {
        assert_eq!(code(&exhaustive(word)), 0, "{word}");
    }
    for word in ["true", "Yes", "1"] {
        let both = stderr(&exhaustive(word)).lines().next().unwrap().to_owned();
        assert_eq!(
            both,
            "error: the argument '--seeds <FIRST..LAST>' cannot be used with 'SIMULATE_EXHAUSTIVE (--exhaustive)'"
        );
    }
    let json = command("config").env("CONFIG_JSON", "yes").output().unwrap();
    assert!(json.stdout.starts_with(b"{"), "{json:?}");
}

#[test]
fn a_mistyped_variable_of_the_backends_stops_the_orchestrator_too() {
    let refused = |variable| refused("orchestrator --ephemeral", &[("RETENTION", "none"), (variable, "0.5")]);
    let wrong = refused("CHAOS_FAILURE_RAT");
    assert!(
        wrong.starts_with(
            "error: CHAOS_FAILURE_RAT: is not a variable of this program; did you mean CHAOS_FAILURE_RATE?"
        ),
        "{wrong}"
    );
    let right = refused("CHAOS_PAYMENT_AUTHORIZE_FAILURE_RATE");
    assert!(right.starts_with("error: RETENTION: "), "{right}");
}

#[cfg(not(feature = "temporal"))]
#[test]
fn an_engine_that_is_not_in_the_program_is_said_so_with_how_to_build_it() {
    let mut command = command("orchestrator");
    let refused = command.env("ENGINE", "temporal").env("ORCHESTRATOR_PORT", "0").output().unwrap();
    assert_eq!(code(&refused), 2);
    let sentence = stderr(&refused);
    assert!(
        sentence.ends_with(
            "error: ENGINE: this program was built without `temporal`; build it with `cargo build --release --features temporal`\n"
        ),
        "{sentence}"
    );
}

#[test]
fn a_chaos_variable_that_is_not_unicode_is_refused() {
    let output = command("config").env("CHAOS_FAILURE_RATE", OsStr::from_bytes(b"0\xff")).output().unwrap();
    assert_eq!(code(&output), 2);
    assert_snapshot!(stderr(&output), @"error: CHAOS_FAILURE_RATE: `0�` is not a rate such as 20% or 0.2");
}
