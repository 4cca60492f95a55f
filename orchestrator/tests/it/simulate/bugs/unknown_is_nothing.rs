//! A request whose answer is lost, or tells of an error inside the other side, is taken for one that
//! did nothing.

use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response, StatusCode};
use orchestrator::gateways::{Transport, TransportError};

/// A gateway to which an unknown outcome is an unavailable backend.
pub(super) struct UnknownIsNothing(pub(super) Arc<dyn Transport>);

impl Transport for UnknownIsNothing {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        Box::pin(async move {
            match self.0.send(request).await {
                Err(TransportError::Lost(reason)) => Err(TransportError::NotConnected(reason)),
                Ok(mut answer) if is_unknown(answer.status()) => {
                    *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                    Ok(answer)
                }
                answer => answer,
            }
        })
    }
}

fn is_unknown(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT
}
