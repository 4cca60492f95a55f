//! 409 `already_captured` is a failure like any other: the order fails, and the money is kept.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response, StatusCode};
use orchestrator::gateways::{Transport, TransportError};

/// A gateway to which a conflict is a conflict.
pub(super) struct CaptureConflict(pub(super) Arc<dyn Transport>);

impl Transport for CaptureConflict {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        Box::pin(async move {
            let answer = self.0.send(request).await?;
            if answer.status() != StatusCode::CONFLICT {
                return Ok(answer);
            }
            let (head, body) = answer.into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap();
            let body = String::from_utf8(body.into()).unwrap().replace("already_captured", "conflict");
            Ok(Response::from_parts(head, Body::from(body)))
        })
    }
}
