//! Every outcome: what the client sees, whether the operation happened, how long it took.

use std::time::Duration;

use tokio::time::Instant;

use crate::toy::{Toys, make_for};

struct Case {
    outcome: &'static str,
    status: &'static str,
    error: &'static str,
    record: bool,
    seconds: u64,
}

const CASES: [Case; 15] = [
    Case { outcome: "success", status: "201", error: "", record: true, seconds: 0 },
    Case { outcome: "internal_error", status: "500", error: "internal_error", record: false, seconds: 0 },
    Case { outcome: "unavailable", status: "503", error: "unavailable", record: false, seconds: 0 },
    Case { outcome: "rate_limited", status: "429", error: "rate_limited", record: false, seconds: 0 },
    Case { outcome: "timeout", status: "408", error: "timeout", record: false, seconds: 4 },
    Case { outcome: "hang", status: "connection closed", error: "", record: false, seconds: 300 },
    Case { outcome: "reset", status: "connection reset", error: "", record: false, seconds: 0 },
    Case { outcome: "empty", status: "connection closed", error: "", record: false, seconds: 0 },
    Case { outcome: "slow", status: "201", error: "", record: true, seconds: 2 },
    Case { outcome: "timeout_after", status: "408", error: "timeout", record: true, seconds: 5 },
    Case {
        outcome: "internal_error_after",
        status: "500",
        error: "internal_error",
        record: true,
        seconds: 0,
    },
    Case { outcome: "lost_response", status: "connection reset", error: "", record: true, seconds: 0 },
    Case { outcome: "malformed", status: "200", error: "", record: true, seconds: 0 },
    Case { outcome: "sold_out", status: "409", error: "sold_out", record: false, seconds: 0 },
    Case { outcome: "already_made", status: "409", error: "already_made", record: true, seconds: 0 },
];

#[tokio::test(start_paused = true)]
async fn every_outcome_tells_its_story_and_takes_its_time() {
    for Case { outcome, status, error, record, seconds } in CASES {
        let toys = Toys::meeting(&format!("{outcome}=100%"));
        let before = Instant::now();
        let shown = toys.send(make_for("ORD-1")).await;
        assert!(shown.starts_with(status), "{outcome}: {shown}");
        assert!(shown.contains(&format!(r#""error":"{error}""#)) || error.is_empty(), "{outcome}: {shown}");
        assert_eq!(toys.made() == 1, record, "{outcome}");
        assert_eq!(before.elapsed(), Duration::from_secs(seconds), "{outcome}");
        let injected = outcome != "success" && !status.starts_with("connection");
        let marked = shown.contains(&format!("x-chaos-injected: toy.make={outcome}"));
        assert_eq!(marked, injected, "{outcome}: {shown}");
    }
    let known: Vec<_> = crate::toy::MAKE.possible().map(|outcome| outcome.name).collect();
    assert_eq!(
        CASES.map(|case| case.outcome).to_vec(),
        known,
        "a case for every outcome, in the order of the catalogue"
    );
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_injected_only_where_the_operation_would_have_succeeded() {
    for table in ["sold_out=100%", "already_made=100%", "malformed=100%"] {
        let toys = Toys::with(0, &[("CHAOS_TOY_MAKE", table)]);
        let shown = toys.send(make_for("ORD-1")).await;
        assert!(shown.contains("No toy is left.") && !shown.contains("\"chaos\":"), "{table}: {shown}");
        let stats = &toys.chaos().stats("toy")[0];
        assert_eq!((stats.draws, stats.injected, stats.overridden), (1, 1, 1), "{table}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_injected_answer_says_so() {
    let toys = Toys::meeting("sold_out=100%");
    insta::assert_snapshot!(toys.send(make_for("ORD-1")).await, @r#"
    409 Conflict
    x-chaos-injected: toy.make=sold_out
    x-chaos-seed: 42
    {"type":"urn:fake-stripe-chaos:problem:sold_out","title":"Sold out","status":409,"detail":"No toy is left, says chaos.","instance":"/toy/make","success":false,"error":"sold_out","message":"No toy is left, says chaos.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","chaos":{"operation":"toy.make","outcome":"sold_out","seed":42,"attempt":1}}
    "#);
    let toys = Toys::with(1, &[("CHAOS_TOY_MAKE", "unavailable=100%"), ("TIME_SCALE", "0.1")]);
    insta::assert_snapshot!(toys.send(make_for("ORD-1")).await, @r#"
    503 Service Unavailable
    retry-after: 1
    x-chaos-injected: toy.make=unavailable
    x-chaos-seed: 42
    {"type":"urn:fake-stripe-chaos:problem:unavailable","title":"Service unavailable","status":503,"detail":"The service is unavailable; nothing happened.","instance":"/toy/make","success":false,"error":"unavailable","message":"The service is unavailable; nothing happened.","correlationId":"6cd5a910-47d1-407c-9349-b9f78edb310f","retryAfterMs":100,"chaos":{"operation":"toy.make","outcome":"unavailable","seed":42,"attempt":1}}
    "#);
    let toys = Toys::meeting("malformed=100%");
    insta::assert_snapshot!(toys.send(make_for("ORD-1")).await, @r#"
    200 OK
    x-chaos-injected: toy.make=malformed
    x-chaos-seed: 42
    {"success":true,"id":"toy_74b
    "#);
}
