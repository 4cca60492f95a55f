//! Orchestrators that lose or refuse orders: one of many is a finding, all of them are no run.

use axum::extract::Path;
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Value, json};
use shared::http::{Correlation, with_common};

use super::{SMALL, command, output, results, serve_at_free_port, start_backends, text_of};
use crate::binary::{code, stderr, stdout};

/// One that rejects every order at once, without asking the backends for anything, but for ORD-7-3, which it
/// places with this answer and never knows.
async fn start_losing(answer: StatusCode) -> String {
    let place = async move |Json(order): Json<Value>| match text_of(&order["orderId"]) {
        "ORD-7-3" => (answer, Json(json!({"error": "lost"}))),
        _ => (StatusCode::CREATED, Json(json!({}))),
    };
    let result = async |Path(id): Path<String>| match id.as_str() {
        "order-fulfillment-ORD-7-3" => (StatusCode::NOT_FOUND, Json(json!({"error": "not_found"}))),
        _ => (StatusCode::OK, Json(json!({"result": {"status": "rejected"}}))),
    };
    let router = Router::new()
        .route("/workflows/order", post(place))
        .route("/workflows/{id}/result", get(result))
        .route("/workflows/{id}/reject", post(async || Json(json!({}))));
    serve_at_free_port(with_common(router, Correlation::seeded(2))).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_is_lost_is_a_finding_beside_the_verdict_on_the_others() {
    let answers = [
        (StatusCode::CREATED, "GET /workflows/{id}/result: 404 not_found"),
        (StatusCode::BAD_REQUEST, "POST /workflows/order: 400 lost"),
    ];
    for (answer, told) in answers {
        let (backends, target) = (start_backends(&[]).await, start_losing(answer).await);
        let line = format!("{SMALL} --reject 1 --target {target} --backends {backends}");
        let results = results(&output(&mut command("run", &line)), 1);
        let orders = results["orders"].as_array().unwrap();
        let rejected = orders.iter().filter(|order| order["end"] == "rejected").count();
        assert_eq!((orders.len(), rejected), (40, 39));
        assert_eq!((&orders[3]["end"], text_of(&orders[3]["reason"])), (&json!("not_ended"), told));
        let findings = results["audit"]["findings"].as_array().unwrap();
        let found: Vec<_> = findings.iter().map(|it| (text_of(&it["order"]), text_of(&it["rule"]))).collect();
        assert_eq!(found, [("ORD-7-3", "order_not_ended")]);
        assert_eq!(text_of(&results["notes"][0]), format!("1 order did not end, such as ORD-7-3 ({told})."));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_orchestrator_that_fails_every_request_is_quoted() {
    let failing = async || (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({"error": "db_down"})));
    let target = Router::new().route("/workflows/order", post(failing));
    let target = serve_at_free_port(with_common(target, Correlation::seeded(2))).await;
    let backends = start_backends(&[]).await;
    let line =
        format!("--orders 2 --approve 1 --order-timeout 200ms --target {target} --backends {backends}");
    let made = output(&mut command("run", &line));
    assert_eq!((code(&made), stdout(&made).as_str()), (2, ""));
    let told = stderr(&made);
    let quoted = "none of these orders, such as ORD-7-0 (not ended; POST /workflows/order: 500 db_down): is";
    assert!(told.contains(quoted), "{told}");
}
