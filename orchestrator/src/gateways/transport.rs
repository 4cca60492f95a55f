use axum::body::Body;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};

mod in_process;
mod network;

pub use in_process::InProcess;
pub use network::{BadBaseUrl, Network};

/// Carries a request to the backends and their answer back.
///
/// A request's URI is a path. The head of the answer comes first; its body is read afterwards, at once
/// or as it streams in, and ends in an error if the connection is lost. Dropping the future, or the
/// body, closes the request: the other side sees its client disconnect.
pub trait Transport: Send + Sync {
    /// Sends a request and waits for the head of the answer.
    ///
    /// # Errors
    /// When there is no answer; see [`TransportError`].
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>, TransportError>>;
}

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No connection: the request was not sent.
    #[error("could not connect: {0}")]
    NotConnected(String),
    /// The connection was lost after the request may have been read.
    #[error("the connection was lost: {0}")]
    Lost(String),
}
