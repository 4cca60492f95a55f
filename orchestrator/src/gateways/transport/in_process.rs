use std::convert::Infallible;
use std::fmt;

use axum::body::Body;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use shared::chaos::Severed;
use tower::Service;

use super::{Transport, TransportError};

/// The backends' own routes, called in this process: no socket, and no clock except the runtime's.
#[derive(Clone)]
pub struct InProcess<S>(S);

impl<S> InProcess<S> {
    /// Sends every request to `backends`, which are always ready, as routes are.
    pub fn new(backends: S) -> Self {
        Self(backends)
    }
}

impl<S> Transport for InProcess<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send>
        + Clone
        + Send
        + Sync,
{
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        let answer = self.0.clone().call(request.map(Body::from));
        Box::pin(async move {
            let Ok(response) = answer.await;
            // A server on a socket would cut the connection here instead of answering.
            match response.extensions().get::<Severed>() {
                Some(severed) => Err(TransportError::Lost(severed.to_string())),
                None => Ok(response),
            }
        })
    }
}

impl<S> fmt::Debug for InProcess<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InProcess").finish_non_exhaustive()
    }
}
