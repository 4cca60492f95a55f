//! What is sent is remembered, up to a limit.

use std::time::Duration;

use insta::assert_snapshot;

use crate::post_office::{MAIL, PostOffice, brief, member};

#[tokio::test(start_paused = true)]
async fn a_mail_is_sent_and_looked_up() {
    let office = PostOffice::scripted("");
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let sent = office.send(None, MAIL).await;
    assert_eq!(sent.0, 201);
    assert_snapshot!(sent.1, @r#"{"success":true,"notificationId":"ntf_34d0b08e1cbb51bb","type":"email","recipient":"customer@example.com","status":"sent","sentAt":"2026-01-28T10:00:01.5Z","orderId":"ORD-123"}"#);
    let found = office.look_up(&member(&sent, "notificationId")).await;
    assert_eq!(found.0, 200);
    assert_snapshot!(found.1, @r#"{"success":true,"notificationId":"ntf_34d0b08e1cbb51bb","type":"email","recipient":"customer@example.com","status":"sent","sentAt":"2026-01-28T10:00:01.5Z","orderId":"ORD-123","subject":"Your order has shipped"}"#);
}

#[tokio::test(start_paused = true)]
async fn sms_and_push_need_no_subject_and_no_order() {
    let office = PostOffice::scripted("");
    let sms = r#"{"type": "sms", "recipient": "+1 415 555 0100", "message": "Shipped", "subject": ""}"#;
    assert_snapshot!(office.send(None, sms).await.1, @r#"{"success":true,"notificationId":"ntf_429f45617c8d94b7","type":"sms","recipient":"+1 415 555 0100","status":"sent","sentAt":"2026-01-28T10:00:00Z"}"#);
    let push = r#"{"type": "push", "recipient": "fcm:dG9rZW4", "message": "Shipped", "subject": "Order"}"#;
    let sent = office.send(None, push).await;
    assert_snapshot!(sent.1, @r#"{"success":true,"notificationId":"ntf_78c0b220c77ac2e2","type":"push","recipient":"fcm:dG9rZW4","status":"sent","sentAt":"2026-01-28T10:00:00Z"}"#);
    assert_snapshot!(office.look_up(&member(&sent, "notificationId")).await.1, @r#"{"success":true,"notificationId":"ntf_78c0b220c77ac2e2","type":"push","recipient":"fcm:dG9rZW4","status":"sent","sentAt":"2026-01-28T10:00:00Z","subject":"Order"}"#);
}

#[tokio::test(start_paused = true)]
async fn an_id_that_names_nothing_is_not_found() {
    let office = PostOffice::scripted("");
    office.send(None, MAIL).await;
    for id in ["ntf_0000000000000000", "auth_0000000000000000", "%ff"] {
        assert_eq!(brief(&office.look_up(id).await), "404 not_found", "{id}");
    }
    assert_snapshot!(member(&office.look_up("42").await, "detail"), @"The notification `42` does not exist or has been evicted.");
}

#[tokio::test(start_paused = true)]
async fn the_oldest_message_is_forgotten_first() {
    let office = PostOffice::open(&[("CHAOS_FAILURE_RATE", "0"), ("NOTIFICATION_CAPACITY", "2")]);
    let mut found = Vec::new();
    let mut ids = Vec::new();
    for _ in 0..3 {
        let sent = office.send(None, MAIL).await;
        assert_eq!(sent.0, 201);
        ids.push(member(&sent, "notificationId"));
    }
    for id in ids {
        found.push(office.look_up(&id).await.0);
    }
    assert_eq!(found, [404, 200, 200]);
}

#[test]
fn a_capacity_is_a_whole_number_from_1() {
    for text in ["0", "-1", "many"] {
        let environment = [("NOTIFICATION_CAPACITY", text)].into_iter().collect();
        let error = notification::Settings::from_environment(&environment).unwrap_err();
        let expected = format!("NOTIFICATION_CAPACITY: `{text}` is not a whole number from 1");
        assert_eq!(error.to_string(), expected);
    }
}
