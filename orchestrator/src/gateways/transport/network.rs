use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response, Uri};
use reqwest::Url;

use super::{Transport, TransportError};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Idle connections are closed before a server's usual keep-alive ends, lest a request meet a
/// connection that is just being closed.
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

/// The base URL of a service.
///
/// # Errors
/// Why it is none.
pub fn base_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    if url.scheme() == "http" { Ok(url) } else { Err("only http is spoken".to_owned()) }
}

impl Network {
    /// Sends every request to the server at `base`, with the paths below that of `base`.
    ///
    /// # Errors
    /// When `base` is not an `http` URL.
    pub fn new(base: &str) -> Result<Self, BadBaseUrl> {
        let bad = |reason: String| BadBaseUrl { url: base.to_owned(), reason };
        let url = base_url(base).map_err(bad)?;
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("fake-stripe-chaos/", env!("CARGO_PKG_VERSION")))
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

/// The cause that a person can act on, such as `connection refused`.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
