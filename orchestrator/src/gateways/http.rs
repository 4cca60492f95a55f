//! The adapters that speak the backends' HTTP contract.
//!
//! [`Backends`] makes one call; `answer` is the one place that classifies answers.

mod answer;
mod carrier;
mod inventory;
mod notifier;
mod payment;
mod sse;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, Request, Response, Uri};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{CallContext, GatewayError, Transport};
use answer::Refusal;
pub(crate) use answer::retry_after_of;

pub use carrier::HttpCarrierGateway;
pub use inventory::HttpInventoryGateway;
pub use notifier::HttpNotifier;
pub use payment::HttpPaymentGateway;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// The minimum wait: even a server that asks for none is not polled in a tight loop.
const MIN_WAIT: Duration = Duration::from_millis(1);
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The backends behind a transport: makes calls and reads answers. Cheap to clone.
#[derive(Clone)]
pub struct Backends(Arc<dyn Transport>);

impl Backends {
    /// The backends that `transport` reaches.
    pub fn new(transport: Arc<dyn Transport>) -> Self {
        Self(transport)
    }

    /// Posts `body` under the context's key and reads the answer.
    async fn post<T: DeserializeOwned>(
        &self,
        path: &'static str,
        body: Bytes,
        context: &CallContext<'_>,
    ) -> Result<T, GatewayError> {
        answer::read(self.open(path, body, context, JSON).await?).await
    }

    /// Posts `body` under the context's key, until it is answered; the result is a success that has not
    /// been read yet.
    async fn open(
        &self,
        path: &'static str,
        body: Bytes,
        context: &CallContext<'_>,
        accept: HeaderValue,
    ) -> Result<Response<Body>, GatewayError> {
        loop {
            let mut request = Request::new(body.clone());
            *request.method_mut() = Method::POST;
            *request.uri_mut() = Uri::from_static(path);
            let headers = request.headers_mut();
            headers.insert(CONTENT_TYPE, JSON);
            headers.insert(ACCEPT, accept.clone());
            headers.insert(IDEMPOTENCY_KEY, header(context.key)?);
            match self.exchange(request, context).await {
                Err(Refusal::InProgress(wait)) => tokio::time::sleep(wait.max(MIN_WAIT)).await,
                answered => return answered.map_err(Refusal::into_error),
            }
        }
    }

    /// Reads a resource.
    async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        context: &CallContext<'_>,
    ) -> Result<T, GatewayError> {
        let request = Request::get(path).body(Bytes::new()).map_err(|e| answer::unsendable(&e))?;
        answer::read(self.exchange(request, context).await.map_err(Refusal::into_error)?).await
    }

    async fn exchange(
        &self,
        mut request: Request<Bytes>,
        context: &CallContext<'_>,
    ) -> Result<Response<Body>, Refusal> {
        let headers = request.headers_mut();
        headers.insert(CORRELATION_ID, header(&context.trace.correlation_id)?);
        if let Some(traceparent) = &context.trace.traceparent {
            headers.insert(TRACEPARENT, header(traceparent)?);
        }
        let response = self.0.send(request).await.map_err(answer::unanswered)?;
        if response.status().is_success() { Ok(response) } else { Err(answer::refused(response).await) }
    }
}

impl fmt::Debug for Backends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Backends").finish_non_exhaustive()
    }
}

fn encode(body: &impl Serialize) -> Result<Bytes, GatewayError> {
    serde_json::to_vec(body).map(Bytes::from).map_err(|e| answer::unsendable(&e))
}

fn header(value: &str) -> Result<HeaderValue, GatewayError> {
    HeaderValue::from_str(value).map_err(|e| answer::unsendable(&e))
}
