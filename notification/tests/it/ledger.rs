//! Every sent message is in the ledger, exactly once, whatever was answered, and nothing else.

use axum::body::Body;
use axum::http::Request;
use insta::assert_snapshot;
use notification::OPERATIONS;
use shared::ledger::Record;

use crate::post_office::{MAIL, PostOffice, Reply, member};

const TEXT: &str = r#"{"type": "sms", "recipient": "+12025550123", "message": "It is on its way."}"#;

async fn records(office: &PostOffice) -> Vec<Record> {
    let (_, body, _) = office.call(Request::get("/notification/ledger").body(Body::empty()).unwrap()).await;
    let mut page: serde_json::Value = serde_json::from_str(&body).unwrap();
    serde_json::from_value(page["records"].take()).unwrap()
}

/// Each record as JSON, without what a request has beside its end.
async fn ledger(office: &PostOffice) -> String {
    let line = |record: &Record| match record {
        Record::Effect(effect) => serde_json::to_string(effect).unwrap(),
        Record::Request(request) => {
            let order = request.order.as_deref().unwrap_or("-");
            let error = request.error.as_deref().unwrap_or("-");
            format!("{} {} {order} {:?} {error}", request.seq, request.operation, request.status)
        }
    };
    records(office).await.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Which requests sent something.
async fn senders(office: &PostOffice) -> Vec<u64> {
    let sender = |record: &Record| match record {
        Record::Effect(effect) => effect.request,
        Record::Request(_) => None,
    };
    records(office).await.iter().filter_map(sender).collect()
}

async fn send_for(office: &PostOffice, correlation: &str, message: &str) -> Reply {
    let request = Request::post("/notification/send").header("x-correlation-id", correlation);
    office.call(request.body(message.to_owned().into()).unwrap()).await
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_is_told_by_recipient_subject_and_text() {
    let office = PostOffice::scripted("");
    office.send(None, MAIL).await;
    office.send(None, &MAIL.replace("It is on its way", "It has arrived")).await;
    office.send(None, TEXT).await;
    office.send(None, &TEXT.replace("It is on its way", "It has arrived")).await;
    assert_snapshot!(ledger(&office).await, @r#"
    1 notification.send ORD-123 Some(201) -
    {"seq":2,"at":"2026-01-28T10:00:00.000Z","order":"ORD-123","effect":"sent","resource":"ntf_34d0b08e1cbb51bb","detail":"email to customer@example.com: \"Your order has shipped\", text df71f797","request":1}
    3 notification.send ORD-123 Some(201) -
    {"seq":4,"at":"2026-01-28T10:00:00.000Z","order":"ORD-123","effect":"sent","resource":"ntf_69c9de22c9625475","detail":"email to customer@example.com: \"Your order has shipped\", text 2a4e4fb2","request":3}
    5 notification.send - Some(201) -
    {"seq":6,"at":"2026-01-28T10:00:00.000Z","effect":"sent","resource":"ntf_429f45617c8d94b7","detail":"sms to +12025550123: text df71f797","request":5}
    7 notification.send - Some(201) -
    {"seq":8,"at":"2026-01-28T10:00:00.000Z","effect":"sent","resource":"ntf_78c0b220c77ac2e2","detail":"sms to +12025550123: text 2a4e4fb2","request":7}
    "#);
}

#[tokio::test(start_paused = true)]
async fn every_outcome_is_told_as_what_it_was() {
    let mut table = String::new();
    for outcome in OPERATIONS[0].possible() {
        let office = PostOffice::scripted(&format!("notification.send#1={}", outcome.name));
        office.send(Some("key"), MAIL).await;
        let at_once = senders(&office).await;
        office.send(Some("key"), MAIL).await;
        table += &format!("{} | sent by {at_once:?} | {:?}\n", outcome.name, senders(&office).await);
    }
    assert_snapshot!(table, @"
    success | sent by [1] | [1]
    internal_error | sent by [] | [2]
    unavailable | sent by [] | [2]
    rate_limited | sent by [] | [2]
    timeout | sent by [] | [2]
    hang | sent by [] | [2]
    reset | sent by [] | [2]
    empty | sent by [] | [2]
    slow | sent by [1] | [1]
    timeout_after | sent by [1] | [1]
    internal_error_after | sent by [1] | [1]
    lost_response | sent by [1] | [1]
    malformed | sent by [1] | [1]
    delivery_failed | sent by [] | [2]
    invalid_recipient | sent by [] | []
    ");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_told_of_what_is_refused_or_only_looked_up() {
    let office = PostOffice::scripted("");
    office.send(Some("key"), "{}").await;
    let sent = office.send(Some("key"), MAIL).await;
    office.send(Some("key"), TEXT).await;
    office.look_up(&member(&sent, "notificationId")).await;
    office.look_up("ntf_1").await;
    assert_snapshot!(ledger(&office).await, @r#"
    1 notification.send - Some(400) validation_error
    2 notification.send ORD-123 Some(201) -
    {"seq":3,"at":"2026-01-28T10:00:00.000Z","order":"ORD-123","effect":"sent","resource":"ntf_34d0b08e1cbb51bb","detail":"email to customer@example.com: \"Your order has shipped\", text df71f797","request":2}
    4 notification.send - Some(422) idempotency_key_reuse
    5 notification.status ORD-123 Some(200) -
    6 notification.status - Some(404) not_found
    "#);
}

#[tokio::test(start_paused = true)]
async fn what_has_no_order_belongs_to_the_clients_correlation_id() {
    let office = PostOffice::scripted("");
    send_for(&office, "newsletter-1", TEXT).await;
    send_for(&office, "newsletter-2", MAIL).await;
    let orders: Vec<_> =
        records(&office).await.iter().map(|record| record.order().map(str::to_owned)).collect();
    assert_eq!(orders, ["newsletter-1", "newsletter-1", "ORD-123", "ORD-123"].map(|id| Some(id.to_owned())));
}
