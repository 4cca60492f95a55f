//! Every request gets an idempotency key of its own, so that a retry is another request.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use axum::body::Body;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use orchestrator::gateways::{Transport, TransportError};

use super::keys::extend_key;

/// A gateway that makes the key where it sends the request.
pub(super) struct NewKeys {
    backends: Arc<dyn Transport>,
    process: u32,
    sent: AtomicU32,
}

impl NewKeys {
    pub(super) fn new(backends: Arc<dyn Transport>, process: u32) -> Self {
        Self { backends, process, sent: AtomicU32::new(0) }
    }
}

impl Transport for NewKeys {
    fn send(&self, mut request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        let number = self.sent.fetch_add(1, Relaxed);
        extend_key(&mut request, &format!("{}-{number}", self.process));
        self.backends.send(request)
    }
}
