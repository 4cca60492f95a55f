//! A store that is full.

use std::time::Duration;

use shared::environment::Environment;
use shipping::Settings;

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn a_full_store_refuses_and_settled_labels_leave_first() {
    let service = service([("SHIPPING_CAPACITY", "2")]);
    let first = id_in(&service.label("a").await);
    leave_after(Duration::from_secs(1), service.label("b")).await;
    let second = id_in(&service.label("b").await);
    insta::assert_snapshot!(service.stream("c").await.shown().await, @r#"
    after 0ns: 503
    content-type: application/problem+json
    {"type":"urn:fake-stripe-chaos:problem:store_full","title":"Store full","status":503,"detail":"The store is full: all 2 labels (SHIPPING_CAPACITY) are live, so none can be evicted.","instance":"/shipping/create-label","success":false,"error":"store_full","message":"The store is full: all 2 labels (SHIPPING_CAPACITY) are live, so none can be evicted.","correlationId":"0ab89497-56a8-425a-b57b-3abdd0421019"}
    "#);
    service.cancel(&first, "x").await;
    assert!(service.label("c").await.contains(": 201"));
    assert!(service.status(&first).await.contains("not_found"));
    assert!(service.status(&second).await.contains("generated"));
}

#[tokio::test(start_paused = true)]
async fn no_refusal_or_fault_stands_in_for_a_full_store() {
    for outcome in ["address_validation_failed", "timeout@20s", "lost_response"] {
        let script = format!("shipping.create_label#2={outcome}");
        let service = service([("SHIPPING_CAPACITY", "1"), ("CHAOS_SCRIPT", &script)]);
        service.label("a").await;
        let refused = service.label("b").await;
        assert!(refused.starts_with("after 0ns: 503") && refused.contains("store_full"), "{refused}");
        assert!(!refused.contains("x-chaos-injected"), "{refused}");
        assert_eq!(service.chaos.stats("shipping")[0].overridden, 1, "{outcome}");
    }
}

#[test]
fn a_capacity_is_a_whole_number_from_1() {
    let read =
        |value: &str| Settings::from_environment(&Environment::from_iter([("SHIPPING_CAPACITY", value)]));
    assert_eq!(read("5"), Ok(Settings { capacity: 5 }));
    assert_eq!(read(""), Ok(Settings::default()));
    let refused: Vec<_> = ["0", "-1", "many"].map(|value| read(value).unwrap_err().to_string()).into();
    insta::assert_snapshot!(refused.join("\n"), @r"
    SHIPPING_CAPACITY: `0` is not a whole number from 1
    SHIPPING_CAPACITY: `-1` is not a whole number from 1
    SHIPPING_CAPACITY: `many` is not a whole number from 1
    ");
}
