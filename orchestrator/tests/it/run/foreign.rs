//! A flow that is no orchestrator at all: a plain script that talks to the backends.

use serde_json::{Value, json};

use super::{command, output, start_backends};
use crate::binary::{code, stdout};

/// Charges for an order, gets no label for it, and gives up without a refund.
async fn buy_a_label_and_forget_the_refund(backends: &str) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = async |path: &str, body: Value| -> Value {
        let request = http.post(format!("{backends}/{path}")).header("idempotency-key", path);
        request.json(&body).send().await.unwrap().json().await.unwrap()
    };
    let money = json!({"orderId": "ORD-1", "amount": 109.97, "currency": "usd"});
    let hold = ask("payment/authorize", money).await;
    ask("payment/capture", json!({"authId": hold["authId"]})).await;
    let address = json!({"street": "nowhere", "city": "?", "state": "CA", "zip": "0", "country": "US"});
    let refused = ask("shipping/create-label", json!({"orderId": "ORD-1", "shippingAddress": address})).await;
    assert_eq!(refused["error"], "address_validation_failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_that_forgets_to_refund_is_found_out() {
    let script = "shipping.create_label#1=address_validation_failed";
    let backends = start_backends(&[("CHAOS_FAILURE_RATE", "0"), ("CHAOS_SCRIPT", script)]).await;
    buy_a_label_and_forget_the_refund(&backends).await;
    let judged = output(&mut command("audit", &format!("--url {backends}")));
    assert_eq!(code(&judged), 1);
    let text = stdout(&judged);
    let lines: Vec<_> = text.lines().take(3).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    VIOLATION ORD-1 captured_without_delivery
      109.97 was captured (auth_769718d276030fac) and nothing of it was refunded, yet the order has no live label.
      Usually a step after the capture failed and nothing refunded it, or the capture's own answer was taken for a failure: a lost answer, or 409 already_captured, which says that the money is captured.
    ");
}
