//! What is sent, and what answers mean.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use orchestrator::domain::Trace;
use orchestrator::gateways::http::{Backends, HttpPaymentGateway};
use orchestrator::gateways::{
    Authorization, AuthorizationState, CallContext, GatewayError, Hold, InProcess, PaymentGateway,
};
use orchestrator::workflow::Certainty;
use shared::number::Number;
use tokio::time::Instant;

fn gateway(backend: Router) -> HttpPaymentGateway {
    HttpPaymentGateway(Backends::new(Arc::new(InProcess::new(backend))))
}

fn trace() -> Trace {
    let traceparent = Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into());
    Trace { correlation_id: "placing ORD-1".into(), traceparent }
}

fn hold() -> Hold {
    Hold {
        amount: Number::parse("109.97").unwrap(),
        currency: "usd".into(),
        order_id: "ORD-1".into(),
        customer_id: "CUST-1".into(),
    }
}

async fn authorize(backend: Router) -> Result<Authorization, GatewayError> {
    let trace = trace();
    gateway(backend).authorize(&hold(), CallContext { key: "key-1", trace: &trace }).await
}

/// A backend that answers everything in this way.
fn answering(status: u16, body: &'static str) -> Router {
    Router::new().fallback(async move || (StatusCode::from_u16(status).unwrap(), body))
}

#[tokio::test]
async fn every_call_carries_its_key_its_trace_and_exact_amounts() {
    let seen = Arc::new(Mutex::new(String::new()));
    let note = Arc::clone(&seen);
    let backend = Router::new().fallback(async move |request: Request| {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let mut lines = vec![format!("{} {}", head.method, head.uri)];
        lines.extend(head.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())));
        lines[1..].sort_unstable();
        lines.push(String::from_utf8(body.to_vec()).unwrap());
        *note.lock().unwrap() = lines.join("\n").trim_end().to_owned();
        r#"{"success":true,"authId":"auth_1","status":"captured","news":[1]}"#
    });
    assert_eq!(authorize(backend.clone()).await.unwrap().auth_id, "auth_1");
    insta::assert_snapshot!(seen.lock().unwrap(), @r#"
    POST /payment/authorize
    accept: application/json
    content-type: application/json
    idempotency-key: key-1
    traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
    x-correlation-id: placing ORD-1
    {"amount":109.97,"currency":"usd","orderId":"ORD-1","customerId":"CUST-1"}
    "#);

    let trace = trace();
    let context = CallContext { key: "key-1", trace: &trace };
    let status = gateway(backend.clone()).status("auth_1", context).await.unwrap();
    assert_eq!(status.status, AuthorizationState::Captured);
    insta::assert_snapshot!(seen.lock().unwrap(), @r#"
    GET /payment/auth_1/status
    traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
    x-correlation-id: placing ORD-1
    "#);
    let context = CallContext { key: "key-1", trace: &trace };
    gateway(backend).status("a/b?c#d%é", context).await.unwrap();
    assert!(seen.lock().unwrap().starts_with("GET /payment/a%2Fb%3Fc%23d%25%C3%A9/status\n"));
}

#[tokio::test]
async fn answers_are_classified() {
    let classified = async |status, body| {
        let error = authorize(answering(status, body)).await.unwrap_err();
        (error.certainty, error.to_string(), error.retry_after)
    };
    let refused = r#"{"error":"insufficient_funds","message":"no money"}"#;
    let told = "insufficient_funds: no money".to_owned();
    assert_eq!(classified(402, refused).await, (Certainty::Rejected, told, None));
    let busy = r#"{"error":"unavailable","message":"busy","retryAfterMs":250}"#;
    let wait = Some(Duration::from_millis(250));
    assert_eq!(classified(503, busy).await, (Certainty::Unavailable, "unavailable: busy".to_owned(), wait));
    let (certainty, message, _) = classified(502, "<html>").await;
    assert_eq!((certainty, &*message), (Certainty::Unknown, "http_502: the answer was 502 Bad Gateway"));
    for unreadable in ["", r#"{"authId":"auth_1"#, r#"{"success":true}"#] {
        let (certainty, message, _) = classified(201, unreadable).await;
        assert_eq!(certainty, Certainty::Unknown);
        assert!(message.starts_with("unreadable_answer: "), "{message}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_in_progress_is_asked_again_when_it_says() {
    let asked = Arc::new(AtomicU32::new(0));
    let backend = {
        let asked = Arc::clone(&asked);
        Router::new().fallback(async move |request: Request| -> Response {
            assert_eq!(request.headers()["idempotency-key"], "key-1");
            match asked.fetch_add(1, SeqCst) {
                0 | 1 => (
                    StatusCode::CONFLICT,
                    r#"{"error":"idempotency_in_progress","message":"wait","retryAfterMs":700}"#,
                )
                    .into_response(),
                _ => r#"{"authId":"auth_1"}"#.into_response(),
            }
        })
    };
    let began = Instant::now();
    assert_eq!(authorize(backend).await.unwrap().auth_id, "auth_1");
    assert_eq!((asked.load(SeqCst), began.elapsed()), (3, Duration::from_millis(1400)));
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_at_once() {
    let trace = Trace { correlation_id: "two\nlines".into(), traceparent: None };
    let context = CallContext { key: "key-1", trace: &trace };
    let error = gateway(answering(200, "{}")).authorize(&hold(), context).await.unwrap_err();
    assert_eq!((error.certainty, &*error.kind), (Certainty::Rejected, "unsendable_request"));
}
