//! What a proxy answers in a backend's place tells nothing of what the backend did before.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use orchestrator::gateways::{Transport, TransportError};
use orchestrator::simulate::Schedule;

use super::bugs::over;
use super::subject;

/// Answers the second request for each path by itself.
struct Proxy {
    backends: Arc<dyn Transport>,
    asked: Mutex<BTreeMap<String, u32>>,
}

impl Transport for Proxy {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        let mut asked = self.asked.lock().unwrap();
        let asked = asked.entry(request.uri().path().to_owned()).or_default();
        *asked += 1;
        if *asked == 2 {
            let page = Response::builder().status(404).body(Body::from("default backend - 404")).unwrap();
            return Box::pin(std::future::ready(Ok(page)));
        }
        self.backends.send(request)
    }
}

#[test]
fn a_proxys_page_after_a_lost_answer_is_no_proof_that_nothing_happened() {
    let planted = subject(over(|backends, _| Arc::new(Proxy { backends, asked: Mutex::default() })), &[]);
    for operation in ["payment.authorize", "inventory.reserve", "payment.capture", "shipping.create_label"] {
        for (fault, decision) in
            [("lost_response", "approve"), ("timeout_after", "approve"), ("lost_response", "cancel")]
        {
            let line = format!("--script \"{operation}#1={fault}\" --decision {decision}");
            let trial = line.parse::<Schedule>().unwrap().run(&planted, false);
            assert!(trial.findings.is_empty(), "{line}: {:#?}", trial.findings);
            assert!(trial.decision.status.is_some(), "{line}");
        }
    }
}
