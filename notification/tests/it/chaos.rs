//! Every outcome that sending and looking up may have.

use insta::assert_snapshot;
use notification::OPERATIONS;
use shared::chaos::Access;

use crate::post_office::{MAIL, PostOffice, brief, is_replay, member};

/// Whether a message was sent shows in a repeat under the same key: it is replayed, or is sent only now.
#[tokio::test(start_paused = true)]
async fn each_send_outcome_agrees_with_a_repeat_under_its_key() {
    let send = OPERATIONS.iter().find(|operation| operation.access == Access::Write).unwrap();
    let mut table = String::new();
    for outcome in send.possible() {
        let office = PostOffice::scripted(&format!("ORD-123:notification.send#1={}", outcome.name));
        let first = brief(&office.send(Some("key"), MAIL).await);
        let second = office.send(Some("key"), MAIL).await;
        let when = if is_replay(&second) { "before" } else { "now" };
        table += &format!("{} | {first} | {} {when}\n", outcome.name, brief(&second));
    }
    assert_snapshot!(table, @r"
    success | 201 sent | 201 sent before
    internal_error | 500 internal_error | 201 sent now
    unavailable | 503 unavailable | 201 sent now
    rate_limited | 429 rate_limited | 201 sent now
    timeout | 408 timeout | 201 sent now
    hang | 502 connection closed by chaos | 201 sent now
    reset | 502 connection reset by chaos | 201 sent now
    empty | 502 connection closed by chaos | 201 sent now
    slow | 201 sent | 201 sent before
    timeout_after | 408 timeout | 201 sent before
    internal_error_after | 500 internal_error | 201 sent before
    lost_response | 502 connection reset by chaos | 201 sent before
    malformed | 200 broken JSON | 201 sent before
    delivery_failed | 502 delivery_failed | 201 sent now
    invalid_recipient | 400 invalid_recipient | 400 invalid_recipient before
    ");
}

#[tokio::test(start_paused = true)]
async fn an_injected_refusal_says_so() {
    let office = PostOffice::scripted("notification.send#1=invalid_recipient");
    let refused = office.send(None, MAIL).await;
    assert_eq!(refused.2["x-chaos-injected"], "notification.send=invalid_recipient");
    assert_snapshot!(refused.1, @r#"{"type":"urn:fake-stripe-chaos:problem:invalid_recipient","title":"Invalid recipient","status":400,"detail":"The recipient customer@example.com (email) does not accept messages.","instance":"/notification/send","success":false,"error":"invalid_recipient","message":"The recipient customer@example.com (email) does not accept messages.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","chaos":{"operation":"notification.send","outcome":"invalid_recipient","seed":42,"attempt":1}}"#);
}

#[tokio::test(start_paused = true)]
async fn a_look_up_fails_only_when_told_to() {
    let office = PostOffice::scripted("ORD-123:notification.status#2=unavailable");
    let id = member(&office.send(None, MAIL).await, "notificationId");
    let mut met = Vec::new();
    for _ in 0..3 {
        met.push(brief(&office.look_up(&id).await));
    }
    assert_eq!(met, ["200 sent", "503 unavailable", "200 sent"]);
}
