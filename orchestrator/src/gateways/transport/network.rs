use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response, Uri};
use reqwest::Url;

use super::{Transport, TransportError};
use crate::gateways::client::{base_url, client_builder, innermost};

/// Idle connections are closed before a server's usual keep-alive ends, lest a request use a connection
/// that is just being closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// The backends over HTTP. Connections are kept and shared; build it once and clone it.
#[derive(Clone, Debug)]
pub struct Network {
    client: reqwest::Client,
    base: Url,
}

/// A base URL that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{url}` is not a base URL such as http://localhost:3001: {reason}")]
pub struct BadBaseUrl {
    url: String,
    reason: String,
}

impl Network {
    /// Sends every request to the server at `base`, with the paths below that of `base`.
    ///
    /// # Errors
    /// When `base` is not an `http` URL.
    pub fn new(base: &str) -> Result<Self, BadBaseUrl> {
        let bad = |reason: String| BadBaseUrl { url: base.to_owned(), reason };
        let url = base_url(base).map_err(bad)?;
        let client = client_builder()
            .pool_idle_timeout(IDLE_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|e| bad(e.to_string()))?;
        Ok(Self { client, base: url })
    }

    fn url_of(&self, uri: &Uri) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{}", self.base.path().trim_end_matches('/'), uri.path()));
        url.set_query(uri.query());
        url
    }
}

impl Transport for Network {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        let (head, body) = request.into_parts();
        let mut request = reqwest::Request::new(head.method, self.url_of(&head.uri));
        *request.headers_mut() = head.headers;
        *request.body_mut() = Some(body.into());
        let answer = self.client.execute(request);
        Box::pin(async move {
            match answer.await {
                Ok(response) => Ok(Response::from(response).map(Body::new)),
                Err(error) if error.is_connect() => Err(TransportError::NotConnected(innermost(&error))),
                Err(error) => Err(TransportError::Lost(innermost(&error))),
            }
        })
    }
}
