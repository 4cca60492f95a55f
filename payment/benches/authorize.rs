//! What chaos, idempotency keys, correlation and statistics cost: `POST /payment/authorize` beside a
//! bare axum handler that reads and writes the same JSON.
//!
//! Each server has one thread of its own and serves the same keep-alive connections over loopback;
//! the rounds alternate, so that whatever else the machine does hits both. The rates are requests a
//! second of the server's own processor time, so that it does not matter how much of a processor it
//! gets. The first rounds fill ledger and keys and are not counted: a server that runs for long
//! forgets as much as it learns.
//!
//! `cargo bench -p payment --bench authorize`
//!
//! `... -- bare 20000` and `... -- chaos 20000` answer so many requests on one thread and print
//! nothing, for tools that count instructions, such as `valgrind --tool=callgrind`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use shared::chaos::{Chaos, DrawKey, Plan};
use shared::environment::Environment;
use shared::http::{Correlation, Limits, serve, with_common};
use shared::ledger::Ledger;
use shared::time::Clock;
use shared::way::Way;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

const CONNECTIONS: usize = 32;
/// Enough for every order of the run: a live hold is never forgotten.
const HOLDS: usize = 10_000_000;
/// Answers and records that are remembered; each order leaves one answer and two records.
const REMEMBERED: usize = 100_000;
const WARM_UP: usize = 2;
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_secs(2);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    amount: f64,
    currency: String,
    order_id: String,
    customer_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    success: bool,
    auth_id: &'static str,
    amount: f64,
    currency: String,
    status: &'static str,
    created_at: &'static str,
    expires_at: &'static str,
    order_id: String,
    customer_id: String,
}

async fn bare(Json(request): Json<Request>) -> (StatusCode, Json<Response>) {
    let response = Response {
        success: true,
        auth_id: "auth_0123456789abcdef",
        amount: request.amount,
        currency: request.currency,
        status: "authorized",
        created_at: "2026-01-28T10:00:00Z",
        expires_at: "2026-02-04T10:00:00Z",
        order_id: request.order_id,
        customer_id: request.customer_id,
    };
    (StatusCode::CREATED, Json(response))
}

fn chaotic(clock: Clock) -> Router {
    let environment = Environment::from_iter([("CHAOS_SEED", "7"), ("CHAOS_FAILURE_RATE", "0")]);
    let plan = Plan::from_environment(&environment, payment::OPERATIONS, 7).expect("the plan is right");
    let ledger = Ledger::bounded_to(2 * REMEMBERED);
    let way = Way::new(Arc::new(Chaos::new(plan)), clock, REMEMBERED).with_ledger(ledger);
    let (routes, _) =
        payment::router(way, payment::Settings { capacity: HOLDS, ..payment::Settings::default() })
            .split_for_parts();
    with_common(routes, Correlation::seeded(7))
}

async fn run(ours: bool, listener: TcpListener) {
    if ours {
        serve(listener, chaotic(Clock::system()), Limits::default(), std::future::pending()).await;
    } else {
        let router = Router::new().route("/payment/authorize", post(bare));
        axum::serve(listener, router).await.expect("the server runs");
    }
}

/// A server on a thread of its own.
struct Server {
    address: SocketAddr,
    /// Where the kernel tells how many nanoseconds the thread has run.
    schedstat: PathBuf,
}

impl Server {
    /// With everything if it is `ours`, otherwise the bare handler as axum serves it.
    fn start(ours: bool) -> Self {
        let (sender, receiver) = std::sync::mpsc::channel();
        let thread = move || {
            let task = std::fs::read_link("/proc/thread-self").expect("Linux");
            let runtime = runtime();
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
                let address = listener.local_addr().expect("an address");
                let schedstat = Path::new("/proc").join(task).join("schedstat");
                sender.send(Self { address, schedstat }).expect("the main thread waits");
                run(ours, listener).await;
            });
        };
        std::thread::Builder::new().name(format!("server-{ours}")).spawn(thread).expect("a thread");
        receiver.recv().expect("the server started")
    }

    /// The processor time that it took so far, in seconds.
    fn processor_time(&self) -> f64 {
        let schedstat = std::fs::read_to_string(&self.schedstat).expect("the thread runs");
        let nanoseconds: f64 = schedstat.split(' ').next().and_then(|n| n.parse().ok()).expect("a number");
        nanoseconds / 1e9
    }

    /// Requests a second of processor time, in one round.
    async fn round(&self, orders: &Arc<AtomicU64>) -> f64 {
        let before = self.processor_time();
        let end = Instant::now() + ROUND;
        let answered = load(self.address, orders, move |_| Instant::now() < end).await;
        answered as f64 / (self.processor_time() - before)
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Answers `requests` requests on this thread alone.
async fn answer(ours: bool, requests: u64) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(run(ours, listener));
    load(address, &Arc::default(), move |order| order < requests).await;
}

