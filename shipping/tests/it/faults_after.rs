//! Faults after the commit change only the last thing that the client sees: the label stands.

use crate::support::*;

/// What a client of events sees, what became of the label, what a plain client sees and what a retry
/// of the latter under its key is told.
async fn story(outcome: &str) -> String {
    let service = scripted(outcome);
    let events = service.stream("k").await.shown().await;
    let status = service.status(&id_in(&events)).await;
    let generated = r#""status":"generated""#;
    assert!(status.contains(generated), "{status}");
    let plain = scripted(outcome);
    let (first, again) = (plain.label("k").await, plain.label("k").await);
    assert!(again.contains(generated) && again.contains("idempotent-replayed"), "{again}");
    let steps = events.find("[5s] event: progress {\"labelId\":\"").expect("all steps are shown");
    let last = events.rfind("\"progress\":100}").expect("the last step is shown");
    let (head, tail) = (&events[..steps], &events[last..]);
    format!("{head}...\n{tail}\n\n{first}")
}

#[tokio::test(start_paused = true)]
async fn a_slow_label_is_committed_and_then_late() {
    insta::assert_snapshot!(story("slow@7s").await, @r#"
    after 0ns: 200
    content-type: text/event-stream
    x-chaos-injected: shipping.create_label=slow
    event: progress {"labelId":"lbl_7d54510d2047d632","progress":0}
    ...
    "progress":100}
    [7s] event: label {"success":true,"labelId":"lbl_7d54510d2047d632","trackingNumber":"1ZJSVNQ70348362798","carrier":"UPS","status":"generated","labelUrl":"https://labels.example/lbl_7d54510d2047d632.pdf","createdAt":"2024-01-15T10:30:20Z","orderId":"ORD-123"}

    after 27s: 201
    content-type: application/json
    x-chaos-injected: shipping.create_label=slow
    {"success":true,"labelId":"lbl_7d54510d2047d632","trackingNumber":"1ZJSVNQ70348362798","carrier":"UPS","status":"generated","labelUrl":"https://labels.example/lbl_7d54510d2047d632.pdf","createdAt":"2024-01-15T10:30:20Z","orderId":"ORD-123"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_lost_response_is_a_reset_in_place_of_the_last_event() {
    insta::assert_snapshot!(story("lost_response").await, @r#"
    after 0ns: 200
    content-type: text/event-stream
    an error of the body is shown as: connection reset by chaos
    event: progress {"labelId":"lbl_7d54510d2047d632","progress":0}
    ...
    "progress":100}
    error: connection reset by chaos

    after 20s: 502 connection reset by chaos
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_after_is_a_problem_in_place_of_the_label() {
    insta::assert_snapshot!(story("timeout_after").await, @r#"
    after 0ns: 200
    content-type: text/event-stream
    event: progress {"labelId":"lbl_7d54510d2047d632","progress":0}
    ...
    "progress":100}
    [5s] event: problem {"type":"urn:fake-stripe-chaos:problem:timeout","title":"Request timed out","status":408,"detail":"The request was processed, then it timed out.","instance":"/shipping/create-label","success":false,"error":"timeout","message":"The request was processed, then it timed out.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","chaos":{"operation":"shipping.create_label","outcome":"timeout_after","seed":7,"attempt":1}}

    after 25s: 408
    content-type: application/problem+json
    x-chaos-injected: shipping.create_label=timeout_after
    {"type":"urn:fake-stripe-chaos:problem:timeout","title":"Request timed out","status":408,"detail":"The request was processed, then it timed out.","instance":"/shipping/create-label","success":false,"error":"timeout","message":"The request was processed, then it timed out.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","chaos":{"operation":"shipping.create_label","outcome":"timeout_after","seed":7,"attempt":1}}
    "#);
}

#[tokio::test(start_paused = true)]
async fn an_internal_error_after_is_a_problem_in_place_of_the_label() {
    insta::assert_snapshot!(story("internal_error_after").await, @r#"
    after 0ns: 200
    content-type: text/event-stream
    event: progress {"labelId":"lbl_7d54510d2047d632","progress":0}
    ...
    "progress":100}
    event: problem {"type":"urn:fake-stripe-chaos:problem:internal_error","title":"Internal server error","status":500,"detail":"The request was processed, then the service failed.","instance":"/shipping/create-label","success":false,"error":"internal_error","message":"The request was processed, then the service failed.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","chaos":{"operation":"shipping.create_label","outcome":"internal_error_after","seed":7,"attempt":1}}

    after 20s: 500
    content-type: application/problem+json
    x-chaos-injected: shipping.create_label=internal_error_after
    {"type":"urn:fake-stripe-chaos:problem:internal_error","title":"Internal server error","status":500,"detail":"The request was processed, then the service failed.","instance":"/shipping/create-label","success":false,"error":"internal_error","message":"The request was processed, then the service failed.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","chaos":{"operation":"shipping.create_label","outcome":"internal_error_after","seed":7,"attempt":1}}
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_malformed_answer_breaks_off_in_the_label() {
    insta::assert_snapshot!(story("malformed").await, @r#"
    after 0ns: 200
    content-type: text/event-stream
    x-chaos-injected: shipping.create_label=malformed
    event: progress {"labelId":"lbl_7d54510d2047d632","progress":0}
    ...
    "progress":100}
    event: label {"success":true,"labelId":"lbl_7d54510d2047d632","trackingNumber":"1ZJSVNQ70348362798","carrier":"UPS","status":"generat

    after 20s: 200
    content-type: application/json
    x-chaos-injected: shipping.create_label=malformed
    {"success":true,"labelId":"lbl_7d54510d2047d632","trackingNumber":"1ZJSVNQ70348362798","carrier":"UPS","status":"generat
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_label_is_kept_before_its_late_answer_is_sent() {
    let service = scripted("slow@1h");
    let mut events = service.stream("k").await.events();
    let at_the_commit = events.skip(5).await;
    let status = service.status(&id_in(&at_the_commit)).await;
    assert!(status.contains(r#""status":"generated""#), "{status}");
    assert!(service.label("k").await.starts_with("after 0ns: 201"));
}
