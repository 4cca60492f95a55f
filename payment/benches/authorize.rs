//! What chaos, idempotency keys, correlation and statistics cost: `POST /payment/authorize` beside a
//! bare axum handler that reads and writes the same JSON.
//!
//! Each server has one thread of its own and serves keep-alive connections over loopback to a client
//! that keeps it busy; the rounds alternate, so that whatever else the machine does hits both. The
//! rates are requests a second of the server's own processor time, so that it does not matter how
//! much of a processor it gets. The first rounds fill ledger and keys and are not counted: a server that runs for long
//! forgets as much as it learns.
//!
//! `cargo bench -p payment --bench authorize`
//!
//! `... -- bare 20000` and `... -- chaos 20000` answer so many requests and print nothing, for tools
//! that count the instructions of each thread, such as `valgrind --tool=callgrind`.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use mimalloc::MiMalloc;
use serde::{Deserialize, Serialize};
use shared::chaos::{Chaos, DrawKey, Plan};
use shared::environment::Environment;
use shared::http::{Correlated, Correlation, Limits, serve, with_common};
use shared::ledger::Ledger;
use shared::pipeline::Pipeline;
use shared::time::Clock;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

/// As in the binary.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const CONNECTIONS: usize = 32;
/// Enough for every order of the run: a live hold is never forgotten.
const HOLDS: usize = 10_000_000;
/// Answers and records that are remembered; each order leaves one answer and two records.
const REMEMBERED: usize = 100_000;
const WARM_UP: usize = 20;
const ROUNDS: usize = 80;
const ROUND: Duration = Duration::from_millis(200);

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

fn chaotic(clock: Clock) -> Correlated {
    let environment = Environment::from_iter([("CHAOS_SEED", "7"), ("CHAOS_FAILURE_RATE", "0")]);
    let plan = Plan::from_environment(&environment, payment::OPERATIONS, 7).expect("the plan is right");
    let ledger = Ledger::bounded_to(2 * REMEMBERED);
    let pipeline = Pipeline::writing_into(ledger, Arc::new(Chaos::new(plan)), clock, REMEMBERED);
    let (routes, _) =
        payment::router(pipeline, payment::Settings { capacity: HOLDS, ..payment::Settings::default() })
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
    fn round(&self, client: &mut Client) -> f64 {
        let before = self.processor_time();
        let end = Instant::now() + ROUND;
        let answered = client.load(|_| Instant::now() < end);
        answered as f64 / (self.processor_time() - before)
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// A client that never sleeps: it asks on all its connections by turns, so that a server always has
/// the next requests waiting and pays for none of the wake-ups that an idle machine causes.
struct Client {
    connections: Vec<(TcpStream, Vec<u8>)>,
    /// How many orders were placed, by all clients together.
    orders: Arc<AtomicU64>,
}

impl Client {
    fn new(address: SocketAddr, orders: &Arc<AtomicU64>) -> Self {
        let connect = |_| {
            let stream = TcpStream::connect(address).expect("the server listens");
            stream.set_nodelay(true).expect("a socket option");
            stream.set_nonblocking(true).expect("a socket option");
            (stream, Vec::with_capacity(4096))
        };
        let mut client =
            Self { connections: (0..CONNECTIONS).map(connect).collect(), orders: Arc::clone(orders) };
        for (stream, _) in &mut client.connections {
            ask(stream, &client.orders);
        }
        client
    }

    /// Asks as long as `goes_on` with the number of answers; how many there were in the end.
    fn load(&mut self, goes_on: impl Fn(u64) -> bool) -> u64 {
        let mut answered = 0;
        while goes_on(answered) {
            for (stream, answer) in &mut self.connections {
                let mut buffer = [0; 4096];
                match stream.read(&mut buffer) {
                    Ok(read) => answer.extend_from_slice(&buffer[..read]),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                    Err(error) => panic!("the server answers: {error}"),
                }
                // The body is all that has braces.
                if answer.last() == Some(&b'}') {
                    assert!(answer.starts_with(b"HTTP/1.1 201"), "{}", String::from_utf8_lossy(answer));
                    answer.clear();
                    answered += 1;
                    ask(stream, &self.orders);
                }
            }
        }
        answered
    }
}

/// Sends the next order.
fn ask(stream: &mut TcpStream, orders: &AtomicU64) {
    let order = orders.fetch_add(1, Relaxed);
    let body =
        format!(r#"{{"amount":109.97,"currency":"usd","orderId":"ORD-{order:09}","customerId":"CUST-456"}}"#);
    let request = format!(
        "POST /payment/authorize HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\nidempotency-key: key-{order:09}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).expect("the server reads");
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
            std::hint::black_box(chaos.draw(payment::OPERATIONS[0], DrawKey::Order(order), Some(order)));
        }
    }
    began.elapsed().as_nanos() as f64 / f64::from(DRAWS)
}

#[expect(clippy::print_stdout, reason = "a bench prints its figures")]
fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let orders = Arc::new(AtomicU64::new(0));
    if let [server, requests] = &arguments[..] {
        let requests: u64 = requests.parse().expect("a number of requests");
        let server = Server::start(server == "chaos");
        Client::new(server.address, &orders).load(|answered| answered < requests);
        return;
    }
    let (bare, ours) = (Server::start(false), Server::start(true));
    let [mut of_bare, mut of_ours] = [&bare, &ours].map(|server| Client::new(server.address, &orders));
    let (mut bare_rates, mut our_rates, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..WARM_UP + ROUNDS {
        let first = bare.round(&mut of_bare);
        let second = ours.round(&mut of_ours);
        let ratio = second / first;
        if number >= WARM_UP {
            bare_rates.push(first);
            our_rates.push(second);
            ratios.push(ratio);
        }
    }
    println!(
        "bare {:.0} requests/s, with chaos {:.0}, ratio {:.3}; medians of {ROUNDS} rounds",
        median(bare_rates),
        median(our_rates),
        median(ratios)
    );
    println!("a draw costs {:.0} ns", draw());
}