/// Asks over all connections as long as `goes_on` with the number of the order; how many were answered.
async fn load(
    address: SocketAddr,
    orders: &Arc<AtomicU64>,
    goes_on: impl Fn(u64) -> bool + Copy + Send + 'static,
) -> u64 {
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let orders = Arc::clone(orders);
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await.expect("the server listens");
                stream.set_nodelay(true).expect("a socket option");
                let mut buffer = [0; 4096];
                let mut answered = 0u64;
                loop {
                    let order = orders.fetch_add(1, Relaxed);
                    if !goes_on(order) { break; }
                    let body = format!(
                        r#"{{"amount":109.97,"currency":"usd","orderId":"ORD-{order:09}","customerId":"CUST-456"}}"#
                    );
                    let request = format!(
                        "POST /payment/authorize HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\nidempotency-key: key-{order:09}\r\ncontent-length: {}\r\n\r\n{body}",
                        body.len()
                    );
                    stream.write_all(request.as_bytes()).await.expect("the server reads");
                    // Both answers fit one read; the body ends with the closing brace.
                    let mut read = 0;
                    while read == 0 || buffer[read - 1] != b'}' {
                        read += stream.read(&mut buffer[read..]).await.expect("the server answers");
                    }
                    assert!(buffer.starts_with(b"HTTP/1.1 201"), "{}", String::from_utf8_lossy(&buffer[..read]));
                    answered += 1;
                }
                answered
            })
        })
        .collect();
    let mut answered = 0;
    for client in clients {
        answered += client.await.expect("a client");
    }
    answered
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Nanoseconds a draw, for keys that are new and keys that are known.
fn draw() -> f64 {
    const DRAWS: u32 = 400_000;
    let plan =
        Plan::from_environment(&Environment::default(), payment::OPERATIONS, 7).expect("the plan is right");
    let chaos = Chaos::new(plan);
    let orders: Vec<_> = (0..DRAWS / 4).map(|order| format!("ORD-{order}")).collect();
    let began = Instant::now();
    for _ in 0..4 {
        for order in &orders {
            std::hint::black_box(chaos.draw(payment::OPERATIONS[0], DrawKey::Order(order)));
        }
    }
    began.elapsed().as_nanos() as f64 / f64::from(DRAWS)
}

#[expect(clippy::print_stdout, reason = "a bench prints its figures")]
fn main() {
    let runtime = runtime();
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [server, requests] = &arguments[..] {
        let requests = requests.parse().expect("a number of requests");
        return runtime.block_on(answer(server == "chaos", requests));
    }
    let (bare, ours) = (Server::start(false), Server::start(true));
    let orders = Arc::new(AtomicU64::new(0));
    let (mut bare_rates, mut our_rates, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..WARM_UP + ROUNDS {
        let first = runtime.block_on(bare.round(&orders));
        let second = runtime.block_on(ours.round(&orders));
        let ratio = second / first;
        println!("round {number}: bare {first:>7.0}/s, with chaos {second:>7.0}/s, ratio {ratio:.3}");
        if number >= WARM_UP {
            bare_rates.push(first);
            our_rates.push(second);
            ratios.push(ratio);
        }
    }
    println!(
        "median:  bare {:>7.0}/s, with chaos {:>7.0}/s, ratio {:.3}",
        median(bare_rates),
        median(our_rates),
        median(ratios)
    );
    println!("a draw costs {:.0} ns", draw());
}
