//! Keys.

use std::time::Duration;

use tokio::time::sleep;

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn a_replay_is_the_stored_answer_and_over_events_one_event() {
    let service = service([]);
    let first = service.label("k").await;
    let again = service.label("k").await;
    assert_eq!(again.lines().last(), first.lines().last());
    insta::assert_snapshot!(again, @r#"
    after 0ns: 201
    content-type: application/json
    idempotent-replayed: true
    {"success":true,"labelId":"lbl_7d54510d2047d632","trackingNumber":"1ZJSVNQ70348362798","carrier":"UPS","status":"generated","labelUrl":"https://labels.example/lbl_7d54510d2047d632.pdf","createdAt":"2024-01-15T10:30:20Z","orderId":"ORD-123"}
    "#);
    insta::assert_snapshot!(service.stream("k").await.shown().await, @r#"
    after 0ns: 200
    content-type: text/event-stream
    idempotent-replayed: true
    event: label {"success":true,"labelId":"lbl_7d54510d2047d632","trackingNumber":"1ZJSVNQ70348362798","carrier":"UPS","status":"generated","labelUrl":"https://labels.example/lbl_7d54510d2047d632.pdf","createdAt":"2024-01-15T10:30:20Z","orderId":"ORD-123"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn defaults_and_unknown_fields_are_the_same_body() {
    let service = service([]);
    service.label("k").await;
    let spelled_out = ORDER.replacen('{', r#"{ "carrier": "UPS", "note": 1, "#, 1);
    let headers = [("idempotency-key", "k")];
    let again = service.post("/shipping/create-label", &spelled_out, headers).await.shown().await;
    assert!(again.contains("idempotent-replayed"), "{again}");
}

#[tokio::test(start_paused = true)]
async fn another_body_under_the_same_key_is_refused() {
    let service = service([]);
    service.label("k").await;
    let headers = [("idempotency-key", "k"), ("accept", "text/event-stream")];
    let other = ORDER.replace("94105", "94106");
    let answered = service.post("/shipping/create-label", &other, headers).await;
    insta::assert_snapshot!(answered.shown().await, @r#"
    after 0ns: 422
    content-type: application/problem+json
    {"type":"urn:fake-stripe-chaos:problem:idempotency_key_reuse","title":"Idempotency key reused","status":422,"detail":"This Idempotency-Key was used with another body.","instance":"/shipping/create-label","success":false,"error":"idempotency_key_reuse","message":"This Idempotency-Key was used with another body.","correlationId":"f061c902-6ef1-4381-b355-7d3058fa4966"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_key_in_use_is_refused_until_its_label_is_made() {
    let service = service([]);
    let meanwhile = async {
        sleep(Duration::from_secs(19)).await;
        service.stream("k").await.shown().await
    };
    let (_, refused) = tokio::join!(service.label("k"), meanwhile);
    insta::assert_snapshot!(refused, @r#"
    after 0ns: 409
    content-type: application/problem+json
    retry-after: 1
    {"type":"urn:fake-stripe-chaos:problem:idempotency_in_progress","title":"Request in progress","status":409,"detail":"A request with this Idempotency-Key is still executing.","instance":"/shipping/create-label","success":false,"error":"idempotency_in_progress","message":"A request with this Idempotency-Key is still executing.","correlationId":"f061c902-6ef1-4381-b355-7d3058fa4966","retryAfterMs":1000}
    "#);
    // It drew nothing: the one draw is that of the label.
    let drawn: u64 = service.chaos.stats("shipping")[0].outcomes.iter().map(|outcome| outcome.drawn).sum();
    assert_eq!(drawn, 1);
}
