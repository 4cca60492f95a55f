//! How long a server waits for its clients.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use shared::http::{Correlation, Limits, serve, with_common};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::yield_now;
use tokio::time::{Instant, advance};

use crate::sockets::{REQUEST, ask};
use crate::toy::Toys;

async fn serving_toys(limits: Limits) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let toys = Toys::meeting("success=100%");
    tokio::spawn(serve(listener, toys.router(), limits, std::future::pending()));
    address
}

/// Lets the server see every tenth of a second of `time`.
async fn pass(time: Duration) {
    let step = Duration::from_millis(100);
    for _ in 0..time.as_millis() / step.as_millis() {
        advance(step).await;
    }
}

#[tokio::test(start_paused = true)]
async fn each_head_has_the_whole_limit_and_no_more() {
    // While a task is busy, time passes only when the test says so, whatever the sockets do.
    let busy = tokio::spawn(async {
        loop {
            yield_now().await;
        }
    });
    let [limit, part] = [Duration::from_secs(10), Duration::from_millis(9900)];
    let (head, rest) = REQUEST.split_at(20);
    for begins in [None, Some(Duration::ZERO), Some(part)] {
        let limits = Limits { head: limit, ..Limits::default() };
        let mut stream = TcpStream::connect(serving_toys(limits).await).await.unwrap();
        let mut answer = vec![0; 4096];
        for (head, rest) in [("", REQUEST), (head, rest), (head, rest), (head, rest)] {
            stream.write_all(head.as_bytes()).await.unwrap();
            pass(if head.is_empty() { Duration::ZERO } else { part }).await;
            stream.write_all(rest.as_bytes()).await.unwrap();
            let read = stream.read(&mut answer).await.unwrap();
            assert!(answer[..read].starts_with(b"HTTP/1.1 201"));
        }
        if let Some(begins) = begins {
            pass(begins).await;
            stream.write_all(head.as_bytes()).await.unwrap();
        }
        pass(limit - begins.unwrap_or_default()).await;
        let mut is_open = true;
        for _ in 0..1000 {
            yield_now().await;
            is_open &= stream.try_read(&mut answer).is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
        }
        assert!(!is_open, "{begins:?}");
    }
    busy.abort();
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_go_on_makes_room_for_another() {
    let limits = Limits { connections: 1, head: Duration::from_secs(10), ..Limits::default() };
    // (what the client begins with, after how many seconds it is not waited for any longer)
    let cases = [
        ("", 10),
        ("PRI * HTTP/2.0\r\n", 10),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 20),
        ("P", 10),
        ("POST /toy/make HTTP/1.1\r\n", 10),
    ];
    for (opening, seconds) in cases {
        let address = serving_toys(limits).await;
        let mut first = TcpStream::connect(address).await.unwrap();
        first.write_all(opening.as_bytes()).await.unwrap();
        let before = Instant::now();
        let answer = tokio::time::timeout(Duration::from_secs(3600), ask(address)).await;
        let answer = answer.unwrap_or_else(|_| panic!("{opening:?} is waited for")).unwrap();
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
        assert_eq!(before.elapsed().as_secs(), seconds, "{opening:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_accepts_nothing_makes_room_for_another() {
    let limits = Limits { connections: 1, stall: Duration::from_secs(30), ..Limits::default() };
    let large = || async { "x".repeat(1 << 20) };
    let routes = with_common(Router::new().route("/large", get(large)), Correlation::seeded(1));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, routes, limits, std::future::pending()));
    let before = Instant::now();
    let mut first = TcpStream::connect(address).await.unwrap();
    // More than the system keeps for a client that does not read.
    first.write_all("GET /large HTTP/1.1\r\nhost: toys\r\n\r\n".repeat(64).as_bytes()).await.unwrap();
    let mut second = TcpStream::connect(address).await.unwrap();
    second.write_all(b"GET /large HTTP/1.1\r\nhost: toys\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(3600), second.read_to_end(&mut answer)).await;
    read.expect("the first one is waited for").unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200 OK"), "{} bytes", answer.len());
    assert!(before.elapsed() >= limits.stall, "{:?}", before.elapsed());
}
