//! What chaos does to real connections, and how the server stops.

use std::error::Error as _;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::response::IntoResponse;
use axum::routing::get;
use futures_util::stream;
use http_body_util::BodyExt;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use shared::http::{Correlation, Limits, Severed, SeversAtEnd, serve, with_common};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::toy::{Toys, make_for};

pub(crate) const REQUEST: &str = "POST /toy/make HTTP/1.1\r\nhost: toys\r\ncontent-length: 34\r\n\r\n{\"colour\":\"red\",\"orderId\":\"ORD-1\"}";

async fn start(toys: &Toys) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let router = toys.router();
    let server = tokio::spawn(serve(listener, router, Limits::default(), async {
        let _ = stopped.await;
    }));
    (address, stop, server)
}

pub(crate) async fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(REQUEST.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn reset_sends_rst_and_empty_closes_in_good_order() {
    for outcome in ["reset", "lost_response"] {
        let toys = Toys::meeting(&format!("{outcome}=100%"));
        let (address, _stop, _server) = start(&toys).await;
        assert_eq!(ask(address).await.unwrap_err().kind(), ErrorKind::ConnectionReset, "{outcome}");
        assert_eq!(toys.made(), u32::from(outcome == "lost_response"));
    }
    let toys = Toys::meeting("empty=100%");
    let (address, _stop, _server) = start(&toys).await;
    assert_eq!(ask(address).await.unwrap(), "");
}

#[tokio::test]
async fn over_http2_a_reset_ends_its_own_request_alone() {
    for outcome in ["reset", "lost_response", "empty"] {
        let script = format!("ORD-1:toy.make#1={outcome}; ORD-2:toy.make#1=slow@50ms");
        let toys = Toys::with(10, &[("CHAOS_SCRIPT", &script)]);
        let (address, _stop, _server) = start(&toys).await;
        let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
        let (mut client, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
        tokio::spawn(connection);
        let late = client.send_request(make_for("ORD-2"));
        let cut = client.send_request(make_for("ORD-1"));
        let (late, cut) = tokio::join!(late, cut);
        let error = cut.unwrap_err();
        let reason = error.source().map(ToString::to_string).unwrap_or_default();
        assert!(reason.contains("stream error"), "{outcome}: {error:?}");
        assert_eq!(late.unwrap().status(), 201, "{outcome}");
        assert_eq!(toys.made(), 1 + u32::from(outcome == "lost_response"), "{outcome}");
    }
}

#[tokio::test]
async fn over_http2_what_was_sent_before_a_reset_arrives() {
    let pieces = || stream::iter([Ok("first, "), Ok("last"), Err("cut")]);
    let route = get(async move || {
        let mut answer = Body::from_stream(pieces()).into_response();
        answer.extensions_mut().insert(SeversAtEnd(Severed::Reset));
        answer
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = with_common(Router::new().route("/", route), Correlation::seeded(1));
    tokio::spawn(serve(listener, routes, Limits::default(), std::future::pending()));
    let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (mut client, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get("http://toys/").body(Body::empty()).unwrap();
    let mut body = client.send_request(request).await.unwrap().into_body();
    let mut arrived = Vec::new();
    let error = loop {
        match body.frame().await.unwrap() {
            Ok(frame) => arrived.extend(frame.into_data().unwrap()),
            Err(error) => break error,
        }
    };
    assert_eq!(String::from_utf8(arrived).unwrap(), "first, last");
    assert!(format!("{error:?}").contains("Reset"), "{error:?}");
}

/// A request whose head comes first, and its body when the answer may already have been sent.
async fn send_late(stream: &mut TcpStream, head: &str, body: &str) {
    let length = body.len();
    stream
        .write_all(format!("{head}\r\nhost: toys\r\ncontent-length: {length}\r\n\r\n").as_bytes())
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    stream.write_all(body.as_bytes()).await.unwrap();
}

#[tokio::test]
async fn a_body_that_means_nothing_costs_nobody_the_connection() {
    let toys = Toys::meeting("success=100%");
    let (address, _stop, _server) = start(&toys).await;
    for head in ["POST /toy/stats/reset HTTP/1.1", "POST /nowhere HTTP/1.1", "DELETE /toy/make HTTP/1.1"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        send_late(&mut stream, head, "{}").await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        let next = REQUEST.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n");
        stream.write_all(next.as_bytes()).await.unwrap();
        let mut answers = String::new();
        stream.read_to_string(&mut answers).await.unwrap();
        assert_eq!(answers.matches("HTTP/1.1 ").count(), 2, "{head}: {answers}");
        assert!(answers.contains("HTTP/1.1 201 Created"), "{head}: {answers}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_taken_in_before_it_is_refused() {
    let toys = Toys::meeting("success=100%");
    let (address, _stop, _server) = start(&toys).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    // More than the buffers of both sides hold.
    send_late(&mut stream, "POST /toy/make HTTP/1.1", &"x".repeat(20 * 1024 * 1024)).await;
    stream.write_all(b"GET /toy/stats HTTP/1.1\r\nhost: toys\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).await.unwrap();
    assert!(answers.starts_with("HTTP/1.1 413 ") && answers.contains("HTTP/1.1 200 OK"), "{answers}");
}

#[tokio::test]
async fn a_client_that_asks_first_need_not_send_what_is_too_large() {
    let toys = Toys::meeting("success=100%");
    let (address, _stop, _server) = start(&toys).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head =
        "POST /toy/make HTTP/1.1\r\nhost: toys\r\nexpect: 100-continue\r\ncontent-length: 3000000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn a_success_comes_over_the_wire() {
    let toys = Toys::meeting("success=100%");
    let (address, _stop, _server) = start(&toys).await;
    let answer = ask(address).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 Created"), "{answer}");
}

#[tokio::test]
async fn a_connection_that_closes_ends_its_request() {
    let toys = Toys::meeting("timeout=100%@1h");
    let (address, stop, server) = start(&toys).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(REQUEST.as_bytes()).await.unwrap();
    while toys.chaos().stats("toy")[0].draws == 0 {
        tokio::task::yield_now().await;
    }
    drop(stream);
    // The server stops although the fault would last an hour: the request left with its client.
    stop.send(()).unwrap();
    server.await.unwrap();
    assert_eq!(toys.made(), 0);
}

#[tokio::test]
async fn requests_in_flight_finish_when_the_server_stops() {
    let toys = Toys::meeting("slow=100%@50ms");
    let (address, stop, server) = start(&toys).await;
    let asking = tokio::spawn(ask(address));
    while toys.made() == 0 {
        tokio::task::yield_now().await;
    }
    stop.send(()).unwrap();
    assert!(asking.await.unwrap().unwrap().starts_with("HTTP/1.1 201"));
    server.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn requests_are_dropped_when_the_grace_is_over() {
    let limits = Limits { grace: Duration::from_secs(10), ..Limits::default() };
    let toys = Toys::meeting("hang=100%");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(REQUEST.as_bytes()).await.unwrap();
    let other = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (mut client, connection) = http2::handshake(TokioExecutor::new(), other).await.unwrap();
    tokio::spawn(connection);
    tokio::spawn(client.send_request(make_for("ORD-2")));
    let hanging = toys.clone();
    let drawn = async move {
        while hanging.chaos().stats("toy")[0].draws < 2 {
            tokio::task::yield_now().await;
        }
    };
    let before = tokio::time::Instant::now();
    serve(listener, toys.router(), limits, drawn).await;
    assert_eq!(before.elapsed(), limits.grace);
    // The tasks of an HTTP/2 connection's requests end themselves.
    tokio::task::yield_now().await;
    assert_eq!(toys.ledger().matches("\"abandoned\":true").count(), 2, "{}", toys.ledger());
}

#[tokio::test]
async fn what_a_body_sent_before_it_was_cut_arrives() {
    let broken = || async {
        let parts = [Ok("first, "), Ok("second"), Err(shared::http::Severed::Reset)];
        let body = axum::body::Body::from_stream(futures_util::stream::iter(parts));
        let mut response = axum::response::Response::new(body);
        response.extensions_mut().insert(shared::http::SeversAtEnd(shared::http::Severed::Reset));
        response
    };
    let router = axum::Router::new().route("/toy/make", axum::routing::post(broken));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, router, Limits::default(), std::future::pending()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(REQUEST.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    assert_eq!(stream.read_to_end(&mut answer).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.contains("first, ") && answer.contains("second"), "{answer}");
}
