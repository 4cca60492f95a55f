use super::client::{Client, pass, with_calm_system, with_system};

/// The name, the status and the attempts of each step.
async fn steps(client: &Client, order_id: &str) -> String {
    let answer = client.get(&format!("/workflows/{order_id}/steps")).await.json();
    let line =
        |step: &serde_json::Value| format!("{} {} {}\n", step["name"], step["status"], step["attempts"]);
    let all = ["steps", "compensations"].into_iter().flat_map(|kind| answer[kind].as_array().unwrap());
    all.map(line).collect::<String>().replace('"', "")
}

#[tokio::test(start_paused = true)]
async fn the_state_is_what_the_contract_says() {
    with_calm_system(async |client| {
        client.place("ORD-1").await;
        pass(1.0).await;
        insta::assert_snapshot!(client.get("/workflows/order-fulfillment-ORD-1/status").await, @r#"
        200 OK
        {
          "authId": "auth_eb74c7294fb431f2",
          "compensations": [],
          "completedSteps": [
            {
              "data": {
                "authId": "auth_eb74c7294fb431f2"
              },
              "name": "payment_authorization",
              "status": "completed",
              "timestamp": "2026-01-28T10:00:00Z"
            }
          ],
          "currentStep": "manager_approval",
          "error": null,
          "labelId": null,
          "needsAttention": [],
          "progress": 20,
          "reservationId": null,
          "status": "awaiting_approval",
          "success": true,
          "trackingNumber": null,
          "workflowId": "order-fulfillment-ORD-1"
        }
        "#);
        client.post("/workflows/ORD-1/approve", r#"{"approvedBy":"manager@company.com"}"#).await;
        insta::assert_snapshot!(client.get("/workflows/ORD-1/result").await, @r#"
        200 OK
        {
          "result": {
            "authId": "auth_eb74c7294fb431f2",
            "compensations": [],
            "completedSteps": [
              {
                "data": {
                  "authId": "auth_eb74c7294fb431f2"
                },
                "name": "payment_authorization",
                "status": "completed",
                "timestamp": "2026-01-28T10:00:00Z"
              },
              {
                "data": {
                  "approvedBy": "manager@company.com"
                },
                "name": "manager_approval",
                "status": "completed",
                "timestamp": "2026-01-28T10:00:01Z"
              },
              {
                "data": {
                  "reservationId": "res_9c24d23c37ca3c3e"
                },
                "name": "inventory_reservation",
                "status": "completed",
                "timestamp": "2026-01-28T10:00:01Z"
              },
              {
                "data": {
                  "authId": "auth_eb74c7294fb431f2"
                },
                "name": "payment_capture",
                "status": "completed",
                "timestamp": "2026-01-28T10:00:01Z"
              },
              {
                "data": {
                  "labelId": "lbl_302f4b47cbbaddc8",
                  "trackingNumber": "1ZEAZGSC0387644389"
                },
                "name": "shipping_label",
                "status": "completed",
                "timestamp": "2026-01-28T10:00:21Z"
              },
              {
                "data": {
                  "notificationId": "ntf_658f08c48f3318a8"
                },
                "name": "customer_notification",
                "status": "completed",
                "timestamp": "2026-01-28T10:00:21Z"
              }
            ],
            "currentStep": null,
            "error": null,
            "labelId": "lbl_302f4b47cbbaddc8",
            "needsAttention": [],
            "progress": 100,
            "reservationId": "res_9c24d23c37ca3c3e",
            "status": "shipped",
            "trackingNumber": "1ZEAZGSC0387644389"
          },
          "success": true,
          "workflowId": "order-fulfillment-ORD-1"
        }
        "#);
        let status = client.get("/api/v1/order/ORD-1/status").await.json();
        assert_eq!((&status["status"], &status["progress"]), (&"shipped".into(), &100.into()));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn progress_follows_the_label_while_it_is_made() {
    with_calm_system(async |client| {
        client.place("A").await;
        pass(1.0).await;
        insta::assert_snapshot!(client.get("/workflows/A/progress").await, @r#"
        200 OK
        {
          "progress": 20,
          "success": true,
          "workflowId": "order-fulfillment-A"
        }
        "#);
        client.post("/workflows/A/approve", "").await;
        let mut seen = Vec::new();
        for _ in 0..5 {
            pass(1.0).await;
            seen.push(client.get("/api/v1/order/A/progress").await.json()["progress"].clone());
            pass(4.0).await;
        }
        assert_eq!(seen, [70, 75, 80, 85, 100]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn progress_stays_where_it_was_when_an_order_is_cancelled_while_its_label_is_made() {
    with_calm_system(async |client| {
        client.place("A").await;
        client.post("/workflows/A/approve", "").await;
        pass(11.0).await;
        let progress = async || client.get("/workflows/A/progress").await.json()["progress"].clone();
        assert_eq!(progress().await, 80);
        client.post("/workflows/A/cancel", "").await;
        assert_eq!(client.end_of("A").await["status"], "cancelled");
        assert_eq!(progress().await, 80);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn progress_stays_where_it_was_when_a_later_attempt_fails_before_it_is_as_far() {
    let script = "A:shipping.create_label#1=timeout; A:shipping.create_label#2=address_validation_failed";
    with_system(&[("CHAOS_FAILURE_RATE", "0"), ("CHAOS_SCRIPT", script)], async |client| {
        client.place("A").await;
        client.post("/workflows/A/approve", "").await;
        let mut seen = Vec::new();
        loop {
            let status = client.get("/workflows/A/status").await.json();
            seen.push(status["progress"].as_u64().unwrap());
            if status["status"] == "failed" {
                break;
            }
            pass(1.0).await;
        }
        seen.dedup();
        assert_eq!(seen.last(), seen.iter().max(), "{seen:?}");
        assert!(seen.contains(&85), "{seen:?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_undo_that_is_being_tried_tells_how_often_it_was() {
    let chaos = [
        ("CHAOS_FAILURE_RATE", "0"),
        ("CHAOS_INVENTORY_RESERVE", "out_of_stock=100%"),
        ("CHAOS_PAYMENT_RELEASE", "internal_error=100%"),
    ];
    with_system(&chaos, async |client| {
        client.place("A").await;
        client.post("/workflows/A/approve", "").await;
        pass(60.0).await;
        let undo = client.get("/workflows/A/status").await.json()["compensations"][0].clone();
        let steps = client.get("/workflows/A/steps").await.json();
        let compensation = steps["compensations"][0].clone();
        assert_eq!(
            (&undo["status"], &undo["attempts"]),
            (&"running".into(), &compensation["attempts"]),
            "{steps:#}"
        );
        assert!(undo["attempts"].as_u64() > Some(3), "{undo}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn while_it_is_found_out_what_there_is_to_undo_the_attempts_of_that_are_told() {
    let chaos = [("CHAOS_FAILURE_RATE", "0"), ("CHAOS_PAYMENT_AUTHORIZE", "internal_error=100%")];
    with_system(&chaos, async |client| {
        client.place("A").await;
        pass(120.0).await;
        let steps = client.get("/workflows/A/steps").await.json();
        let undo = &steps["compensations"][0];
        assert_eq!(
            (&undo["name"], &undo["status"]),
            (&"release_payment".into(), &"retrying".into()),
            "{steps:#}"
        );
        assert!(undo["attempts"].as_u64() > Some(3) && undo["nextAttemptAt"].is_string(), "{undo:#}");
        assert!(undo["lastFailure"].as_str().unwrap().starts_with("internal_error: "), "{undo:#}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn steps_tell_of_attempts_failures_and_heartbeats() {
    with_system(
        &[("CHAOS_SCRIPT", "payment.authorize#1=unavailable"), ("CHAOS_FAILURE_RATE", "0")],
        async |client| {
            client.place("A").await;
            pass(0.5).await;
            let hold = client.get("/workflows/A/steps").await.json()["steps"][0].clone();
            insta::assert_snapshot!(format!("{hold:#}"), @r#"
        {
          "attempts": 1,
          "data": {},
          "endedAt": null,
          "lastFailure": "unavailable: The service is unavailable; nothing happened.",
          "lastHeartbeat": null,
          "name": "payment_authorization",
          "nextAttemptAt": "2026-01-28T10:00:01Z",
          "startedAt": "2026-01-28T10:00:00Z",
          "status": "retrying"
        }
        "#);
            pass(1.0).await;
            client.post("/workflows/A/approve", "").await;
            pass(6.0).await;
            insta::assert_snapshot!(steps(&client, "A").await, @r"
        payment_authorization completed 2
        manager_approval completed 0
        inventory_reservation completed 1
        payment_capture completed 1
        shipping_label running 1
        customer_notification pending 0
        ");
            let label = client.get("/workflows/A/steps").await.json()["steps"][4].clone();
            insta::assert_snapshot!(format!("{label:#}"), @r#"
        {
          "attempts": 1,
          "data": {},
          "endedAt": null,
          "lastFailure": null,
          "lastHeartbeat": {
            "labelId": "lbl_2f9696dbe78732bc",
            "progress": 25
          },
          "name": "shipping_label",
          "nextAttemptAt": null,
          "startedAt": "2026-01-28T10:00:01.5Z",
          "status": "running"
        }
        "#);
            client.end_of("A").await;
            insta::assert_snapshot!(steps(&client, "A").await, @r"
        payment_authorization completed 2
        manager_approval completed 0
        inventory_reservation completed 1
        payment_capture completed 1
        shipping_label completed 1
        customer_notification completed 1
        ");
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn steps_tell_of_compensations() {
    with_system(
        &[("CHAOS_INVENTORY_RESERVE", "out_of_stock=100%"), ("CHAOS_FAILURE_RATE", "0")],
        async |client| {
            client.place("A").await;
            client.post("/workflows/A/approve", "").await;
            let end = client.end_of("A").await;
            assert_eq!((&end["status"], &end["error"]), (&"failed".into(), &"out_of_stock".into()));
            insta::assert_snapshot!(steps(&client, "A").await, @r"
        payment_authorization completed 1
        manager_approval completed 0
        inventory_reservation failed 1
        payment_capture not_done 0
        shipping_label not_done 0
        customer_notification not_done 0
        release_payment completed 1
        ");
        },
    )
    .await;
}
