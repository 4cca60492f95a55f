//! A request that breaks rules gets an answer that names all of them.

use insta::assert_snapshot;

use crate::service::{Answer, Service};

fn errors(answer: &Answer) -> String {
    let body = answer.json();
    let errors = body["errors"].as_array().unwrap().iter();
    let named: Vec<_> = errors.map(|error| format!("{}: {}", error["field"], error["message"])).collect();
    format!("{}\n{}", answer.brief(), named.join("\n"))
}

async fn refused(operation: &str, body: &str) -> String {
    errors(&Service::calm().post(&format!("/payment/{operation}"), body).await)
}

#[tokio::test(start_paused = true)]
async fn one_answer_names_every_field() {
    assert_snapshot!(refused("authorize", "{}").await, @r#"
    400 validation_error
    "amount": "is required"
    "currency": "is required"
    "#);
    let body = r#"{"amount": -1, "currency": "dollars", "orderId": " ", "customerId": "a\u0000b"}"#;
    assert_snapshot!(refused("authorize", body).await, @r#"
    400 validation_error
    "amount": "must be greater than 0"
    "currency": "must be a currency code of three letters, such as usd"
    "orderId": "must not be empty"
    "customerId": "must not contain control characters"
    "#);
    assert_snapshot!(refused("capture", r#"{"authId": null}"#).await, @r#"
    400 validation_error
    "authId": "is required"
    "#);
    assert_snapshot!(refused("release", r#"{"authId": ""}"#).await, @r#"
    400 validation_error
    "authId": "must not be empty"
    "#);
    assert_snapshot!(refused("refund", r#"{"amount": 0, "reason": ""}"#).await, @r#"
    400 validation_error
    "authId": "is required"
    "amount": "must be greater than 0"
    "reason": "must not be empty"
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_value_of_the_wrong_type_is_named() {
    assert_snapshot!(refused("authorize", r#"{"amount": "109.97", "currency": "usd"}"#).await, @r#"
    400 validation_error
    "amount": "must be a number"
    "#);
    assert_snapshot!(refused("authorize", r#"{"amount": 1, "currency": 978}"#).await, @r#"
    400 validation_error
    "currency": "must be a string, not the number 978"
    "#);
    assert_snapshot!(refused("authorize", r#"{"amount": "10", "currency": 5, "orderId": 7}"#).await, @r#"
    400 validation_error
    "amount": "must be a number"
    "currency": "must be a string, not the number 5"
    "orderId": "must be a string, not the number 7"
    "#);
    assert_snapshot!(refused("authorize", r#"{"amount": "x", "currency": "us", "orderId": ""}"#).await, @r#"
    400 validation_error
    "amount": "must be a number"
    "currency": "must be a currency code of three letters, such as usd"
    "orderId": "must not be empty"
    "#);
    assert_snapshot!(refused("capture", r#"{"authId": 7}"#).await, @r#"
    400 validation_error
    "authId": "must be a string, not the number 7"
    "#);
    assert_snapshot!(refused("refund", r#"[]"#).await, @r#"
    400 validation_error
    "body": "must be a JSON object"
    "#);
}

#[tokio::test(start_paused = true)]
async fn amounts_have_limits() {
    let mut table = String::new();
    for amount in ["0.0000001", "1000000000000000", "1e400", "0.00", "-0", "1e-7", "1e14"] {
        let body = format!(r#"{{"amount": {amount}, "currency": "usd"}}"#);
        let answer = Service::calm().post("/payment/authorize", &body).await;
        let message = answer.json()["message"].as_str().unwrap_or_default().to_owned();
        table += &format!("{amount}: {} {message}\n", answer.brief());
    }
    assert_snapshot!(table, @r"
    0.0000001: 400 validation_error amount must have at most 15 digits before the decimal point and 6 after it
    1000000000000000: 400 validation_error amount must have at most 15 digits before the decimal point and 6 after it
    1e400: 400 validation_error amount must have at most 28 significant digits
    0.00: 400 validation_error amount must be greater than 0
    -0: 400 validation_error amount must be greater than 0
    1e-7: 400 validation_error amount must have at most 15 digits before the decimal point and 6 after it
    1e14: 201
    ");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_json_is_told_so() {
    let mut table = String::new();
    for body in ["", "{", "nonsense", r#"{"amount": NaN}"#] {
        let answer = Service::calm().post("/payment/authorize", body).await;
        table += &format!("{}: {}\n", answer.brief(), answer.json()["message"]);
    }
    assert_snapshot!(table, @r#"
    400 malformed_json: "The body is empty, expected a JSON object."
    400 malformed_json: "The body is not valid JSON: EOF while parsing an object at line 1 column 1."
    400 malformed_json: "The body is not valid JSON: expected ident at line 1 column 2."
    400 malformed_json: "The body is not valid JSON: expected value at line 1 column 12."
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_refused_request_draws_nothing() {
    let service = Service::under("payment.authorize#1=internal_error");
    service.post("/payment/authorize", r#"{"amount": 0, "currency": "usd", "orderId": "ORD-123"}"#).await;
    let body = r#"{"amount": 1, "currency": "usd", "orderId": "ORD-123"}"#;
    assert_eq!(service.post("/payment/authorize", body).await.brief(), "500 internal_error");
}
