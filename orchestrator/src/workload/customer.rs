use axum::body::Body;
use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::order_api::{MAX_ANSWER, OrderApi, RETRY_INTERVAL, Refused};
use crate::audit::Verb;
use crate::domain::{OrderInput, OrderStatus};
use crate::workflows::order_fulfillment::workflow_id;

/// A decision without its optional members: some servers refuse a JSON request without a body.
const NO_DETAILS: Bytes = Bytes::from_static(b"{}");

/// The orchestrator's answer to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// It was placed now.
    Now,
    /// It had already been placed.
    Before,
}

/// How an order ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its last status.
    pub status: OrderStatus,
    /// Why it was not shipped.
    pub error: Option<String>,
    /// Whether it needs a person's attention.
    pub needs_attention: bool,
}

/// A customer with an order, who retries for as long as the orchestrator does not answer: every request
/// is idempotent.
#[derive(Clone, Debug)]
pub struct Customer {
    api: OrderApi,
    order_id: String,
}

impl Customer {
    /// The customer with the order of this id.
    pub fn new(api: OrderApi, order_id: String) -> Self {
        Self { api, order_id }
    }

    /// Places the order.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn place(&self, order: &OrderInput) -> Result<Placed, Refused> {
        let body: Bytes = serde_json::to_vec(order).unwrap_or_default().into();
        let mut is_first = true;
        loop {
            match self.api.post("/workflows/order", &self.order_id, body.clone()).await {
                // A second request finds what the first one did if its answer was lost.
                Ok(answer) if answer.status() == StatusCode::OK && is_first => return Ok(Placed::Before),
                Ok(_) => return Ok(Placed::Now),
                Err(failure) => failure.pass().await?,
            }
            is_first = false;
        }
    }

    /// Tells the orchestrator a decision.
    ///
    /// # Errors
    /// When it comes too late.
    pub async fn decide(&self, verb: Verb) -> Result<(), Refused> {
        let (path, began) = (self.path(verb.name()), Instant::now());
        loop {
            match self.api.post(&path, &self.order_id, NO_DETAILS).await {
                Ok(_) => return Ok(()),
                Err(failure) => failure.of_new_order(began).pass().await?,
            }
        }
    }

    /// Waits until the order has ended, for as long as that takes.
    ///
    /// # Errors
    /// When the orchestrator does not say, or not as the order API does.
    pub async fn end(&self) -> Result<Ended, Refused> {
        let (path, began) = (self.path("result?timeout=30"), Instant::now());
        loop {
            match self.api.get(&path, &self.order_id).await {
                Ok(answer) => match Ended::of(answer).await? {
                    Some(ended) => return Ok(ended),
                    None => sleep(RETRY_INTERVAL).await,
                },
                Err(failure) => failure.of_new_order(began).pass().await?,
            }
        }
    }

    fn path(&self, of: &str) -> String {
        format!("/workflows/{}/{of}", workflow_id(&self.order_id))
    }
}

impl Ended {
    /// `None` for an answer that is cut short, or does not report an end. Members but the status are optional.
    async fn of(answer: Response<Body>) -> Result<Option<Self>, Refused> {
        let http_status = answer.status().as_u16();
        let body = axum::body::to_bytes(answer.into_body(), MAX_ANSWER).await.unwrap_or_default();
        let Ok(told) = serde_json::from_slice::<Value>(&body) else { return Ok(None) };
        let result = &told["result"];
        let Ok(status) = OrderStatus::deserialize(&result["status"]) else {
            let code = match &result["status"] {
                Value::Null => "and no `result.status`".to_owned(),
                Value::String(word) => format!("and the status `{word}`, which is none of {}", ends()),
                other => format!("and the status {other}, which is none of {}", ends()),
            };
            return Err(Refused { status: http_status, code });
        };
        let needs_attention = result["needsAttention"].as_array().is_some_and(|items| !items.is_empty());
        let error = result["error"].as_str().map(str::to_owned);
        Ok(status.is_final().then_some(Self { status, error, needs_attention }))
    }
}

