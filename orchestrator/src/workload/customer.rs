use std::fmt;
use std::sync::{Mutex, PoisonError};

use axum::body::Body;
use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use smol_str::SmolStr;
use tokio::time::{Instant, sleep};

use super::order_api::{Failure, MAX_ANSWER, OrderApi, Refused};
use crate::audit::Verb;
use crate::domain::{OrderInput, OrderStatus};
use crate::workflows::order_fulfillment::workflow_id;

/// A decision without its optional members: some servers refuse a JSON request without a body.
const NO_DETAILS: Bytes = Bytes::from_static(b"{}");

/// Enough for nearly every order, which is then written without being moved.
const TYPICAL_ORDER_BYTES: usize = 512;

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
#[derive(Debug)]
pub struct Customer {
    api: OrderApi,
    order_id: SmolStr,
    last_failure: Mutex<Option<String>>,
}

impl Customer {
    /// The customer with the order of this id.
    pub fn new(api: OrderApi, order_id: SmolStr) -> Self {
        Self { api, order_id, last_failure: Mutex::default() }
    }

    /// Places the order.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn place(&self, order: &OrderInput) -> Result<Placed, Refused> {
        let mut body = Vec::with_capacity(TYPICAL_ORDER_BYTES);
        serde_json::to_writer(&mut body, order).unwrap_or_default();
        let body = Bytes::from(body);
        let mut is_first = true;
        self.until_it_succeeds(&"POST /workflows/order", async || {
            // A second request finds what the first one did if its answer was lost.
            let begins = std::mem::take(&mut is_first);
            let answer = self.api.post("/workflows/order", &self.order_id, body.clone()).await?;
            let was_known = begins && answer.status() == StatusCode::OK;
            Ok(if was_known { Placed::Before } else { Placed::Now })
        })
        .await
    }

    /// Tells the orchestrator a decision.
    ///
    /// # Errors
    /// When it comes too late.
    pub async fn decide(&self, verb: Verb) -> Result<(), Refused> {
        let (path, began) = (self.path(verb.name()), Instant::now());
        self.until_it_succeeds(&format_args!("POST /workflows/{{id}}/{}", verb.name()), async || {
            let answer = self.api.post(&path, &self.order_id, NO_DETAILS).await;
            answer.map(drop).map_err(|failure| failure.of_new_order(began))
        })
        .await
    }

    /// Waits until the order has ended, for as long as that takes.
    ///
    /// # Errors
    /// When the orchestrator does not say, or not as the order API does.
    pub async fn end(&self) -> Result<Ended, Refused> {
        let (path, began) = (self.path("result?timeout=30"), Instant::now());
        self.until_it_succeeds(&"GET /workflows/{id}/result", async || {
            let answer = self.api.get(&path, &self.order_id).await;
            Ended::of(answer.map_err(|failure| failure.of_new_order(began))?).await
        })
        .await
    }

    /// Why the request that was made last has not succeeded so far, such as
    /// `GET /workflows/{id}/result: 404 not_found`.
    pub fn last_failure(&self) -> Option<String> {
        self.last_failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes a request again and again, until it succeeds or is refused.
    async fn until_it_succeeds<T>(
        &self,
        request: &dyn fmt::Display,
        mut ask: impl AsyncFnMut() -> Result<T, Failure>,
    ) -> Result<T, Refused> {
        loop {
            let answer = ask().await;
            let failure = answer.as_ref().err().map(|failure| format!("{request}: {failure}"));
            *self.last_failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
            match answer {
                Ok(done) => return Ok(done),
                Err(Failure::Refused(refused)) => return Err(refused),
                Err(Failure::Passing { wait, .. }) => sleep(wait).await,
            }
        }
    }

    fn path(&self, of: &str) -> String {
        format!("/workflows/{}/{of}", workflow_id(&self.order_id))
    }
}

impl Ended {
    /// What an answer tells. Members but the status are optional.
    ///
    /// # Errors
    /// When it is cut short, does not report an end, or is none of the order API.
    async fn of(answer: Response<Body>) -> Result<Self, Failure> {
        let http_status = answer.status().as_u16();
        let body = axum::body::to_bytes(answer.into_body(), MAX_ANSWER).await.unwrap_or_default();
        let Ok(told) = serde_json::from_slice::<Value>(&body) else {
            return Err(Failure::soon(format!("{http_status} with a body that is not JSON")));
        };
        let result = &told["result"];
        let Ok(status) = OrderStatus::deserialize(&result["status"]) else {
            let code = match &result["status"] {
                Value::Null => "and no `result.status`".to_owned(),
                Value::String(word) => format!("and the status `{word}`, which is none of {}", ends()),
                other => format!("and the status {other}, which is none of {}", ends()),
            };
            return Err(Failure::Refused(Refused { status: http_status, code }));
        };
        if !status.is_final() {
            return Err(Failure::soon(format!("{http_status} and the status `{}`", status.name())));
        }
        let needs_attention = result["needsAttention"].as_array().is_some_and(|items| !items.is_empty());
        let error = result["error"].as_str().map(str::to_owned);
        Ok(Self { status, error, needs_attention })
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
        Customer::new(OrderApi::new(Arc::new(scripted)), "ORD-1".into())
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

    #[tokio::test(start_paused = true)]
    async fn what_was_answered_last_is_known_until_a_request_succeeds() {
        let shipped = || answer(200, &json!({"result": {"status": "shipped"}}));
        for (failed, known) in [
            (answer(500, &json!({"error": "db_down"})), "GET /workflows/{id}/result: 500 db_down"),
            (answer(502, &"<html>"), "GET /workflows/{id}/result: 502"),
            (answer(202, &""), "GET /workflows/{id}/result: 202 with a body that is not JSON"),
            (answer(404, &""), "GET /workflows/{id}/result: 404"),
            (
                answer(500, &r#"{"message": "no\nroom"}"#),
                r#"GET /workflows/{id}/result: 500 {"message":"no\nroom"}"#,
            ),
        ] {
            let customer = customer([failed, shipped()]);
            let given_up = tokio::time::timeout(Duration::from_millis(50), customer.end()).await;
            assert!(given_up.is_err(), "{known}");
            assert_eq!(customer.last_failure().as_deref(), Some(known));
            assert!(customer.end().await.is_ok());
            assert_eq!(customer.last_failure(), None);
        }
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
        let (began, customer_of_none) = (Instant::now(), customer(std::iter::repeat_with(unknown).take(100)));
        assert_eq!(customer_of_none.end().await.unwrap_err().to_string(), "404 not_found");
        assert_eq!(began.elapsed(), UNKNOWN_FOR);
        let order = Workload::new(1).placement(0).order;
        assert_eq!(customer([unknown()]).place(&order).await.unwrap_err().status, 404);
    }
}
