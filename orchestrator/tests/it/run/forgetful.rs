//! Someone else's orchestrator: it serves the order API, and forgets one thing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::watch;

use shared::http::{Correlation, with_common};

use super::serve_at_free_port;

type Word = watch::Sender<Option<&'static str>>;

struct Shop {
    http: reqwest::Client,
    backends: String,
    orders: Mutex<BTreeMap<String, Order>>,
}

#[derive(Clone)]
struct Order {
    decision: Word,
    end: Word,
}

/// Its address. It releases the holds of orders that are rejected or cancelled, but not of those
/// whose stock is refused. It answers every decision with success, and heeds the first alone.
pub(super) async fn start_forgetful(backends: &str) -> String {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let shop = Arc::new(Shop { http, backends: backends.to_owned(), orders: Mutex::default() });
    let router = Router::new()
        .route("/workflows/order", post(place))
        .route("/workflows/{id}/{decision}", post(decide))
        .route("/workflows/{id}/result", get(result))
        .with_state(shop);
    serve_at_free_port(with_common(router, Correlation::seeded(2))).await
}

async fn place(State(shop): State<Arc<Shop>>, Json(order): Json<Value>) -> (StatusCode, Json<Value>) {
    let id = format!("order-fulfillment-{}", order["orderId"].as_str().unwrap());
    let placed = Order { decision: Word::default(), end: Word::default() };
    let known = shop.orders.lock().unwrap().insert(id.clone(), placed.clone()).is_some();
    assert!(!known, "{id} is placed once");
    tokio::spawn(async move { shop.fulfil(&order, &placed).await });
    (StatusCode::CREATED, Json(json!({"success": true, "workflowId": id})))
}

async fn decide(State(shop): State<Arc<Shop>>, Path((id, decision)): Path<(String, String)>) -> Json<Value> {
    let decision = ["approve", "reject", "cancel"].into_iter().find(|known| *known == decision);
    shop.order(&id).decision.send_if_modified(|known| {
        let is_first = known.is_none();
        *known = known.or(decision);
        is_first
    });
    Json(json!({"success": true}))
}

async fn result(State(shop): State<Arc<Shop>>, Path(id): Path<String>) -> Result<Json<Value>, StatusCode> {
    let order = shop.orders.lock().unwrap().get(&id).cloned().ok_or(StatusCode::NOT_FOUND)?;
    let status = heard(&order.end).await;
    Ok(Json(json!({"success": true, "result": {"status": status}})))
}

async fn heard(word: &Word) -> &'static str {
    word.subscribe().wait_for(Option::is_some).await.unwrap().unwrap()
}

impl Shop {
    fn order(&self, id: &str) -> Order {
        self.orders.lock().unwrap()[id].clone()
    }

    async fn fulfil(&self, input: &Value, order: &Order) {
        let end = self.work(input, order).await;
        order.end.send_replace(Some(end));
    }

    async fn work(&self, input: &Value, order: &Order) -> &'static str {
        let id = input["orderId"].as_str().unwrap();
        let money = json!({"orderId": id, "amount": input["totalAmount"], "currency": "usd"});
        let (_, hold) = self.ask("payment/authorize", &format!("pay-{id}"), money).await;
        let hold = json!({"authId": hold["authId"]});
        match heard(&order.decision).await {
            "approve" => {}
            no => {
                self.ask("payment/release", &format!("free-{id}"), hold).await;
                return if no == "reject" { "rejected" } else { "cancelled" };
            }
        }
        let items = json!({"orderId": id, "items": [{"sku": "ITEM-001", "quantity": 1}]});
        let (reserved, _) = self.ask("inventory/reserve", &format!("stock-{id}"), items).await;
        if reserved != StatusCode::CREATED {
            // The hold is forgotten.
            return "failed";
        }
        self.ask("payment/capture", &format!("take-{id}"), hold).await;
        let parcel = json!({"orderId": id, "shippingAddress": input["shippingAddress"]});
        self.ask("shipping/create-label", &format!("label-{id}"), parcel).await;
        "shipped"
    }

    async fn ask(&self, path: &str, key: &str, body: Value) -> (StatusCode, Value) {
        let order = key.split_once('-').unwrap().1;
        let request = self.http.post(format!("{}/{path}", self.backends)).header("idempotency-key", key);
        let answer =
            request.header("x-correlation-id", format!("checkout-{order}")).json(&body).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }
}
