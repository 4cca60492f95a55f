use super::client::{Client, order, pass, with_calm_system};

async fn decide(client: &Client, order_id: &str, decision: &str) -> String {
    let answer = client.post(&format!("/workflows/order-fulfillment-{order_id}/{decision}"), "").await;
    let what = if answer.status.is_success() { "message" } else { "error" };
    format!("{} {}", answer.status.as_u16(), answer.json()[what].as_str().unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_decision_is_answered_with_a_sentence() {
    with_calm_system(async |client| {
        client.place("ORD-1").await;
        pass(1.0).await;
        let approval = r#"{"approvedBy":"manager@company.com"}"#;
        insta::assert_snapshot!(client.post("/workflows/ORD-1/approve", approval).await, @r#"
        200 OK
        {
          "message": "The order is approved.",
          "success": true,
          "workflowId": "order-fulfillment-ORD-1"
        }
        "#);
        assert_eq!(client.post("/workflows/ORD-1/approve", " null ").await.status, 200, "no body at all");
        insta::assert_snapshot!(client.post("/workflows/ORD-1/reject", "").await, @r#"
        409 Conflict
        {
          "correlationId": "c86656f0-93d5-478e-bac2-7d107f8b2e34",
          "detail": "The order was already approved; cancel it instead.",
          "error": "already_approved",
          "instance": "/workflows/ORD-1/reject",
          "message": "The order was already approved; cancel it instead.",
          "status": 409,
          "success": false,
          "title": "Already approved",
          "type": "urn:fake-stripe-chaos:problem:already_approved"
        }
        "#);
        insta::assert_snapshot!(client.post("/workflows/ORD-2/reject", "{}").await, @r#"
        404 Not Found
        {
          "correlationId": "03eb8484-29ef-4ced-ae0c-f9d190917dbf",
          "detail": "The workflow `order-fulfillment-ORD-2` does not exist; see GET /workflows.",
          "error": "not_found",
          "instance": "/workflows/ORD-2/reject",
          "message": "The workflow `order-fulfillment-ORD-2` does not exist; see GET /workflows.",
          "status": 404,
          "success": false,
          "title": "Not found",
          "type": "urn:fake-stripe-chaos:problem:not_found"
        }
        "#);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_first_decision_stands() {
    with_calm_system(async |client| {
        for order_id in ["A", "B", "C"] {
            client.place(order_id).await;
        }
        insta::assert_snapshot!(decide(&client, "A", "approve").await, @"200 The order is approved.");
        insta::assert_snapshot!(decide(&client, "A", "approve").await, @"200 The order was already approved.");
        insta::assert_snapshot!(decide(&client, "A", "reject").await, @"409 already_approved");
        insta::assert_snapshot!(decide(&client, "B", "reject").await, @"200 The order is rejected.");
        insta::assert_snapshot!(decide(&client, "B", "reject").await, @"200 The order was already rejected.");
        insta::assert_snapshot!(decide(&client, "B", "approve").await, @"409 already_rejected");
        insta::assert_snapshot!(decide(&client, "C", "cancel").await, @"200 The order is being cancelled.");
        insta::assert_snapshot!(decide(&client, "C", "cancel").await, @"200 The order was already cancelled.");
        insta::assert_snapshot!(decide(&client, "C", "approve").await, @"409 already_ended");
        insta::assert_snapshot!(decide(&client, "C", "retry").await, @"409 already_ended");
        for (order_id, end) in [("A", "shipped"), ("B", "rejected"), ("C", "cancelled")] {
            assert_eq!(client.end_of(order_id).await["status"], end);
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn decisions_after_the_end_say_how_it_ended_or_repeat_what_was_accepted() {
    with_calm_system(async |client| {
        for (order_id, decision) in [("A", "approve"), ("B", "reject"), ("C", "cancel")] {
            client.place(order_id).await;
            decide(&client, order_id, decision).await;
            client.end_of(order_id).await;
        }
        insta::assert_snapshot!(decide(&client, "A", "approve").await, @"200 The order was already approved.");
        insta::assert_snapshot!(decide(&client, "A", "cancel").await, @"409 already_shipped");
        insta::assert_snapshot!(decide(&client, "B", "reject").await, @"200 The order was already rejected.");
        insta::assert_snapshot!(decide(&client, "B", "cancel").await, @"409 already_ended");
        insta::assert_snapshot!(decide(&client, "C", "cancel").await, @"200 The order was already cancelled.");
        insta::assert_snapshot!(decide(&client, "C", "reject").await, @"409 already_ended");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_order_without_approval_needs_no_decision() {
    with_calm_system(async |client| {
        let mut order = order("A");
        order["requiresApproval"] = false.into();
        client.post("/workflows/order", order).await;
        insta::assert_snapshot!(decide(&client, "A", "retry").await, @"409 nothing_to_retry");
        assert_eq!(client.end_of("A").await["status"], "shipped");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_longest_reason_is_taken_in_any_language() {
    with_calm_system(async |client| {
        client.place("A").await;
        let name = "\u{1F4A5}".repeat(128);
        let reason = "\\u00e9".repeat(500);
        let rejection = format!(r#"{{"rejectedBy":"{name}","reason":"{reason}"}}"#);
        let answer = client.post("/workflows/A/reject", rejection).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.json());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_decision_that_breaks_a_rule_is_refused() {
    with_calm_system(async |client| {
        client.place("A").await;
        let long = format!(r#"{{"rejectedBy":" ","reason":"{}"}}"#, "x".repeat(501));
        insta::assert_snapshot!(client.post("/workflows/A/reject", long).await, @r#"
        400 Bad Request
        {
          "correlationId": "e94e960b-8d51-4818-9803-26ef2d013837",
          "detail": "rejectedBy must not be empty; reason must have at most 500 characters",
          "error": "validation_error",
          "errors": [
            {
              "field": "rejectedBy",
              "message": "must not be empty"
            },
            {
              "field": "reason",
              "message": "must have at most 500 characters"
            }
          ],
          "instance": "/workflows/A/reject",
          "message": "rejectedBy must not be empty; reason must have at most 500 characters",
          "status": 400,
          "success": false,
          "title": "Invalid request",
          "type": "urn:fake-stripe-chaos:problem:validation_error"
        }
        "#);
        insta::assert_snapshot!(client.post("/workflows/A/approve", r#"{"approvedBy":7}"#).await, @r#"
        400 Bad Request
        {
          "correlationId": "eec1907e-6348-405f-b42e-242de24ea99d",
          "detail": "approvedBy must be a string, not the number 7",
          "error": "validation_error",
          "errors": [
            {
              "field": "approvedBy",
              "message": "must be a string, not the number 7"
            }
          ],
          "instance": "/workflows/A/approve",
          "message": "approvedBy must be a string, not the number 7",
          "status": 400,
          "success": false,
          "title": "Invalid request",
          "type": "urn:fake-stripe-chaos:problem:validation_error"
        }
        "#);
        insta::assert_snapshot!(client.post("/workflows/A/approve", "yes").await, @r#"
        400 Bad Request
        {
          "correlationId": "c86656f0-93d5-478e-bac2-7d107f8b2e34",
          "detail": "The body is not valid JSON: expected value at line 1 column 1.",
          "error": "malformed_json",
          "instance": "/workflows/A/approve",
          "message": "The body is not valid JSON: expected value at line 1 column 1.",
          "status": 400,
          "success": false,
          "title": "Malformed JSON",
          "type": "urn:fake-stripe-chaos:problem:malformed_json"
        }
        "#);
    })
    .await;
}
