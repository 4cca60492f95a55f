//! What a message must be like.

use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::post_office::{PostOffice, brief};

/// The answer, and what it says of each field.
async fn refused(message: Value) -> String {
    let reply = PostOffice::scripted("").send(None, &message.to_string()).await;
    let body: Value = serde_json::from_str(&reply.1).unwrap();
    let mut text = brief(&reply);
    for error in body["errors"].as_array().unwrap() {
        text += &format!("\n{}: {}", error["field"], error["message"]);
    }
    text
}

proptest! {
    #[test]
    fn whatever_comes_is_sent_or_refused(
        channel in prop_oneof![Just("email"), Just("sms"), Just("push")],
        recipient in "(\\+[0-9]{5,16}|\\PC*@?\\PC*)",
        subject in proptest::option::of(any::<String>()),
        message in any::<String>(),
    ) {
        let body = json!({"type": channel, "recipient": recipient, "subject": subject, "message": message});
        let clock = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let reply = clock.unwrap().block_on(async { PostOffice::scripted("").send(None, &body.to_string()).await });
        let sent: Value = serde_json::from_str(&reply.1).unwrap();
        match reply.0 {
            201 => prop_assert_eq!(&sent["recipient"], &body["recipient"]),
            status => prop_assert_eq!((status, &sent["error"]), (400, &json!("validation_error"))),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_answer_names_every_field() {
    assert_snapshot!(refused(json!({})).await, @r#"
    400 validation_error
    "type": "is required"
    "recipient": "is required"
    "message": "is required"
    "#);
    assert_snapshot!(refused(json!({"type": "email", "recipient": "+14155550100"})).await, @r#"
    400 validation_error
    "recipient": "must be an e-mail address"
    "subject": "is required"
    "message": "is required"
    "#);
    assert_snapshot!(refused(json!({"type": "sms", "recipient": "a@b.c", "message": " "})).await, @r#"
    400 validation_error
    "recipient": "must be a phone number, such as +14155550100"
    "message": "must not be empty"
    "#);
    assert_snapshot!(refused(json!({"type": "push", "recipient": " ", "orderId": ""})).await, @r#"
    400 validation_error
    "recipient": "must be a device token"
    "message": "is required"
    "orderId": "must not be empty"
    "#);
    let control = json!({"type": "Fax", "recipient": "a\u{7}b", "subject": "\u{0}", "message": "\u{1b}[2J"});
    assert_snapshot!(refused(control).await, @r#"
    400 validation_error
    "type": "must be email, sms or push"
    "recipient": "must have at most 4096 bytes, and no control characters"
    "subject": "must not contain control characters"
    "message": "must not contain control characters"
    "#);
}

#[tokio::test(start_paused = true)]
async fn fields_have_limits() {
    let message = json!({
        "type": "push",
        "recipient": "t".repeat(4097),
        "subject": "s".repeat(999),
        "message": "m".repeat(100_001),
        "orderId": "o".repeat(256),
    });
    assert_snapshot!(refused(message).await, @r#"
    400 validation_error
    "recipient": "must have at most 4096 bytes, and no control characters"
    "subject": "must have at most 998 characters"
    "message": "must have at most 100000 characters"
    "orderId": "must have at most 255 characters"
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_value_of_the_wrong_type_is_named() {
    assert_snapshot!(refused(json!({"type": "sms", "recipient": 14155550100_i64})).await, @r#"
    400 validation_error
    "recipient": "must be a string, not the number 14155550100"
    "message": "is required"
    "#);
    assert_snapshot!(refused(json!("hello")).await, @r#"
    400 validation_error
    "body": "must be a JSON object"
    "#);
}
