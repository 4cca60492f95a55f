use std::time::Duration;

use jiff::Timestamp;
use orchestrator::domain::{Compensation, OrderStatus, Step, WorkflowState};
use orchestrator::workflow::ClientError;
use serde_json::json;

use super::client::{Client, pass, with_calm_system, with_system};
use super::fake::{client_of_engine_that, client_of_quarantined, client_of_terminated};

const READS: [&str; 6] = ["A/status", "A/progress", "A/steps", "A/result", "A/history", ""];
const DECISIONS: [&str; 4] = ["approve", "reject", "cancel", "retry"];

/// The status of every call to an engine that refuses.
async fn every_call(client: &Client) -> Vec<u16> {
    let mut all = vec![client.place("A").await.status.as_u16()];
    for path in READS {
        all.push(client.get(format!("/workflows/{path}").trim_end_matches('/')).await.status.as_u16());
    }
    for decision in DECISIONS {
        all.push(client.post(&format!("/workflows/A/{decision}"), "").await.status.as_u16());
    }
    all
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_cannot_work_now_says_when_to_try_again() {
    let reason = "the journal cannot be written".to_owned();
    let client =
        client_of_engine_that(ClientError::Unavailable { reason, retry_after: Duration::from_millis(1500) });
    assert_eq!(every_call(&client).await, [503; 11]);
    let answer = client.place("A").await;
    assert_eq!(answer.headers["retry-after"], "2");
    insta::assert_snapshot!(answer, @r#"
    503 Service Unavailable
    {
      "correlationId": "4c2361f5-2246-4cbc-8a63-9e1e33eb0a50",
      "detail": "The engine cannot do this now: the journal cannot be written.",
      "error": "engine_unavailable",
      "instance": "/workflows/order",
      "message": "The engine cannot do this now: the journal cannot be written.",
      "retryAfterMs": 1500,
      "status": 503,
      "success": false,
      "title": "Engine unavailable",
      "type": "urn:fake-stripe-chaos:problem:engine_unavailable"
    }
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_run_takes_so_many_decisions() {
    let client = client_of_engine_that(ClientError::TooManySignals { limit: 1000 });
    insta::assert_snapshot!(client.post("/workflows/A/approve", "").await, @r#"
    429 Too Many Requests
    {
      "correlationId": "bea7809e-283e-4cb0-93a2-66acfa1df75a",
      "detail": "The workflow has already accepted 1000 decisions, the maximum.",
      "error": "too_many_signals",
      "instance": "/workflows/A/approve",
      "message": "The workflow has already accepted 1000 decisions, the maximum.",
      "status": 429,
      "success": false,
      "title": "Too many decisions",
      "type": "urn:fake-stripe-chaos:problem:too_many_signals"
    }
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_quarantined_run_takes_no_decisions_and_says_why() {
    let client = client_of_quarantined(WorkflowState::new(), "event 7 is a timer");
    let status = client.get("/workflows/A/status").await.json();
    let attention = json!([{"name": "nondeterminism", "reason": "event 7 is a timer"}]);
    assert_eq!((&status["status"], &status["needsAttention"]), (&"processing".into(), &attention));
    assert_eq!(client.get("/workflows/A/result").await.json()["error"], "quarantined");
    insta::assert_snapshot!(client.post("/workflows/A/approve", "").await, @r#"
    409 Conflict
    {
      "correlationId": "eec1907e-6348-405f-b42e-242de24ea99d",
      "detail": "The workflow's journal does not fit this version of the program: event 7 is a timer.",
      "error": "quarantined",
      "instance": "/workflows/A/approve",
      "message": "The workflow's journal does not fit this version of the program: event 7 is a timer.",
      "status": 409,
      "success": false,
      "title": "Workflow quarantined",
      "type": "urn:fake-stripe-chaos:problem:quarantined"
    }
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_quarantined_while_it_waits_for_a_retry_says_so() {
    let mut state = WorkflowState::new();
    state.fail_compensation(Compensation::ReleasePayment, 64, Timestamp::UNIX_EPOCH, "unavailable");
    state.end(OrderStatus::Failed);
    let client = client_of_quarantined(state, "event 7 is a timer");
    let status = client.get("/workflows/A/status").await.json();
    let attention = status["needsAttention"].as_array().unwrap().iter().map(|item| &item["name"]);
    assert_eq!(status["status"], "failed");
    assert_eq!(attention.collect::<Vec<_>>(), ["release_payment", "nondeterminism"]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_ended_from_outside_is_an_order_that_failed() {
    let mut state = WorkflowState::new();
    state.begin_step(Step::ManagerApproval);
    let client = client_of_terminated(state.clone());
    insta::assert_snapshot!(client.get("/workflows/A/status").await, @r#"
    200 OK
    {
      "authId": null,
      "compensations": [],
      "completedSteps": [],
      "currentStep": null,
      "error": "terminated",
      "labelId": null,
      "needsAttention": [
        {
          "name": "terminated",
          "reason": "the run was ended from outside; whatever was not undone by then stays as it is"
        }
      ],
      "progress": 20,
      "reservationId": null,
      "status": "failed",
      "success": true,
      "trackingNumber": null,
      "workflowId": "order-fulfillment-A"
    }
    "#);
    let result = client.get("/workflows/A/result").await.json();
    assert_eq!(
        (&result["result"]["status"], &result["result"]["error"]),
        (&"failed".into(), &"terminated".into())
    );
    let steps = client.get("/workflows/A/steps").await.json();
    assert_eq!(steps["steps"][1]["status"], "not_done");

    state.begin_undoing("rejected");
    state.begin_compensation(Compensation::ReleasePayment, Timestamp::UNIX_EPOCH);
    let client = client_of_terminated(state);
    let status = client.get("/workflows/A/status").await.json();
    assert_eq!((&status["status"], &status["error"]), (&"failed".into(), &"rejected".into()));
    assert_eq!(status["compensations"][0]["status"], "failed");
}

#[tokio::test(start_paused = true)]
async fn an_order_that_needs_attention_has_its_end_for_readers_and_can_be_retried() {
    let never_released = [("CHAOS_FAILURE_RATE", "0"), ("CHAOS_PAYMENT_RELEASE", "unavailable=100%")];
    with_system(&never_released, async |client| {
        client.place("A").await;
        client.post("/workflows/A/reject", "").await;
        pass(60.0).await;
        assert_eq!(client.get("/workflows/A/status").await.json()["status"], "processing");
        // An undo is given up after 30 minutes.
        pass(29.0 * 60.0).await;
        insta::assert_snapshot!(client.get("/workflows/A/result").await, @r#"
        200 OK
        {
          "result": {
            "authId": "auth_b1542c9712ab1f2f",
            "compensations": [
              {
                "attempts": 64,
                "detail": "activity_timeout: no success in time; the last attempt failed: unavailable: The service is unavailable; nothing happened.",
                "name": "release_payment",
                "status": "failed",
                "timestamp": "2026-01-28T10:29:31Z"
              }
            ],
            "completedSteps": [
              {
                "data": {
                  "authId": "auth_b1542c9712ab1f2f"
                },
                "name": "payment_authorization",
                "status": "completed",
                "timestamp": "2026-01-28T10:00:00Z"
              },
              {
                "data": {},
                "name": "manager_approval",
                "status": "failed",
                "timestamp": "2026-01-28T10:00:00Z"
              }
            ],
            "currentStep": null,
            "error": "rejected",
            "labelId": null,
            "needsAttention": [
              {
                "name": "release_payment",
                "reason": "activity_timeout: no success in time; the last attempt failed: unavailable: The service is unavailable; nothing happened."
              }
            ],
            "progress": 20,
            "reservationId": null,
            "status": "failed",
            "trackingNumber": null
          },
          "success": true,
          "workflowId": "order-fulfillment-A"
        }
        "#);
        let listed = client.get("/workflows?needsAttention=true").await.json();
        assert_eq!(listed["workflows"][0]["orderStatus"], "failed");
        insta::assert_snapshot!(client.post("/workflows/A/retry", "").await, @r#"
        200 OK
        {
          "message": "The failed compensations are being retried.",
          "success": true,
          "workflowId": "order-fulfillment-A"
        }
        "#);
        pass(1.0).await;
        assert_eq!(client.get("/workflows/A/status").await.json()["currentStep"], "release_payment");
        insta::assert_snapshot!(client.post("/workflows/A/retry", "").await, @r#"
        409 Conflict
        {
          "correlationId": "51e14cc6-da83-4935-b794-d07e9dacbea6",
          "detail": "The order is already being undone.",
          "error": "already_compensating",
          "instance": "/workflows/A/retry",
          "message": "The order is already being undone.",
          "status": 409,
          "success": false,
          "title": "Already being undone",
          "type": "urn:fake-stripe-chaos:problem:already_compensating"
        }
        "#);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn unknown_routes_and_methods_are_problems_too() {
    with_calm_system(async |client| {
        insta::assert_snapshot!(client.get("/workflow").await, @r#"
        404 Not Found
        {
          "correlationId": "bea7809e-283e-4cb0-93a2-66acfa1df75a",
          "detail": "There is no GET /workflow; see /api/docs.",
          "error": "no_such_route",
          "instance": "/workflow",
          "message": "There is no GET /workflow; see /api/docs.",
          "status": 404,
          "success": false,
          "title": "No such route",
          "type": "urn:fake-stripe-chaos:problem:no_such_route"
        }
        "#);
        insta::assert_snapshot!(client.get("/workflows/A/approve").await, @r#"
        405 Method Not Allowed
        {
          "correlationId": "e94e960b-8d51-4818-9803-26ef2d013837",
          "detail": "/workflows/A/approve does not support GET; see /api/docs.",
          "error": "method_not_allowed",
          "instance": "/workflows/A/approve",
          "message": "/workflows/A/approve does not support GET; see /api/docs.",
          "status": 405,
          "success": false,
          "title": "Method not allowed",
          "type": "urn:fake-stripe-chaos:problem:method_not_allowed"
        }
        "#);
        assert_eq!(client.get("/workflows/A/approve").await.headers["allow"], "POST");
        assert_eq!(client.post("/api/v1/order/A/status", "").await.status.as_u16(), 405);
        assert_eq!(client.get("/workflows/A").await.status.as_u16(), 404);
    })
    .await;
}
