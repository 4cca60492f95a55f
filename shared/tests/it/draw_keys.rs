//! Which requests draw one after another from the same draws, and which have draws of their own.

use serde_json::{Value, json};

use crate::toy::{Toys, make_with};

/// Faults that leave no answer under a key, so that a request can be sent as often as one likes.
const FAULTS: &str = "internal_error=25%, unavailable=25%, rate_limited=25%, timeout=25%";

/// The correlation id that a new toy service makes for its first request without one.
const MADE: &str = "6cd5a910-47d1-407c-9349-b9f78edb310f";

/// What a request may be known by: order, idempotency key, correlation id and resource, where it has them.
type Known = [&'static str; 4];

/// The outcome and the attempt of each of these requests, sent one after another to one service.
async fn drawn(requests: &[Known]) -> Vec<(String, u64)> {
    let toys = Toys::meeting(FAULTS);
    let mut drawn = Vec::new();
    for [order, key, correlation, resource] in requests {
        let given = |text: &'static str| Some(text).filter(|text| !text.is_empty());
        let body = json!({"colour": "red", "orderId": given(order), "boxId": given(resource)});
        let headers = [("idempotency-key", *key), ("x-correlation-id", *correlation)];
        let headers: Vec<_> = headers.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let shown = toys.send(make_with(&body.to_string(), &headers)).await;
        let problem: Value = serde_json::from_str(shown.lines().last().unwrap()).unwrap();
        assert_eq!(problem["correlationId"], given(correlation).unwrap_or(MADE));
        let Value::Object(chaos) = &problem["chaos"] else { panic!("{shown}") };
        drawn.push((chaos["outcome"].to_string(), chaos["attempt"].as_u64().unwrap()));
    }
    drawn
}

#[tokio::test(start_paused = true)]
async fn a_request_draws_by_the_first_of_order_key_correlation_id_resource_and_arrival() {
    // Two requests, and whether they share their draws.
    let cases: [(Known, Known, bool); 15] = [
        (["o", "k", "c", "r"], ["o", "l", "d", "s"], true),
        (["o", "k", "c", "r"], ["p", "k", "c", "r"], false),
        (["", "k", "c", "r"], ["", "k", "d", "s"], true),
        (["", "k", "c", "r"], ["", "l", "c", "r"], false),
        (["", "", "c", "r"], ["", "", "c", "s"], true),
        (["", "", "c", "r"], ["", "", "d", "r"], false),
        (["", "", "", "r"], ["", "", "", "r"], true),
        (["", "", "", "r"], ["", "", "", "s"], false),
        (["", "", "", ""], ["", "", "", ""], false),
        // The same text is another key when it is of another kind.
        (["x", "", "", ""], ["", "x", "", ""], false),
        (["", "x", "", ""], ["", "", "x", ""], false),
        (["", "", "x", ""], ["", "", "", "x"], false),
        (["", "", "", "x"], ["x", "", "", ""], false),
        // A correlation id that was made counts for nothing.
        (["", "", "", ""], ["", "", MADE, ""], false),
        (["", "", "", "r"], ["", "", MADE, "r"], false),
    ];
    for (a, b, share) in cases {
        let met = drawn(&[a, b, a, b]).await;
        let attempts: Vec<_> = met.iter().map(|(_, attempt)| *attempt).collect();
        if share {
            assert_eq!(attempts, [1, 2, 3, 4], "{a:?} {b:?}");
            assert_eq!(drawn(&[b, b, a, a]).await, met, "it matters not whose request it is: {a:?} {b:?}");
        } else {
            assert_eq!(attempts[..2], [1, 1], "{a:?} {b:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_script_counts_requests_that_nothing_tells_apart_but_each_is_a_first_attempt() {
    let toys = Toys::with(1000, &[("CHAOS_FAILURE_RATE", "0"), ("CHAOS_SCRIPT", "toy.make#3=unavailable")]);
    for nth in 1..=4 {
        let shown = toys.send(make_with(r#"{"colour":"red"}"#, &[])).await;
        assert_eq!(shown.starts_with("503"), nth == 3, "{nth}: {shown}");
        assert!(nth != 3 || shown.contains(r#""attempt":1}"#), "{shown}");
    }
    assert!(!toys.ledger().contains(r#""attempt":2"#), "{}", toys.ledger());
}
