//! `run --double-clicks`: orders that are placed twice at once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Value, json};
use shared::http::{Correlation, with_common};

use super::{command, output, results, serve_at_free_port, start_backends, text_of};

const ORDERS: &str = "--orders 10 --seed 7 --time-scale 0.001 --format json";

#[test]
fn the_bundled_orchestrator_makes_one_order_of_two_clicks() {
    let results =
        results(&output(&mut command("run", &format!("{ORDERS} --double-clicks 1 --approve 1 --strict"))), 0);
    assert_eq!(results["audit"]["orders"], 10);
    assert!(text_of(&results["setting"]["command"]).contains(" --double-clicks 1"));
}

/// It holds money for each click, and releases what it held last.
#[derive(Default)]
struct Shop {
    backends: String,
    http: reqwest::Client,
    clicks: AtomicU32,
    holds: Mutex<BTreeMap<String, Value>>,
}

impl Shop {
    async fn pay(&self, path: &str, body: &Value) -> Value {
        let key = self.clicks.fetch_add(1, Relaxed).to_string();
        let request = self.http.post(format!("{}/payment/{path}", self.backends)).json(body);
        request.header("idempotency-key", key).send().await.unwrap().json().await.unwrap()
    }

    async fn place(State(shop): State<Arc<Self>>, Json(order): Json<Value>) -> StatusCode {
        let hold = json!({"orderId": order["orderId"], "amount": 10, "currency": "usd"});
        let held = shop.pay("authorize", &hold).await;
        let id = format!("order-fulfillment-{}", text_of(&order["orderId"]));
        let is_new = shop.holds.lock().unwrap().insert(id, held["authId"].clone()).is_none();
        if is_new { StatusCode::CREATED } else { StatusCode::OK }
    }

    async fn reject(State(shop): State<Arc<Self>>, Path(id): Path<String>) -> StatusCode {
        let held = shop.holds.lock().unwrap()[&id].clone();
        shop.pay("release", &json!({"authId": held})).await;
        StatusCode::OK
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_orchestrator_that_begins_twice_is_found_out() {
    for (clicks, ending, left) in [("--double-clicks 1", 1, 10), ("", 0, 0)] {
        let backends = start_backends(&[("CHAOS_FAILURE_RATE", "0")]).await;
        let routes = Router::new()
            .route("/workflows/order", post(Shop::place))
            .route("/workflows/{id}/reject", post(Shop::reject))
            .route("/workflows/{id}/result", get(async || Json(json!({"result": {"status": "rejected"}}))))
            .with_state(Arc::new(Shop { backends: backends.clone(), ..Shop::default() }));
        let target = serve_at_free_port(with_common(routes, Correlation::seeded(2))).await;
        let line = format!("{ORDERS} {clicks} --reject 1 --target {target} --backends {backends}");
        let results = results(&output(&mut command("run", &line)), ending);
        let findings = results["audit"]["findings"].as_array().unwrap();
        let holds = findings.iter().filter(|finding| finding["rule"] == "hold_left_open");
        assert_eq!(holds.count(), left, "{clicks}");
    }
}
