use futures_util::future::join;

use super::client::{pass, with_calm_system, with_system};

#[tokio::test(start_paused = true)]
async fn a_result_is_waited_for_as_long_as_the_client_says() {
    with_calm_system(async |client| {
        client.place("A").await;
        let before = tokio::time::Instant::now();
        insta::assert_snapshot!(client.get("/workflows/A/result?timeout=1.5").await, @r#"
        408 Request Timeout
        {
          "correlationId": "e94e960b-8d51-4818-9803-26ef2d013837",
          "detail": "The order has not ended after 1.5 seconds; ask again later.",
          "error": "result_timeout",
          "instance": "/workflows/A/result",
          "message": "The order has not ended after 1.5 seconds; ask again later.",
          "status": 408,
          "success": false,
          "title": "Not ended yet",
          "type": "urn:fake-stripe-chaos:problem:result_timeout"
        }
        "#);
        assert_eq!(before.elapsed().as_millis(), 1500);
        assert_eq!(client.get("/workflows/A/result").await.status.as_u16(), 408);
        assert_eq!(before.elapsed().as_millis(), 31_500);
        for wrong in ["-1", "301", "NaN", "soon"] {
            let answer = client.get(&format!("/workflows/A/result?timeout={wrong}")).await;
            assert_eq!(answer.json()["errors"][0]["field"], "timeout", "{answer}");
        }
        // Nobody decides within two minutes.
        let end = client.get("/workflows/A/result?timeout=300").await.json();
        assert_eq!(end["result"]["error"], "approval_timeout");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_the_result_of_an_order_that_needs_attention_gets_it_within_seconds() {
    let variables = [
        ("CHAOS_FAILURE_RATE", "0"),
        ("CHAOS_PAYMENT_RELEASE", "internal_error=100%"),
        ("COMPENSATION_ACTIVITY_RETRIES", "0"),
    ];
    with_system(&variables, async |client| {
        client.place("A").await;
        let before = tokio::time::Instant::now();
        let reject = async {
            pass(17.0).await;
            client.post("/workflows/A/reject", "").await;
        };
        let (answer, ()) = join(client.get("/workflows/A/result?timeout=300"), reject).await;
        assert_eq!(answer.json()["result"]["needsAttention"][0]["name"], "release_payment", "{answer}");
        assert!(before.elapsed().as_secs() <= 17 + 5, "{:?}", before.elapsed());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_result_is_told_when_the_orchestrator_stops() {
    with_calm_system(async |client| {
        client.place("A").await;
        let before = tokio::time::Instant::now();
        let stop = async {
            pass(7.0).await;
            client.stop.cancel();
        };
        let (answer, ()) = join(client.get("/workflows/A/result?timeout=300"), stop).await;
        assert_eq!(before.elapsed().as_secs(), 7);
        assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (408, &"result_timeout".into()));
        // What needs no wait is answered all the same.
        assert_eq!(client.get("/workflows/A/status").await.status.as_u16(), 200);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_journal_is_read_page_by_page() {
    with_calm_system(async |client| {
        client.place("A").await;
        client.post("/workflows/A/reject", "").await;
        client.end_of("A").await;
        let whole = client.get("/workflows/A/history").await.json();
        let (mut path, mut events) = ("/workflows/A/history?limit=2".to_owned(), Vec::new());
        loop {
            let page = client.get(&path).await.json();
            let found = page["events"].as_array().unwrap();
            assert!((1..=2).contains(&found.len()));
            events.extend(found.iter().cloned());
            let Some(cursor) = page["nextCursor"].as_str() else { break };
            path = format!("/workflows/A/history?limit=2&cursor={cursor}");
        }
        assert_eq!(whole["events"], serde_json::Value::from(events));
        insta::assert_snapshot!(client.get("/workflows/A/history?limit=0&cursor=x").await, @r#"
        400 Bad Request
        {
          "correlationId": "f0f2cc17-4930-4a18-bf83-aea74b27351c",
          "detail": "cursor must be the nextCursor of the previous page; limit must be a whole number from 1 to 1000",
          "error": "validation_error",
          "errors": [
            {
              "field": "cursor",
              "message": "must be the nextCursor of the previous page"
            },
            {
              "field": "limit",
              "message": "must be a whole number from 1 to 1000"
            }
          ],
          "instance": "/workflows/A/history",
          "message": "cursor must be the nextCursor of the previous page; limit must be a whole number from 1 to 1000",
          "status": 400,
          "success": false,
          "title": "Invalid request",
          "type": "urn:fake-stripe-chaos:problem:validation_error"
        }
        "#);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn no_view_of_an_unknown_order_is_found() {
    with_calm_system(async |client| {
        for path in ["status", "progress", "steps", "result", "history"] {
            let answer = client.get(&format!("/workflows/nobody/{path}")).await;
            assert_eq!(answer.status.as_u16(), 404, "{path}");
        }
        insta::assert_snapshot!(client.get("/workflows/nobody/status").await, @r#"
        404 Not Found
        {
          "correlationId": "90b5a831-3ec7-4aea-aaba-dec9e7ed45e0",
          "detail": "The workflow `order-fulfillment-nobody` does not exist; see GET /workflows.",
          "error": "not_found",
          "instance": "/workflows/nobody/status",
          "message": "The workflow `order-fulfillment-nobody` does not exist; see GET /workflows.",
          "status": 404,
          "success": false,
          "title": "Not found",
          "type": "urn:fake-stripe-chaos:problem:not_found"
        }
        "#);
        let odd = ["%FF", "%00", "..%2F..", &"x".repeat(5000)];
        for id in odd {
            let answer = client.get(&format!("/workflows/{id}/status")).await;
            assert_eq!(answer.json()["error"], "not_found", "{id}");
        }
    })
    .await;
}
