//! A client that leaves before the commit leaves no label; one that leaves after it changes nothing.

use std::time::Duration;

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn a_plain_client_that_leaves_abandons_the_label() {
    let service = service([]);
    leave_after(Duration::from_millis(19_999), service.label("k")).await;
    insta::assert_snapshot!(service.status(&first_id().await).await, @r#"
    after 0ns: 200
    content-type: application/json
    {"success":true,"labelId":"lbl_7d54510d2047d632","status":"abandoned","carrier":"UPS","requestedAt":"2024-01-15T10:30:00Z","abandonedAt":"2024-01-15T10:30:19.999Z","orderId":"ORD-123"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_events_before_the_commit_abandons_the_label_and_frees_the_key() {
    for seen in 0..=4 {
        let service = service([]);
        let mut events = service.stream("k").await.events();
        for _ in 0..seen {
            events.next().await;
        }
        let id = first_id().await;
        assert!(service.status(&id).await.contains("generating"));
        drop(events);
        let status = service.status(&id).await;
        assert!(status.contains(r#""status":"abandoned""#), "after {seen} events: {status}");

        let mut again = service.stream("k").await.events();
        let first = again.skip(1).await;
        assert!(first.contains(r#""progress":0"#) && id_in(&first) != id, "{first}");
        assert!(again.skip(5).await.starts_with("event: label"));
    }
}

#[tokio::test(start_paused = true)]
async fn leaving_between_two_steps_abandons_the_label_at_that_time() {
    let service = service([]);
    let mut events = service.stream("k").await.events();
    events.skip(2).await;
    leave_after(Duration::from_secs(3), events.next()).await;
    drop(events);
    insta::assert_snapshot!(service.status(&first_id().await).await, @r#"
    after 0ns: 200
    content-type: application/json
    {"success":true,"labelId":"lbl_7d54510d2047d632","status":"abandoned","carrier":"UPS","requestedAt":"2024-01-15T10:30:00Z","abandonedAt":"2024-01-15T10:30:08Z","orderId":"ORD-123"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn leaving_at_100_per_cent_leaves_the_label_standing() {
    let service = service([]);
    let mut events = service.stream("k").await.events();
    let last_seen = events.skip(5).await;
    assert!(last_seen.contains(r#""progress":100"#), "{last_seen}");
    drop(events);
    insta::assert_snapshot!(service.label("k").await, @r#"
    after 0ns: 201
    content-type: application/json
    idempotent-replayed: true
    {"success":true,"labelId":"lbl_7d54510d2047d632","trackingNumber":"1ZJSVNQ70348362798","carrier":"UPS","status":"generated","labelUrl":"https://labels.example/lbl_7d54510d2047d632.pdf","createdAt":"2024-01-15T10:30:20Z","orderId":"ORD-123"}
    "#);
    let status = service.status(&id_in(&last_seen)).await;
    assert!(status.contains(r#""status":"generated""#), "{status}");
}

#[tokio::test(start_paused = true)]
async fn leaving_while_a_committed_answer_is_late_leaves_the_label_standing() {
    let service = scripted("slow@30s");
    leave_after(Duration::from_secs(21), service.label("k")).await;
    insta::assert_snapshot!(service.label("k").await, @r#"
    after 0ns: 201
    content-type: application/json
    idempotent-replayed: true
    {"success":true,"labelId":"lbl_7d54510d2047d632","trackingNumber":"1ZJSVNQ70348362798","carrier":"UPS","status":"generated","labelUrl":"https://labels.example/lbl_7d54510d2047d632.pdf","createdAt":"2024-01-15T10:30:20Z","orderId":"ORD-123"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn every_abandoned_request_counts_as_an_attempt() {
    let service = service([("CHAOS_SCRIPT", "shipping.create_label#3=carrier_error")]);
    leave_after(Duration::from_secs(1), service.label("k")).await;
    leave_after(Duration::from_secs(1), service.label("k")).await;
    insta::assert_snapshot!(service.label("k").await, @r#"
    after 0ns: 503
    content-type: application/problem+json
    retry-after: 2
    x-chaos-injected: shipping.create_label=carrier_error
    {"type":"urn:fake-stripe-chaos:problem:carrier_error","title":"Carrier error","status":503,"detail":"The carrier cannot be reached; there is no label.","instance":"/shipping/create-label","success":false,"error":"carrier_error","message":"The carrier cannot be reached; there is no label.","correlationId":"e02e3133-bd31-4488-87aa-a8608186a428","retryAfterMs":2000,"chaos":{"operation":"shipping.create_label","outcome":"carrier_error","seed":7,"attempt":3}}
    "#);
}

#[tokio::test(start_paused = true)]
async fn leaving_a_hang_frees_the_key() {
    let service = scripted("hang");
    leave_after(Duration::from_secs(120), service.stream("k")).await;
    assert!(service.label("k").await.starts_with("after 20s: 201"));
}
