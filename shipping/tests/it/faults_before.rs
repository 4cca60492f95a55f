//! Faults before a label, and the refusal in its place: nothing was made.

use crate::support::*;

/// What a client of events, a plain client and a retry of the latter under its key see.
async fn story(outcome: &str) -> String {
    let service = scripted(outcome);
    let events = service.stream("k").await.shown().await;
    let plain = scripted(outcome);
    let (first, again) = (plain.label("k").await, plain.label("k").await);
    let mut story = format!("{events}\n\n{first}\n\n{again}");
    if events.contains("lbl_") {
        story = format!("{story}\n\n{}", service.status(&id_in(&events)).await);
    }
    story
}

#[tokio::test(start_paused = true)]
async fn a_timeout_shows_progress_and_abandons_the_label() {
    insta::assert_snapshot!(story("timeout").await, @r#"
    after 0ns: 200
    content-type: text/event-stream
    event: progress {"labelId":"lbl_7d54510d2047d632","progress":0}
    [5s] event: progress {"labelId":"lbl_7d54510d2047d632","progress":25}
    [5s] event: progress {"labelId":"lbl_7d54510d2047d632","progress":50}
    [5s] event: progress {"labelId":"lbl_7d54510d2047d632","progress":75}
    [5s] event: problem {"type":"urn:fake-stripe-chaos:problem:timeout","title":"Request timed out","status":408,"detail":"The request timed out before it reached the service; nothing happened.","instance":"/shipping/create-label","success":false,"error":"timeout","message":"The request timed out before it reached the service; nothing happened.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","chaos":{"operation":"shipping.create_label","outcome":"timeout","seed":7,"attempt":1}}

    after 20s: 408
    content-type: application/problem+json
    x-chaos-injected: shipping.create_label=timeout
    {"type":"urn:fake-stripe-chaos:problem:timeout","title":"Request timed out","status":408,"detail":"The request timed out before it reached the service; nothing happened.","instance":"/shipping/create-label","success":false,"error":"timeout","message":"The request timed out before it reached the service; nothing happened.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","chaos":{"operation":"shipping.create_label","outcome":"timeout","seed":7,"attempt":1}}

    after 20s: 201
    content-type: application/json
    {"success":true,"labelId":"lbl_f9083fcd9888e076","trackingNumber":"1ZBYWD570309342970","carrier":"UPS","status":"generated","labelUrl":"https://labels.example/lbl_f9083fcd9888e076.pdf","createdAt":"2024-01-15T10:30:40Z","orderId":"ORD-123"}

    after 0ns: 200
    content-type: application/json
    {"success":true,"labelId":"lbl_7d54510d2047d632","status":"abandoned","carrier":"UPS","requestedAt":"2024-01-15T10:30:00Z","abandonedAt":"2024-01-15T10:30:20Z","orderId":"ORD-123"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_carrier_error_has_its_status_and_no_stream() {
    insta::assert_snapshot!(story("carrier_error").await, @r#"
    after 0ns: 503
    content-type: application/problem+json
    retry-after: 2
    x-chaos-injected: shipping.create_label=carrier_error
    {"type":"urn:fake-stripe-chaos:problem:carrier_error","title":"Carrier error","status":503,"detail":"The carrier cannot be reached; there is no label.","instance":"/shipping/create-label","success":false,"error":"carrier_error","message":"The carrier cannot be reached; there is no label.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","retryAfterMs":2000,"chaos":{"operation":"shipping.create_label","outcome":"carrier_error","seed":7,"attempt":1}}

    after 0ns: 503
    content-type: application/problem+json
    retry-after: 2
    x-chaos-injected: shipping.create_label=carrier_error
    {"type":"urn:fake-stripe-chaos:problem:carrier_error","title":"Carrier error","status":503,"detail":"The carrier cannot be reached; there is no label.","instance":"/shipping/create-label","success":false,"error":"carrier_error","message":"The carrier cannot be reached; there is no label.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","retryAfterMs":2000,"chaos":{"operation":"shipping.create_label","outcome":"carrier_error","seed":7,"attempt":1}}

    after 20s: 201
    content-type: application/json
    {"success":true,"labelId":"lbl_f9083fcd9888e076","trackingNumber":"1ZBYWD570309342970","carrier":"UPS","status":"generated","labelUrl":"https://labels.example/lbl_f9083fcd9888e076.pdf","createdAt":"2024-01-15T10:30:20Z","orderId":"ORD-123"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_drawn_refusal_has_its_status_and_no_stream_and_is_kept() {
    insta::assert_snapshot!(story("address_validation_failed").await, @r#"
    after 0ns: 400
    content-type: application/problem+json
    x-chaos-injected: shipping.create_label=address_validation_failed
    {"type":"urn:fake-stripe-chaos:problem:address_validation_failed","title":"Address validation failed","status":400,"detail":"The carrier does not know the shipping address; no label was created.","instance":"/shipping/create-label","success":false,"error":"address_validation_failed","message":"The carrier does not know the shipping address; no label was created.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","chaos":{"operation":"shipping.create_label","outcome":"address_validation_failed","seed":7,"attempt":1}}

    after 0ns: 400
    content-type: application/problem+json
    x-chaos-injected: shipping.create_label=address_validation_failed
    {"type":"urn:fake-stripe-chaos:problem:address_validation_failed","title":"Address validation failed","status":400,"detail":"The carrier does not know the shipping address; no label was created.","instance":"/shipping/create-label","success":false,"error":"address_validation_failed","message":"The carrier does not know the shipping address; no label was created.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","chaos":{"operation":"shipping.create_label","outcome":"address_validation_failed","seed":7,"attempt":1}}

    after 0ns: 400
    content-type: application/problem+json
    idempotent-replayed: true
    {"type":"urn:fake-stripe-chaos:problem:address_validation_failed","title":"Address validation failed","status":400,"detail":"The carrier does not know the shipping address; no label was created.","instance":"/shipping/create-label","success":false,"error":"address_validation_failed","message":"The carrier does not know the shipping address; no label was created.","correlationId":"f061c902-6ef1-4381-b355-7d3058fa4966"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn an_internal_error_makes_nothing() {
    insta::assert_snapshot!(story("internal_error").await, @r#"
    after 0ns: 500
    content-type: application/problem+json
    x-chaos-injected: shipping.create_label=internal_error
    {"type":"urn:fake-stripe-chaos:problem:internal_error","title":"Internal server error","status":500,"detail":"The service failed before it did anything; nothing happened.","instance":"/shipping/create-label","success":false,"error":"internal_error","message":"The service failed before it did anything; nothing happened.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","chaos":{"operation":"shipping.create_label","outcome":"internal_error","seed":7,"attempt":1}}

    after 0ns: 500
    content-type: application/problem+json
    x-chaos-injected: shipping.create_label=internal_error
    {"type":"urn:fake-stripe-chaos:problem:internal_error","title":"Internal server error","status":500,"detail":"The service failed before it did anything; nothing happened.","instance":"/shipping/create-label","success":false,"error":"internal_error","message":"The service failed before it did anything; nothing happened.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","chaos":{"operation":"shipping.create_label","outcome":"internal_error","seed":7,"attempt":1}}

    after 20s: 201
    content-type: application/json
    {"success":true,"labelId":"lbl_f9083fcd9888e076","trackingNumber":"1ZBYWD570309342970","carrier":"UPS","status":"generated","labelUrl":"https://labels.example/lbl_f9083fcd9888e076.pdf","createdAt":"2024-01-15T10:30:20Z","orderId":"ORD-123"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn unavailable_and_rate_limited_tell_when_to_come_back() {
    insta::assert_snapshot!(story("unavailable").await, @r#"
    after 0ns: 503
    content-type: application/problem+json
    retry-after: 1
    x-chaos-injected: shipping.create_label=unavailable
    {"type":"urn:fake-stripe-chaos:problem:unavailable","title":"Service unavailable","status":503,"detail":"The service is unavailable; nothing happened.","instance":"/shipping/create-label","success":false,"error":"unavailable","message":"The service is unavailable; nothing happened.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","retryAfterMs":1000,"chaos":{"operation":"shipping.create_label","outcome":"unavailable","seed":7,"attempt":1}}

    after 0ns: 503
    content-type: application/problem+json
    retry-after: 1
    x-chaos-injected: shipping.create_label=unavailable
    {"type":"urn:fake-stripe-chaos:problem:unavailable","title":"Service unavailable","status":503,"detail":"The service is unavailable; nothing happened.","instance":"/shipping/create-label","success":false,"error":"unavailable","message":"The service is unavailable; nothing happened.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","retryAfterMs":1000,"chaos":{"operation":"shipping.create_label","outcome":"unavailable","seed":7,"attempt":1}}

    after 20s: 201
    content-type: application/json
    {"success":true,"labelId":"lbl_f9083fcd9888e076","trackingNumber":"1ZBYWD570309342970","carrier":"UPS","status":"generated","labelUrl":"https://labels.example/lbl_f9083fcd9888e076.pdf","createdAt":"2024-01-15T10:30:20Z","orderId":"ORD-123"}
    "#);
    insta::assert_snapshot!(story("rate_limited").await, @r#"
    after 0ns: 429
    content-type: application/problem+json
    retry-after: 1
    x-chaos-injected: shipping.create_label=rate_limited
    {"type":"urn:fake-stripe-chaos:problem:rate_limited","title":"Too many requests","status":429,"detail":"Too many requests were sent; nothing happened.","instance":"/shipping/create-label","success":false,"error":"rate_limited","message":"Too many requests were sent; nothing happened.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","retryAfterMs":1000,"chaos":{"operation":"shipping.create_label","outcome":"rate_limited","seed":7,"attempt":1}}

    after 0ns: 429
    content-type: application/problem+json
    retry-after: 1
    x-chaos-injected: shipping.create_label=rate_limited
    {"type":"urn:fake-stripe-chaos:problem:rate_limited","title":"Too many requests","status":429,"detail":"Too many requests were sent; nothing happened.","instance":"/shipping/create-label","success":false,"error":"rate_limited","message":"Too many requests were sent; nothing happened.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","retryAfterMs":1000,"chaos":{"operation":"shipping.create_label","outcome":"rate_limited","seed":7,"attempt":1}}

    after 20s: 201
    content-type: application/json
    {"success":true,"labelId":"lbl_f9083fcd9888e076","trackingNumber":"1ZBYWD570309342970","carrier":"UPS","status":"generated","labelUrl":"https://labels.example/lbl_f9083fcd9888e076.pdf","createdAt":"2024-01-15T10:30:20Z","orderId":"ORD-123"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_cut_connection_makes_nothing() {
    insta::assert_snapshot!(story("reset").await, @r#"
    after 0ns: 502 connection reset by chaos

    after 0ns: 502 connection reset by chaos

    after 20s: 201
    content-type: application/json
    {"success":true,"labelId":"lbl_f9083fcd9888e076","trackingNumber":"1ZBYWD570309342970","carrier":"UPS","status":"generated","labelUrl":"https://labels.example/lbl_f9083fcd9888e076.pdf","createdAt":"2024-01-15T10:30:20Z","orderId":"ORD-123"}
    "#);
    insta::assert_snapshot!(story("empty").await, @r#"
    after 0ns: 502 connection closed by chaos

    after 0ns: 502 connection closed by chaos

    after 20s: 201
    content-type: application/json
    {"success":true,"labelId":"lbl_f9083fcd9888e076","trackingNumber":"1ZBYWD570309342970","carrier":"UPS","status":"generated","labelUrl":"https://labels.example/lbl_f9083fcd9888e076.pdf","createdAt":"2024-01-15T10:30:20Z","orderId":"ORD-123"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_cut_connection_after_a_delay_cuts_the_events() {
    insta::assert_snapshot!(story("reset@8s").await, @r#"
    after 0ns: 200
    content-type: text/event-stream
    an error of the body is shown as: connection reset by chaos
    event: progress {"labelId":"lbl_7d54510d2047d632","progress":0}
    [2s] event: progress {"labelId":"lbl_7d54510d2047d632","progress":25}
    [2s] event: progress {"labelId":"lbl_7d54510d2047d632","progress":50}
    [2s] event: progress {"labelId":"lbl_7d54510d2047d632","progress":75}
    [2s] error: connection reset by chaos

    after 8s: 502 connection reset by chaos

    after 20s: 201
    content-type: application/json
    {"success":true,"labelId":"lbl_f9083fcd9888e076","trackingNumber":"1ZBYWD570309342970","carrier":"UPS","status":"generated","labelUrl":"https://labels.example/lbl_f9083fcd9888e076.pdf","createdAt":"2024-01-15T10:30:28Z","orderId":"ORD-123"}

    after 0ns: 200
    content-type: application/json
    {"success":true,"labelId":"lbl_7d54510d2047d632","status":"abandoned","carrier":"UPS","requestedAt":"2024-01-15T10:30:00Z","abandonedAt":"2024-01-15T10:30:08Z","orderId":"ORD-123"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_hang_sends_nothing_for_five_minutes() {
    insta::assert_snapshot!(story("hang").await, @r#"
    after 300s: 502 connection closed by chaos

    after 300s: 502 connection closed by chaos

    after 20s: 201
    content-type: application/json
    {"success":true,"labelId":"lbl_f9083fcd9888e076","trackingNumber":"1ZBYWD570309342970","carrier":"UPS","status":"generated","labelUrl":"https://labels.example/lbl_f9083fcd9888e076.pdf","createdAt":"2024-01-15T10:35:20Z","orderId":"ORD-123"}
    "#);
}

#[tokio::test(start_paused = true)]
async fn the_key_is_free_when_the_client_hears_of_the_timeout() {
    let service = scripted("timeout@20s");
    let mut events = service.stream("k").await.events();
    assert!(events.skip(5).await.contains("event: problem"));
    // The body is still there, and has not been asked for its end.
    assert!(service.label("k").await.starts_with("after 20s: 201"));
    assert_eq!(events.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn by_default_each_outcome_has_its_share() {
    let service = service([("CHAOS_SHIPPING_CREATE_LABEL", shipping::OPERATIONS[0].table)]);
    let mut seen = std::collections::BTreeMap::new();
    for number in 0..400 {
        let body = ORDER.replace("ORD-123", &format!("ORD-{number}"));
        let answer = service.post("/shipping/create-label", &body, []).await.shown().await;
        let status = answer.split(' ').nth(2).unwrap()[..3].to_owned();
        *seen.entry(status).or_insert(0) += 1;
    }
    insta::assert_snapshot!(format!("{seen:?}"), @r#"{"201": 241, "400": 78, "408": 33, "503": 48}"#);
}
