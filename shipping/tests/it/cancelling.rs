//! What cancelling does in each state of a label.

use std::time::Duration;

use tokio::time::sleep;

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn a_generated_label_is_cancelled_once() {
    let service = service([]);
    let id = id_in(&service.label("k").await);
    sleep(Duration::from_secs(60)).await;
    insta::assert_snapshot!(service.cancel(&id, "c1").await, @r#"
    after 0ns: 200
    content-type: application/json
    {"success":true,"labelId":"lbl_7d54510d2047d632","status":"cancelled","cancelledAt":"2024-01-15T10:31:20Z"}
    "#);
    insta::assert_snapshot!(service.cancel(&id, "c2").await, @r#"
    after 0ns: 409
    content-type: application/problem+json
    {"type":"urn:fake-stripe-chaos:problem:already_cancelled","title":"Label already cancelled","status":409,"detail":"The label lbl_7d54510d2047d632 is cancelled; there is nothing left to cancel.","instance":"/shipping/cancel","success":false,"error":"already_cancelled","message":"The label lbl_7d54510d2047d632 is cancelled; there is nothing left to cancel.","correlationId":"e02e3133-bd31-4488-87aa-a8608186a428"}
    "#);
    insta::assert_snapshot!(service.cancel(&id, "c1").await, @r#"
    after 0ns: 200
    content-type: application/json
    idempotent-replayed: true
    {"success":true,"labelId":"lbl_7d54510d2047d632","status":"cancelled","cancelledAt":"2024-01-15T10:31:20Z"}
    "#);
    insta::assert_snapshot!(service.status(&id).await, @r#"
    after 0ns: 200
    content-type: application/json
    {"success":true,"labelId":"lbl_7d54510d2047d632","status":"cancelled","carrier":"UPS","trackingNumber":"1ZJSVNQ70348362798","labelUrl":"https://labels.example/lbl_7d54510d2047d632.pdf","requestedAt":"2024-01-15T10:30:00Z","createdAt":"2024-01-15T10:30:20Z","cancelledAt":"2024-01-15T10:31:20Z","orderId":"ORD-123"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn cancelling_a_label_that_is_generating_ends_its_events_at_once() {
    let service = service([]);
    let mut events = service.stream("k").await.events();
    let id = id_in(&events.skip(2).await);
    let cancel = async {
        sleep(Duration::from_secs(2)).await;
        service.cancel(&id, "c").await
    };
    let (last, cancelled) = tokio::join!(events.next(), cancel);
    insta::assert_snapshot!(cancelled, @r#"
    after 0ns: 200
    content-type: application/json
    {"success":true,"labelId":"lbl_7d54510d2047d632","status":"cancelled","cancelledAt":"2024-01-15T10:30:07Z"}
    "#);
    insta::assert_snapshot!(last.unwrap(), @r#"[2s] event: problem {"type":"urn:fake-stripe-chaos:problem:label_cancelled","title":"Label cancelled","status":409,"detail":"The label lbl_7d54510d2047d632 was cancelled while it was being generated.","instance":"/shipping/create-label","success":false,"error":"label_cancelled","message":"The label lbl_7d54510d2047d632 was cancelled while it was being generated.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f"}"#);
    assert_eq!(events.next().await, None);
    insta::assert_snapshot!(service.label("k").await, @r#"
    after 0ns: 409
    content-type: application/problem+json
    idempotent-replayed: true
    {"type":"urn:fake-stripe-chaos:problem:label_cancelled","title":"Label cancelled","status":409,"detail":"The label lbl_7d54510d2047d632 was cancelled while it was being generated.","instance":"/shipping/create-label","success":false,"error":"label_cancelled","message":"The label lbl_7d54510d2047d632 was cancelled while it was being generated.","correlationId":"e02e3133-bd31-4488-87aa-a8608186a428"}
    "#);
    insta::assert_snapshot!(service.status(&id).await, @r#"
    after 0ns: 200
    content-type: application/json
    {"success":true,"labelId":"lbl_7d54510d2047d632","status":"cancelled","carrier":"UPS","requestedAt":"2024-01-15T10:30:00Z","cancelledAt":"2024-01-15T10:30:07Z","orderId":"ORD-123"}
    "#);
    insta::assert_snapshot!(service.cancel(&id, "c2").await, @r#"
    after 0ns: 409
    content-type: application/problem+json
    {"type":"urn:fake-stripe-chaos:problem:already_cancelled","title":"Label already cancelled","status":409,"detail":"The label lbl_7d54510d2047d632 is cancelled; there is nothing left to cancel.","instance":"/shipping/cancel","success":false,"error":"already_cancelled","message":"The label lbl_7d54510d2047d632 is cancelled; there is nothing left to cancel.","correlationId":"65cb8787-bd8b-4534-8631-3d1bb3da2e7f"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn cancelling_a_label_that_is_generating_answers_a_plain_client_at_once() {
    let service = service([]);
    let id = first_id().await;
    let cancel = async {
        sleep(Duration::from_secs(7)).await;
        service.cancel(&id, "c").await
    };
    let (answer, _) = tokio::join!(service.label("k"), cancel);
    insta::assert_snapshot!(answer, @r#"
    after 7s: 409
    content-type: application/problem+json
    {"type":"urn:fake-stripe-chaos:problem:label_cancelled","title":"Label cancelled","status":409,"detail":"The label lbl_7d54510d2047d632 was cancelled while it was being generated.","instance":"/shipping/create-label","success":false,"error":"label_cancelled","message":"The label lbl_7d54510d2047d632 was cancelled while it was being generated.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f"}
    "#);
    let again = service.stream("k").await.shown().await;
    assert!(again.contains("label_cancelled") && again.contains("idempotent-replayed"), "{again}");
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_goes_before_any_fault_that_was_to_come() {
    for outcome in ["timeout@20s", "timeout_after", "slow@20s", "lost_response", "malformed"] {
        let service = scripted(outcome);
        let id = first_id().await;
        let cancel = async {
            sleep(Duration::from_secs(7)).await;
            service.cancel(&id, "c").await
        };
        let (answer, cancelled) = tokio::join!(service.label("k"), cancel);
        assert!(cancelled.contains("after 0ns: 200"), "{outcome}: {cancelled}");
        assert!(answer.starts_with("after 7s: 409") && answer.contains("label_cancelled"), "{answer}");
        assert!(!answer.contains("x-chaos-injected"), "{outcome}: {answer}");
        let stats = &service.chaos.stats("shipping")[0];
        assert_eq!(stats.overridden, 1, "{outcome}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_in_the_moment_of_the_commit_is_either_before_or_after_it() {
    let (before, after) = (service([]), service([]));
    let mut events = before.stream("k").await.events();
    let id = id_in(&events.skip(4).await);
    sleep(Duration::from_secs(5)).await;
    assert!(before.cancel(&id, "c").await.contains(": 200"));
    let last = events.skip(1).await;
    assert!(last.starts_with("event: problem") && last.contains("label_cancelled"), "{last}");

    let mut events = after.stream("k").await.events();
    assert!(events.skip(5).await.contains(r#""progress":100"#));
    assert!(after.cancel(&id, "c").await.contains(": 200"));
    let last = events.skip(1).await;
    assert!(last.starts_with("event: label"), "{last}");
    for service in [before, after] {
        assert!(service.status(&id).await.contains(r#""status":"cancelled""#));
    }
}

#[tokio::test(start_paused = true)]
async fn an_abandoned_label_has_nothing_left_to_cancel() {
    let service = service([]);
    leave_after(Duration::from_secs(1), service.label("k")).await;
    insta::assert_snapshot!(service.cancel(&first_id().await, "c").await, @r#"
    after 0ns: 409
    content-type: application/problem+json
    {"type":"urn:fake-stripe-chaos:problem:already_cancelled","title":"Label already cancelled","status":409,"detail":"The label lbl_7d54510d2047d632 is abandoned; there is nothing left to cancel.","instance":"/shipping/cancel","success":false,"error":"already_cancelled","message":"The label lbl_7d54510d2047d632 is abandoned; there is nothing left to cancel.","correlationId":"f061c902-6ef1-4381-b355-7d3058fa4966"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_label_is_not_found() {
    let service = service([]);
    insta::assert_snapshot!(service.cancel("lbl_0000000000000000", "c").await, @r#"
    after 0ns: 404
    content-type: application/problem+json
    {"type":"urn:fake-stripe-chaos:problem:not_found","title":"Not found","status":404,"detail":"The label `lbl_0000000000000000` does not exist or has been evicted.","instance":"/shipping/cancel","success":false,"error":"not_found","message":"The label `lbl_0000000000000000` does not exist or has been evicted.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f"}
    "#);
    insta::assert_snapshot!(service.status("label-7").await, @r#"
    after 0ns: 404
    content-type: application/problem+json
    {"type":"urn:fake-stripe-chaos:problem:not_found","title":"Not found","status":404,"detail":"The label `label-7` does not exist or has been evicted.","instance":"/shipping/label-7/status","success":false,"error":"not_found","message":"The label `label-7` does not exist or has been evicted.","correlationId":"f061c902-6ef1-4381-b355-7d3058fa4966"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_failed_cancellation_did_not_happen() {
    let script = "ORD-123:shipping.cancel#1=internal_error; shipping.cancel#2=lost_response";
    let service = service([("CHAOS_SCRIPT", script)]);
    let id = id_in(&service.label("k").await);
    insta::assert_snapshot!(service.cancel(&id, "c").await, @r#"
    after 0ns: 500
    content-type: application/problem+json
    x-chaos-injected: shipping.cancel=internal_error
    {"type":"urn:fake-stripe-chaos:problem:internal_error","title":"Internal server error","status":500,"detail":"The service failed before it did anything; nothing happened.","instance":"/shipping/cancel","success":false,"error":"internal_error","message":"The service failed before it did anything; nothing happened.","correlationId":"f061c902-6ef1-4381-b355-7d3058fa4966","chaos":{"operation":"shipping.cancel","outcome":"internal_error","seed":7,"attempt":1}}
    "#);
    assert!(service.status(&id).await.contains(r#""status":"generated""#));
    insta::assert_snapshot!(service.cancel(&id, "c").await, @"after 0ns: 502 connection reset by chaos");
    assert!(service.status(&id).await.contains(r#""status":"cancelled""#));
    insta::assert_snapshot!(service.cancel(&id, "c").await, @r#"
    after 0ns: 200
    content-type: application/json
    idempotent-replayed: true
    {"success":true,"labelId":"lbl_7d54510d2047d632","status":"cancelled","cancelledAt":"2024-01-15T10:30:20Z"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_status_fails_only_by_its_own_table() {
    let service = service([("CHAOS_SHIPPING_STATUS", "unavailable=100%")]);
    let id = id_in(&service.label("k").await);
    insta::assert_snapshot!(service.status(&id).await, @r#"
    after 0ns: 503
    content-type: application/problem+json
    retry-after: 1
    x-chaos-injected: shipping.status=unavailable
    {"type":"urn:fake-stripe-chaos:problem:unavailable","title":"Service unavailable","status":503,"detail":"The service is unavailable; nothing happened.","instance":"/shipping/lbl_7d54510d2047d632/status","success":false,"error":"unavailable","message":"The service is unavailable; nothing happened.","correlationId":"f061c902-6ef1-4381-b355-7d3058fa4966","retryAfterMs":1000,"chaos":{"operation":"shipping.status","outcome":"unavailable","seed":7,"attempt":1}}
    "#);
}
