use std::sync::Arc;

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use http::header::CONTENT_TYPE;
use http::{Request, Response};
use shared::http::Correlated;
use shared::time::Clock;

use super::moments::Moments;
use super::tap::{Tap, Tapped};
use crate::gateways::{InProcess, Transport, TransportError};

/// The way to the backends, where somebody decides in the midst of a request or a log is kept.
pub(super) struct Wire {
    pub(super) backends: InProcess<Correlated>,
    pub(super) moments: Option<Arc<Moments>>,
    pub(super) tap: Tap,
    pub(super) clock: Clock,
}

impl Transport for Wire {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        Box::pin(async move {
            let operation = operation_of(request.uri().path());
            if let Some(moments) = &self.moments {
                moments.sent(&operation, self.clock.now()).await;
            }
            let mut tapped = self.tap.request(&operation, request.headers());
            let answer = self.backends.send(request).await;
            let moments = self.moments.clone().filter(|moments| moments.awaits_answer_of(&operation));
            let clock = self.clock;
            match answer {
                Ok(response) if is_stream(&response) => {
                    tapped.begins();
                    Ok(response.map(|body| {
                        let events = Events { body: body.into_data_stream(), tapped, moments, clock };
                        Body::from_stream(stream::unfold(events, Events::next))
                    }))
                }
                answer => {
                    tapped.ends();
                    if let Some(moments) = moments
                        && may_have_happened(&answer)
                    {
                        moments.answered(clock.now()).await;
                    }
                    answer
                }
            }
        })
    }
}

/// An answer that comes bit by bit. Its last event is the answer.
struct Events {
    body: BodyDataStream,
    tapped: Tapped,
    moments: Option<Arc<Moments>>,
    clock: Clock,
}

impl Events {
    async fn next(mut self) -> Option<(Result<Bytes, axum::Error>, Self)> {
        let event = self.body.next().await;
        let is = |name: &str| matches!(&event, Some(Ok(event)) if event.starts_with(name.as_bytes()));
        if !is("event: progress") {
            self.tapped.ends();
            if let Some(moments) = &self.moments
                && !is("event: problem")
            {
                moments.answered(self.clock.now()).await;
            }
        }
        event.map(|event| (event, self))
    }
}

fn may_have_happened(answer: &Result<Response<Body>, TransportError>) -> bool {
    answer.as_ref().map_or(true, |response| response.status().is_success())
}

fn is_stream(response: &Response<Body>) -> bool {
    response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

/// `/shipping/create-label` is `shipping.create_label`, `/payment/auth_1/status` is `payment.status`.
fn operation_of(path: &str) -> String {
    let mut parts = path.trim_start_matches('/').split('/');
    let (domain, name) = (parts.next().unwrap_or_default(), parts.next_back().unwrap_or_default());
    format!("{domain}.{}", name.replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_an_operation() {
        assert_eq!(operation_of("/shipping/create-label"), "shipping.create_label");
        assert_eq!(operation_of("/payment/auth_1/status"), "payment.status");
    }
}