/// The statuses of an order that has ended.
fn ends() -> String {
    use OrderStatus::{Cancelled, Failed, Rejected, Shipped};
    [Shipped, Rejected, Failed, Cancelled].map(OrderStatus::name).join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use futures_util::future::BoxFuture;
    use http::Request;
    use http::header::CONTENT_TYPE;
    use serde_json::json;

    use super::*;
    use crate::gateways::{Transport, TransportError};
    use crate::workload::Workload;
    use crate::workload::order_api::UNKNOWN_FOR;

    /// Answers in this order.
    struct Scripted(Mutex<VecDeque<Response<Body>>>);

    impl Transport for Scripted {
        fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
            if request.headers().contains_key(CONTENT_TYPE) {
                assert!(serde_json::from_slice::<Value>(request.body()).unwrap().is_object());
            }
            Box::pin(async { Ok(self.0.lock().unwrap().pop_front().unwrap()) })
        }
    }

    fn customer(answers: impl IntoIterator<Item = Response<Body>>) -> Customer {
        let scripted = Scripted(Mutex::new(answers.into_iter().collect()));
        Customer::new(OrderApi::new(Arc::new(scripted)), "ORD-1".to_owned())
    }

    fn answer(status: u16, body: &impl ToString) -> Response<Body> {
        Response::builder().status(status).body(body.to_string().into()).unwrap()
    }

    async fn refused(body: Value) -> String {
        customer([answer(200, &body)]).end().await.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn an_end_that_the_order_api_does_not_know_is_refused() {
        insta::assert_snapshot!(refused(json!({"result": {"status": "completed"}})).await, @"200 and the status `completed`, which is none of shipped, rejected, failed, cancelled");
        insta::assert_snapshot!(refused(json!({"result": {"status": 3}})).await, @"200 and the status 3, which is none of shipped, rejected, failed, cancelled");
        insta::assert_snapshot!(refused(json!({"result": {"state": "shipped"}})).await, @"200 and no `result.status`");
        insta::assert_snapshot!(refused(json!({"status": "shipped"})).await, @"200 and no `result.status`");
    }

    #[tokio::test(start_paused = true)]
    async fn an_end_is_waited_for_while_an_answer_is_cut_short_or_reports_none() {
        let shipped = answer(200, &json!({"result": {"status": "shipped"}}));
        let open = answer(200, &json!({"result": {"status": "processing"}}));
        let ended = customer([answer(200, &"{\"result\": {"), answer(408, &""), open, shipped]).end().await;
        assert_eq!(ended, Ok(Ended { status: OrderStatus::Shipped, error: None, needs_attention: false }));
        let failed = json!({"status": "failed", "error": "out_of_stock", "needsAttention": [{}]});
        let ended = customer([answer(200, &json!({"result": failed}))]).end().await.unwrap();
        assert_eq!((ended.error.as_deref(), ended.needs_attention), (Some("out_of_stock"), true));
    }

    #[tokio::test]
    async fn whatever_is_sent_as_json_is_json() {
        assert_eq!(customer([answer(200, &"")]).decide(Verb::Reject).await, Ok(()));
        let order = Workload::new(1).placement(0).order;
        assert_eq!(customer([answer(201, &"")]).place(&order).await, Ok(Placed::Now));
    }

    #[tokio::test(start_paused = true)]
    async fn a_429_is_retried_when_the_answer_says() {
        let slow_down = |after: &str| {
            Response::builder().status(429).header("retry-after", after).body(Body::empty()).unwrap()
        };
        let told = answer(429, &json!({"error": "rate_limited", "retryAfterMs": 1500}));
        let answers = [slow_down("3"), told, slow_down("tomorrow"), answer(201, &"")];
        let began = Instant::now();
        let order = Workload::new(1).placement(0).order;
        assert_eq!(customer(answers).place(&order).await, Ok(Placed::Now));
        assert_eq!(began.elapsed(), Duration::from_millis(3000 + 1500 + 1000));
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_order_may_be_unknown_for_a_moment_and_no_longer() {
        let unknown = || answer(404, &json!({"error": "not_found"}));
        assert_eq!(customer([unknown(), answer(200, &"")]).decide(Verb::Approve).await, Ok(()));
        let shipped = answer(200, &json!({"result": {"status": "shipped"}}));
        assert!(customer([unknown(), unknown(), shipped]).end().await.is_ok());
        let began = Instant::now();
        let refused = customer(std::iter::repeat_with(unknown).take(100)).end().await;
        assert_eq!(refused.unwrap_err().to_string(), "404 not_found");
        assert_eq!(began.elapsed(), UNKNOWN_FOR);
        let order = Workload::new(1).placement(0).order;
        assert_eq!(customer([unknown()]).place(&order).await.unwrap_err().status, 404);
    }
}
