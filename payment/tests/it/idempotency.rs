//! What a key saves its client from.

use insta::assert_snapshot;

use crate::service::Service;

const AUTHORIZE: &str = "/payment/authorize";
const HOLD: &str = r#"{"amount": 109.97, "currency": "usd", "orderId": "ORD-123"}"#;

#[tokio::test(start_paused = true)]
async fn bodies_are_the_same_when_their_known_fields_are() {
    let service = Service::calm();
    let first = service.post_under("key", AUTHORIZE, HOLD).await;
    let same = r#" {"orderId": "ORD-123", "currency": "USD", "amount": 1.0997e2, "unknown": 1} "#;
    let again = service.post_under("key", AUTHORIZE, same).await;
    assert_eq!(again.json(), first.json());
    assert_snapshot!(again.whole(), @r#"
    201
    idempotent-replayed: true
    {"success":true,"authId":"auth_843e55e086c95bba","amount":109.97,"currency":"usd","status":"authorized","createdAt":"2026-01-28T10:00:00Z","expiresAt":"2026-02-04T10:00:00Z","orderId":"ORD-123"}
    "#);
    let other = r#"{"amount": 109.98, "currency": "usd", "orderId": "ORD-123"}"#;
    assert_eq!(service.post_under("key", AUTHORIZE, other).await.brief(), "422 idempotency_key_reuse");
}

#[tokio::test(start_paused = true)]
async fn a_key_belongs_to_one_operation() {
    let service = Service::calm();
    let id = service.held().await;
    let body = format!(r#"{{"authId": "{id}"}}"#);
    let operations = ["capture", "release", "refund"].map(|operation| format!("/payment/{operation}"));
    let mut answers = Vec::new();
    for path in &operations {
        answers.push(service.post_under("key", path, &body).await.brief());
    }
    assert_eq!(answers, ["200", "409 already_captured", "200"]);
    for (path, answer) in operations.iter().zip(answers) {
        let replay = service.post_under("key", path, &body).await;
        assert_eq!(replay.brief(), answer);
        assert!(replay.whole().contains("idempotent-replayed: true"), "{path}");
    }
}

/// Each outcome that payment alone knows, what is answered, and what under the same key after it.
#[tokio::test(start_paused = true)]
async fn only_what_the_operation_came_to_is_kept() {
    let mut table = String::new();
    for (operation, outcome) in [
        ("authorize", "insufficient_funds"),
        ("capture", "already_captured"),
        ("capture", "authorization_expired"),
        ("release", "already_released"),
    ] {
        let service = Service::under(&format!("ORD-7:payment.{operation}#1={outcome}"));
        let hold = r#"{"amount": 109.97, "currency": "usd", "orderId": "ORD-7"}"#;
        let body = match operation {
            "authorize" => hold.to_owned(),
            _ => {
                let held = service.post(AUTHORIZE, hold).await.json();
                format!(r#"{{"authId": {}}}"#, held["authId"])
            }
        };
        let path = format!("/payment/{operation}");
        let first = service.post_under("key", &path, &body).await.brief();
        let second = service.post_under("key", &path, &body).await.whole();
        let second = second.split("\n{").next().unwrap().replace('\n', ", ");
        table += &format!("{operation} {outcome} | {first} | {second}\n");
    }
    assert_snapshot!(table, @r"
    authorize insufficient_funds | 402 insufficient_funds | 402, idempotent-replayed: true
    capture already_captured | 409 already_captured | 200, idempotent-replayed: true
    capture authorization_expired | 410 authorization_expired | 410, idempotent-replayed: true
    release already_released | 409 already_released | 200, idempotent-replayed: true
    ");
}
