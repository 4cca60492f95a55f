//! What chaos, idempotency keys, correlation and statistics cost: `POST /payment/authorize` beside a
//! bare axum handler that reads and writes the same JSON.
//!
//! Each server has one thread of its own and serves the same keep-alive connections over loopback;
//! the rounds alternate, so that whatever else the machine does hits both. Prints the ratio.
//!
//! `cargo bench -p payment --bench authorize`

use std::net::SocketAddr;
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
use shared::time::Clock;
use shared::way::Way;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

const CONNECTIONS: usize = 32;
/// Enough for every order of the run: a live hold is never forgotten.
const CAPACITY: usize = 4_000_000;
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
    let way = Way::new(Arc::new(Chaos::new(plan)), clock, CAPACITY);
    let (routes, _) =
        payment::router(way, payment::Settings { capacity: CAPACITY, ..payment::Settings::default() })
            .split_for_parts();
    with_common(routes, Correlation::seeded(7))
}

/// Serves on a thread of its own; `ours` with everything, otherwise the bare handler as axum serves it.
fn start(ours: bool) -> SocketAddr {
    let (sender, receiver) = std::sync::mpsc::channel();
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            sender.send(listener.local_addr().expect("an address")).expect("the main thread waits");
            if ours {
                serve(listener, chaotic(Clock::system()), Limits::default(), std::future::pending()).await;
            } else {
                let router = Router::new().route("/payment/authorize", post(bare));
                axum::serve(listener, router).await.expect("the server runs");
            }
        });
    };
    std::thread::Builder::new().name(format!("server-{ours}")).spawn(run).expect("a thread");
    receiver.recv().expect("the server started")
}

/// Requests a second over all connections, for one round.
async fn load(address: SocketAddr, orders: &Arc<AtomicU64>) -> f64 {
    let began = Instant::now();
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let orders = Arc::clone(orders);
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await.expect("the server listens");
                stream.set_nodelay(true).expect("a socket option");
                let mut buffer = [0; 4096];
                let mut answered = 0u64;
                while began.elapsed() < ROUND {
                    let order = orders.fetch_add(1, Relaxed);
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
    answered as f64 / began.elapsed().as_secs_f64()
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
    let (bare, ours) = (start(false), start(true));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let orders = Arc::new(AtomicU64::new(0));
    let (mut bare_rates, mut our_rates, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let first = runtime.block_on(load(bare, &orders));
        let second = runtime.block_on(load(ours, &orders));
        println!(
            "round {round}: bare {first:>7.0}/s, with chaos {second:>7.0}/s, ratio {:.3}",
            second / first
        );
        bare_rates.push(first);
        our_rates.push(second);
        ratios.push(second / first);
    }
    println!(
        "median:  bare {:>7.0}/s, with chaos {:>7.0}/s, ratio {:.3}",
        median(bare_rates),
        median(our_rates),
        median(ratios)
    );
    println!("a draw costs {:.0} ns", draw());
}
