//! Labels take time.

use std::time::Duration;

use tokio::time::sleep;

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn a_plain_client_gets_one_answer_after_twenty_seconds() {
    insta::assert_snapshot!(service([]).label("k").await, @r#"
    after 20s: 201
    content-type: application/json
    {"success":true,"labelId":"lbl_7d54510d2047d632","trackingNumber":"1ZJSVNQ70348362798","carrier":"UPS","status":"generated","labelUrl":"https://labels.example/lbl_7d54510d2047d632.pdf","createdAt":"2024-01-15T10:30:20Z","orderId":"ORD-123"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_client_of_events_sees_every_step() {
    insta::assert_snapshot!(service([]).stream("k").await.shown().await, @r#"
    after 0ns: 200
    content-type: text/event-stream
    event: progress {"labelId":"lbl_7d54510d2047d632","progress":0}
    [5s] event: progress {"labelId":"lbl_7d54510d2047d632","progress":25}
    [5s] event: progress {"labelId":"lbl_7d54510d2047d632","progress":50}
    [5s] event: progress {"labelId":"lbl_7d54510d2047d632","progress":75}
    [5s] event: progress {"labelId":"lbl_7d54510d2047d632","progress":100}
    event: label {"success":true,"labelId":"lbl_7d54510d2047d632","trackingNumber":"1ZJSVNQ70348362798","carrier":"UPS","status":"generated","labelUrl":"https://labels.example/lbl_7d54510d2047d632.pdf","createdAt":"2024-01-15T10:30:20Z","orderId":"ORD-123"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn the_status_follows_the_events() {
    let service = service([]);
    let mut events = service.stream("k").await.events();
    let mut id = None;
    let mut statuses = Vec::new();
    while let Some(event) = events.next().await {
        let id = id.get_or_insert_with(|| id_in(&event));
        statuses.push(service.status(id).await);
    }
    insta::assert_snapshot!(statuses.join("\n"), @r#"
    after 0ns: 200
    content-type: application/json
    {"success":true,"labelId":"lbl_7d54510d2047d632","status":"generating","progress":0,"carrier":"UPS","requestedAt":"2024-01-15T10:30:00Z","orderId":"ORD-123"}
    after 0ns: 200
    content-type: application/json
    {"success":true,"labelId":"lbl_7d54510d2047d632","status":"generating","progress":25,"carrier":"UPS","requestedAt":"2024-01-15T10:30:00Z","orderId":"ORD-123"}
    after 0ns: 200
    content-type: application/json
    {"success":true,"labelId":"lbl_7d54510d2047d632","status":"generating","progress":50,"carrier":"UPS","requestedAt":"2024-01-15T10:30:00Z","orderId":"ORD-123"}
    after 0ns: 200
    content-type: application/json
    {"success":true,"labelId":"lbl_7d54510d2047d632","status":"generating","progress":75,"carrier":"UPS","requestedAt":"2024-01-15T10:30:00Z","orderId":"ORD-123"}
    after 0ns: 200
    content-type: application/json
    {"success":true,"labelId":"lbl_7d54510d2047d632","status":"generated","carrier":"UPS","trackingNumber":"1ZJSVNQ70348362798","labelUrl":"https://labels.example/lbl_7d54510d2047d632.pdf","requestedAt":"2024-01-15T10:30:00Z","createdAt":"2024-01-15T10:30:20Z","orderId":"ORD-123"}
    after 0ns: 200
    content-type: application/json
    {"success":true,"labelId":"lbl_7d54510d2047d632","status":"generated","carrier":"UPS","trackingNumber":"1ZJSVNQ70348362798","labelUrl":"https://labels.example/lbl_7d54510d2047d632.pdf","requestedAt":"2024-01-15T10:30:00Z","createdAt":"2024-01-15T10:30:20Z","orderId":"ORD-123"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_label_makes_progress_for_a_plain_client_too() {
    let service = service([]);
    let id = first_id().await;
    let look = async {
        sleep(Duration::from_millis(5001)).await;
        service.status(&id).await
    };
    let (_, status) = tokio::join!(service.label("k"), look);
    assert!(status.contains(r#""status":"generating","progress":25"#), "{status}");
}

#[tokio::test(start_paused = true)]
async fn time_scale_shortens_the_steps() {
    let service = service([("TIME_SCALE", "0.01")]);
    insta::assert_snapshot!(service.stream("k").await.shown().await, @r#"
    after 0ns: 200
    content-type: text/event-stream
    event: progress {"labelId":"lbl_7d54510d2047d632","progress":0}
    [50ms] event: progress {"labelId":"lbl_7d54510d2047d632","progress":25}
    [50ms] event: progress {"labelId":"lbl_7d54510d2047d632","progress":50}
    [50ms] event: progress {"labelId":"lbl_7d54510d2047d632","progress":75}
    [50ms] event: progress {"labelId":"lbl_7d54510d2047d632","progress":100}
    event: label {"success":true,"labelId":"lbl_7d54510d2047d632","trackingNumber":"1ZJSVNQ70348362798","carrier":"UPS","status":"generated","labelUrl":"https://labels.example/lbl_7d54510d2047d632.pdf","createdAt":"2024-01-15T10:30:00.2Z","orderId":"ORD-123"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn the_carrier_decides_on_the_tracking_number() {
    let body = r#"{"carrier":"FedEx","shippingAddress":{"street":"1 Rue de Rivoli","city":"Paris","state":"IDF","zip":"75001","country":"France"}}"#;
    let answered = service([]).post("/shipping/create-label", body, []).await;
    insta::assert_snapshot!(answered.shown().await, @r#"
    after 20s: 201
    content-type: application/json
    {"success":true,"labelId":"lbl_f0a3b867a81f2997","trackingNumber":"492187161806","carrier":"FedEx","status":"generated","labelUrl":"https://labels.example/lbl_f0a3b867a81f2997.pdf","createdAt":"2024-01-15T10:30:20Z"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn an_order_meets_the_same_label_whatever_else_happens() {
    let (quiet, busy) = (service([]), service([]));
    let other = ORDER.replace("ORD-123", "ORD-9");
    let (alone, first, _) =
        tokio::join!(quiet.label("a"), busy.label("b"), busy.post("/shipping/create-label", &other, []),);
    assert_eq!(alone, first);
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_loses_nothing() {
    let service = service([]);
    let mut events = service.stream("k").await.events();
    events.skip(1).await;
    sleep(Duration::from_secs(3600)).await;
    let label = events.skip(5).await;
    assert!(label.starts_with("event: label"), "{label}");
    assert_eq!(events.next().await, None);
}
