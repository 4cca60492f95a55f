//! The contract of a transport, held by both adapters.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Extension, Router};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::StatusCode;
use orchestrator::gateways::{InProcess, Network, Transport, TransportError};
use orchestrator::workflow::{Either, race};
use shared::http::{Limits, Severed, SeversAtEnd, serve};
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// A client of a request that never ends: tells when it comes and when it leaves.
#[derive(Default)]
struct Visit {
    arrived: Notify,
    left: Notify,
}

struct Guest(Arc<Visit>);

impl Guest {
    fn of(visit: &Arc<Visit>) -> Self {
        visit.arrived.notify_one();
        Self(Arc::clone(visit))
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.0.left.notify_one();
    }
}

fn backend(visit: &Arc<Visit>) -> Router {
    let (of_request, of_stream) = (Arc::clone(visit), Arc::clone(visit));
    Router::new()
        .route("/echo", any(echo))
        .route("/elsewhere", get(|| async { (StatusCode::FOUND, [("location", "/echo")]) }))
        .route("/reset", get(|| async { Extension(Severed::Reset).into_response() }))
        .route("/empty", get(|| async { Extension(Severed::Empty).into_response() }))
        .route("/broken", get(broken))
        .route(
            "/hang",
            get(async move || {
                let _guest = Guest::of(&of_request);
                std::future::pending::<()>().await;
            }),
        )
        .route(
            "/stream",
            get(async move || {
                let guest = Guest::of(&of_stream);
                let endless = stream::pending().inspect(move |_: &Result<Bytes, std::io::Error>| {
                    let _kept = &guest;
                });
                Body::from_stream(stream::iter([Ok(Bytes::from("first"))]).chain(endless))
            }),
        )
}

async fn echo(request: Request) -> Response {
    let line = format!(
        "{} {} {} ",
        request.method(),
        request.uri().path(),
        request.headers()["x-correlation-id"].to_str().unwrap()
    );
    let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap();
    (StatusCode::IM_A_TEAPOT, [line.as_bytes(), &body].concat()).into_response()
}

/// A body that breaks off after its beginning.
async fn broken() -> Response {
    let chunks = [Ok(Bytes::from("begin")), Err(Severed::Reset)];
    let mut response = Body::from_stream(stream::iter(chunks)).into_response();
    response.extensions_mut().insert(SeversAtEnd(Severed::Reset));
    response
}

fn request(method: &str, path: &str, body: &'static str) -> http::Request<Bytes> {
    let request = http::Request::builder().method(method).uri(path).header("x-correlation-id", "c-1");
    request.body(Bytes::from_static(body.as_bytes())).unwrap()
}

async fn whole(response: Response) -> Result<Bytes, axum::Error> {
    axum::body::to_bytes(response.into_body(), usize::MAX).await
}

/// What every transport does.
async fn keeps_the_contract(transport: &dyn Transport, visit: &Visit) {
    let answer = transport.send(request("POST", "/echo", "hello")).await.unwrap();
    assert_eq!(answer.status(), StatusCode::IM_A_TEAPOT);
    assert_eq!(whole(answer).await.unwrap(), "POST /echo c-1 hello");

    let answer = transport.send(request("GET", "/elsewhere", "")).await.unwrap();
    assert_eq!(
        (answer.status(), &answer.headers()["location"]),
        (StatusCode::FOUND, &"/echo".parse().unwrap())
    );

    for path in ["/reset", "/empty"] {
        let error = transport.send(request("GET", path, "")).await.unwrap_err();
        assert!(matches!(error, TransportError::Lost(_)), "{path}: {error}");
    }
    let answer = transport.send(request("GET", "/broken", "")).await.unwrap();
    whole(answer).await.unwrap_err();

    // A client that leaves is noticed, be it before the answer or in the middle of it.
    let hanging = transport.send(request("GET", "/hang", ""));
    assert!(matches!(race(hanging, visit.arrived.notified()).await, Either::Right(())));
    visit.left.notified().await;
    let answer = transport.send(request("GET", "/stream", "")).await.unwrap();
    let mut pieces = answer.into_body().into_data_stream();
    assert_eq!(pieces.next().await.unwrap().unwrap(), "first");
    drop(pieces);
    visit.left.notified().await;
}

#[tokio::test]
async fn requests_in_process_keep_the_contract_of_a_transport() {
    let visit = Arc::new(Visit::default());
    keeps_the_contract(&InProcess::new(backend(&visit)), &visit).await;
}

#[tokio::test]
async fn requests_over_the_network_keep_the_contract_of_a_transport() {
    let visit = Arc::new(Visit::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(serve(listener, backend(&visit), Limits::default(), std::future::pending()));
    keeps_the_contract(&Network::new(&base).unwrap(), &visit).await;
}

#[tokio::test]
async fn a_base_url_may_have_a_path() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/fakes/", listener.local_addr().unwrap());
    let backend = Router::new().route("/fakes/echo", any(echo));
    tokio::spawn(serve(listener, backend, Limits::default(), std::future::pending()));
    let answer = Network::new(&base).unwrap().send(request("PUT", "/echo", "")).await.unwrap();
    assert_eq!(whole(answer).await.unwrap(), "PUT /fakes/echo c-1 ");
}

#[tokio::test]
async fn a_port_that_nobody_listens_on_is_no_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = Network::new(&base).unwrap().send(request("GET", "/echo", "")).await.unwrap_err();
    assert!(matches!(error, TransportError::NotConnected(_)), "{error}");
}

#[test]
fn a_base_url_must_be_one() {
    let problem = |url| Network::new(url).unwrap_err().to_string();
    insta::assert_snapshot!(problem("localhost:3001"), @"`localhost:3001` is not a base URL such as http://localhost:3001: only http:// URLs are supported");
    insta::assert_snapshot!(problem("https://example.com"), @"`https://example.com` is not a base URL such as http://localhost:3001: only http:// URLs are supported");
    insta::assert_snapshot!(problem(""), @"`` is not a base URL such as http://localhost:3001: relative URL without a base");
}
