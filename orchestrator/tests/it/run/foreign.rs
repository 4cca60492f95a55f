//! A flow that is no orchestrator at all: a plain script that talks to the backends, as
//! `docs/YOUR_OWN_FLOW.md` tells it to.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{command, output, start_backends};
use crate::binary::{code, stdout};

const PAGE: &str = include_str!("../../../../docs/YOUR_OWN_FLOW.md");

/// What stands between backticks in a row of a table.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The rows of the page's tables of calls: a path, a body, and the ids in the answer.
fn calls() -> Vec<(&'static str, &'static str, Vec<&'static str>)> {
    let rows = PAGE.lines().filter_map(|line| {
        let [_, call, body, ids, _] = line.split('|').collect::<Vec<_>>()[..] else { return None };
        let path = *quoted(call).first()?;
        Some((path, *quoted(body).first()?, quoted(ids)))
    });
    rows.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_of_the_page_works_as_written() {
    let backends = start_backends(&[("CHAOS_FAILURE_RATE", "0")]).await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let calls = calls();
    assert_eq!(calls.len(), 9);
    // What was captured is refunded, and a hold of another order is released.
    let (captured, held): (Vec<_>, Vec<_>) =
        calls.iter().cloned().partition(|(path, ..)| *path != "/payment/release");
    for (order, calls) in [("ORD-1", captured), ("ORD-2", [&calls[..1], &held].concat())] {
        let mut known: BTreeMap<&str, String> = BTreeMap::new();
        for (path, body, ids) in calls {
            let mut body = body.replace("ORD-1", order);
            for (name, id) in &known {
                body = body.replace(&format!("{{{name}}}"), id);
            }
            let body: Value = serde_json::from_str(&body).unwrap();
            let request = http.post(format!("{backends}{path}")).json(&body);
            let request = request.header("idempotency-key", format!("{order}{path}"));
            let answer: Value = request.send().await.unwrap().json().await.unwrap();
            assert_eq!(answer["success"], true, "{path} {body}: {answer}");
            known.extend(ids.iter().map(|id| (*id, answer[*id].as_str().unwrap().to_owned())));
        }
    }
    let judged = output(&mut command("audit", &format!("--url {backends} --strict")));
    assert_eq!(code(&judged), 0, "{}", stdout(&judged));
    assert!(stdout(&judged).starts_with("2 orders judged."), "{}", stdout(&judged));
}

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
