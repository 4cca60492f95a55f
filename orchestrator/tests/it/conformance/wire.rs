//! The way between an engine and the backends: a request can be held in a chosen moment.

use std::future::pending;
use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use orchestrator::gateways::{InProcess, Transport, TransportError};
use shared::http::Correlated;
use tokio::sync::oneshot;

/// A moment in the life of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Point {
    /// It is on its way, and the backend has not seen it.
    Sent,
    /// The first piece of an answer that comes piece by piece has come.
    Answering,
    /// It was answered, or its answer is lost, and the engine has not seen that.
    Answered,
}

/// A request that is held. It never goes on when this is dropped.
pub(super) struct Held(oneshot::Sender<()>);

impl Held {
    pub(super) fn release(self) {
        self.0.send(()).unwrap_or_default();
    }
}

/// A transport to the backends, for all orders of a stage.
pub(super) struct Wire(Arc<Mutex<State>>);

struct State {
    backends: Arc<InProcess<Correlated>>,
    awaited: Vec<Awaited>,
}

struct Awaited {
    order_id: String,
    operation: String,
    point: Point,
    reached: oneshot::Sender<Held>,
}

impl Wire {
    pub(super) fn new(backends: Correlated) -> Self {
        let backends = Arc::new(InProcess::new(backends));
        Self(Arc::new(Mutex::new(State { backends, awaited: Vec::new() })))
    }

    /// Requests reach these backends from now on.
    pub(super) fn reach(&self, backends: Correlated) {
        self.0.lock().unwrap().backends = Arc::new(InProcess::new(backends));
    }

    /// Holds the order's first request of `operation` at `point`.
    pub(super) fn hold(&self, order_id: &str, operation: &str, point: Point) -> oneshot::Receiver<Held> {
        let (reached, hears) = oneshot::channel();
        let (order_id, operation) = (order_id.to_owned(), operation.to_owned());
        self.0.lock().unwrap().awaited.push(Awaited { order_id, operation, point, reached });
        hears
    }

    fn is_awaited(&self, order_id: &str, operation: &str, point: Point) -> bool {
        self.0.lock().unwrap().position(order_id, operation, point).is_some()
    }
}

/// Waits for whoever waits for this moment.
async fn pass(state: &Mutex<State>, order_id: &str, operation: &str, point: Point) {
    let awaited = state.lock().unwrap().take(order_id, operation, point);
    let Some(awaited) = awaited else { return };
    let (held, released) = oneshot::channel();
    if awaited.reached.send(Held(held)).is_ok() && released.await.is_err() {
        pending().await
    }
}

impl State {
    fn position(&self, order_id: &str, operation: &str, point: Point) -> Option<usize> {
        let is = |it: &Awaited| (&*it.order_id, &*it.operation, it.point) == (order_id, operation, point);
        self.awaited.iter().position(is)
    }

    fn take(&mut self, order_id: &str, operation: &str, point: Point) -> Option<Awaited> {
        self.position(order_id, operation, point).map(|at| self.awaited.swap_remove(at))
    }
}

impl Transport for Wire {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        Box::pin(async move {
            let operation = operation_of(request.uri().path());
            // An order's id is the correlation id of its requests.
            let order_id = request.headers()["x-correlation-id"].to_str().unwrap().to_owned();
            pass(&self.0, &order_id, &operation, Point::Sent).await;
            let backends = Arc::clone(&self.0.lock().unwrap().backends);
            let answer = backends.send(request).await;
            if self.is_awaited(&order_id, &operation, Point::Answering) {
                return answer.map(|response| self.held_after_one_piece(response, order_id, operation));
            }
            if !self.is_awaited(&order_id, &operation, Point::Answered) {
                return answer;
            }
            // The end of an answer that comes piece by piece is what counts.
            let answer = match answer {
                Ok(response) => whole(response).await,
                Err(lost) => Err(lost),
            };
            pass(&self.0, &order_id, &operation, Point::Answered).await;
            answer
        })
    }
}

impl Wire {
    fn held_after_one_piece(
        &self,
        response: Response<Body>,
        order_id: String,
        operation: String,
    ) -> Response<Body> {
        let state = Arc::clone(&self.0);
        let pieces = response.map(Body::into_data_stream);
        pieces.map(|pieces| {
            Body::from_stream(pieces.enumerate().then(move |(number, piece)| {
                let (state, order_id, operation) = (Arc::clone(&state), order_id.clone(), operation.clone());
                async move {
                    if number == 1 {
                        pass(&state, &order_id, &operation, Point::Answering).await;
                    }
                    piece
                }
            }))
        })
    }
}

async fn whole(response: Response<Body>) -> Result<Response<Body>, TransportError> {
    let (head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.map_err(|error| TransportError::Lost(error.to_string()))?;
    Ok(Response::from_parts(head, Body::from(body)))
}

/// `/shipping/create-label` is `shipping.create_label`, `/payment/auth_1/status` is `payment.status`.
fn operation_of(path: &str) -> String {
    let mut parts = path.trim_start_matches('/').split('/');
    let (domain, name) = (parts.next().unwrap_or_default(), parts.next_back().unwrap_or_default());
    format!("{domain}.{}", name.replace('-', "_"))
}
