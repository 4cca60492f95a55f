use serde_json::Value;

use super::client::{Client, order, pass, with_calm_system};

/// Three orders of two customers, one a second: A waits, B is rejected, C is cancelled.
async fn some_orders(client: &Client) {
    for (order_id, customer, amount) in [("A", "ann", 10.5), ("B", "bob", 20.0), ("C", "ann", 30.0)] {
        let mut order = order(order_id);
        order["customerId"] = customer.into();
        order["totalAmount"] = amount.into();
        client.post("/workflows/order", order).await;
        pass(1.0).await;
    }
    client.post("/workflows/B/reject", "").await;
    client.post("/workflows/C/cancel", "").await;
    pass(1.0).await;
}

async fn ids(client: &Client, query: &str) -> String {
    let page = client.get(&format!("/workflows{query}")).await.json();
    let Some(orders) = page["workflows"].as_array() else { panic!("{page:#}") };
    orders.iter().filter_map(|order| order["orderId"].as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn orders_are_found_by_their_attributes_newest_first() {
    with_calm_system(async |client| {
        some_orders(&client).await;
        for (query, found) in [
            ("", "CBA"),
            ("?orderId=B", "B"),
            ("?customerId=ann", "CA"),
            ("?customerId=%20ann", ""),
            ("?orderStatus=pending", "A"),
            ("?orderStatus=awaiting_approval", "A"),
            ("?orderStatus=rejected", "B"),
            ("?orderStatus=cancelled&customerId=ann", "C"),
            ("?minAmount=20", "CB"),
            ("?maxAmount=20", "BA"),
            ("?minAmount=10.5&maxAmount=10.50", "A"),
            ("?createdAfter=2026-01-28T10:00:01Z", "CB"),
            ("?createdBefore=2026-01-28T11:00:01%2B01:00", "BA"),
            ("?needsAttention=true", ""),
            ("?needsAttention=false&limit=1", "C"),
            ("?orderStatus=&limit=", "CBA"),
        ] {
            assert_eq!(ids(&client, query).await, found, "{query}");
        }
        insta::assert_snapshot!(client.get("/api/v1/order?limit=1").await, @r#"
        200 OK
        {
          "nextCursor": "2",
          "success": true,
          "workflows": [
            {
              "closedAt": "2026-01-28T10:00:03Z",
              "createdAt": "2026-01-28T10:00:02Z",
              "customerId": "ann",
              "needsAttention": false,
              "orderId": "C",
              "orderStatus": "cancelled",
              "runId": "dc6f0506-5d43-49cc-8d61-9be1c904de42",
              "totalAmount": 30.0,
              "workflowId": "order-fulfillment-C"
            }
          ]
        }
        "#);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn pages_of_one_find_every_order_once() {
    with_calm_system(async |client| {
        some_orders(&client).await;
        let (mut path, mut found) = ("/workflows?limit=1".to_owned(), Vec::new());
        loop {
            let page = client.get(&path).await.json();
            found.push(page["workflows"][0]["orderId"].clone());
            let Some(cursor) = page["nextCursor"].as_str() else { break };
            path = format!("/workflows?limit=1&cursor={cursor}");
        }
        assert_eq!(Value::from(found), serde_json::json!(["C", "B", "A"]));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn every_parameter_that_breaks_a_rule_is_named() {
    with_calm_system(async |client| {
        let long = "x".repeat(129);
        let query = format!(
            "?orderId={long}&customerId=%07&orderStatus=lost&minAmount=cheap&maxAmount=1e99&createdAfter=yesterday\
             &createdBefore=1&needsAttention=maybe&limit=1001"
        );
        insta::assert_snapshot!(client.get(&format!("/workflows{query}")).await, @r#"
        400 Bad Request
        {
          "correlationId": "bea7809e-283e-4cb0-93a2-66acfa1df75a",
          "detail": "orderId must have at most 128 characters; customerId must not contain control characters; orderStatus must be one of pending, approved, rejected, processing, shipped, failed, cancelled; minAmount must be a number; maxAmount must have at most 28 significant digits; createdAfter must be a time such as 2026-01-28T10:00:00Z; createdBefore must be a time such as 2026-01-28T10:00:00Z; needsAttention must be true or false; limit must be a whole number from 1 to 1000",
          "error": "validation_error",
          "errors": [
            {
              "field": "orderId",
              "message": "must have at most 128 characters"
            },
            {
              "field": "customerId",
              "message": "must not contain control characters"
            },
            {
              "field": "orderStatus",
              "message": "must be one of pending, approved, rejected, processing, shipped, failed, cancelled"
            },
            {
              "field": "minAmount",
              "message": "must be a number"
            },
            {
              "field": "maxAmount",
              "message": "must have at most 28 significant digits"
            },
            {
              "field": "createdAfter",
              "message": "must be a time such as 2026-01-28T10:00:00Z"
            },
            {
              "field": "createdBefore",
              "message": "must be a time such as 2026-01-28T10:00:00Z"
            },
            {
              "field": "needsAttention",
              "message": "must be true or false"
            },
            {
              "field": "limit",
              "message": "must be a whole number from 1 to 1000"
            }
          ],
          "instance": "/workflows",
          "message": "orderId must have at most 128 characters; customerId must not contain control characters; orderStatus must be one of pending, approved, rejected, processing, shipped, failed, cancelled; minAmount must be a number; maxAmount must have at most 28 significant digits; createdAfter must be a time such as 2026-01-28T10:00:00Z; createdBefore must be a time such as 2026-01-28T10:00:00Z; needsAttention must be true or false; limit must be a whole number from 1 to 1000",
          "status": 400,
          "success": false,
          "title": "Invalid request",
          "type": "urn:fake-stripe-chaos:problem:validation_error"
        }
        "#);
        let query = "?minAmount=2&maxAmount=1&createdAfter=2026-01-02T00:00:00Z&createdBefore=2026-01-01T00:00:00Z";
        insta::assert_snapshot!(client.get(&format!("/workflows{query}")).await, @r#"
        400 Bad Request
        {
          "correlationId": "e94e960b-8d51-4818-9803-26ef2d013837",
          "detail": "minAmount must not be greater than maxAmount; createdAfter must not be later than createdBefore",
          "error": "validation_error",
          "errors": [
            {
              "field": "minAmount",
              "message": "must not be greater than maxAmount"
            },
            {
              "field": "createdAfter",
              "message": "must not be later than createdBefore"
            }
          ],
          "instance": "/workflows",
          "message": "minAmount must not be greater than maxAmount; createdAfter must not be later than createdBefore",
          "status": 400,
          "success": false,
          "title": "Invalid request",
          "type": "urn:fake-stripe-chaos:problem:validation_error"
        }
        "#);
        insta::assert_snapshot!(client.get("/workflows?cursor=nonsense").await, @r#"
        400 Bad Request
        {
          "correlationId": "eec1907e-6348-405f-b42e-242de24ea99d",
          "detail": "cursor must be the nextCursor of the previous page",
          "error": "validation_error",
          "errors": [
            {
              "field": "cursor",
              "message": "must be the nextCursor of the previous page"
            }
          ],
          "instance": "/workflows",
          "message": "cursor must be the nextCursor of the previous page",
          "status": 400,
          "success": false,
          "title": "Invalid request",
          "type": "urn:fake-stripe-chaos:problem:validation_error"
        }
        "#);
        for path in ["/workflows?status=failed", "/workflows/order-fulfillment-ORD-1/result?timout=1"] {
            let refused = client.get(path).await.json();
            assert_eq!(refused["error"], "validation_error", "{path}");
        }
        insta::assert_snapshot!(client.get("/workflows?limit=1&limit=2").await, @r#"
        400 Bad Request
        {
          "correlationId": "90b5a831-3ec7-4aea-aaba-dec9e7ed45e0",
          "detail": "limit must not be given twice",
          "error": "validation_error",
          "errors": [
            {
              "field": "limit",
              "message": "must not be given twice"
            }
          ],
          "instance": "/workflows",
          "message": "limit must not be given twice",
          "status": 400,
          "success": false,
          "title": "Invalid request",
          "type": "urn:fake-stripe-chaos:problem:validation_error"
        }
        "#);
    })
    .await;
}
