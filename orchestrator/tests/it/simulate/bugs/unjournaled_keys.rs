//! A process draws its keys itself and writes them nowhere, so that the next one, after a crash, draws
//! others.

use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use orchestrator::gateways::{Transport, TransportError};

use super::keys::extend_key;

/// A gateway whose keys last as long as its process. Which one it is stands for what it draws.
pub(super) struct UnjournaledKeys {
    pub(super) backends: Arc<dyn Transport>,
    pub(super) process: u32,
}

impl Transport for UnjournaledKeys {
    fn send(&self, mut request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        extend_key(&mut request, &self.process.to_string());
        self.backends.send(request)
    }
}
