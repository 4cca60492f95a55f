//! What a service serves beside its operations.

use axum::body::Body;
use http::Request;

use shared::service::describe_outcomes;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::{HttpMethod, OperationBuilder};

use crate::toy::{OPERATIONS, Toys, make_for, make_with};

#[tokio::test(start_paused = true)]
async fn distribution_and_stats_show_configured_and_observed() {
    let toys = Toys::meeting("success=50%, reset=50%");
    let get = |path: &str| Request::get(path.to_owned()).body(Body::empty()).unwrap();
    insta::assert_snapshot!(toys.send(get("/toy/chaos/distribution")).await, @r#"
    200 OK
    {"success":true,"distributions":{"make":{"reset":"50%","success":"50%"},"status":{"success":"100%"}}}
    "#);
    toys.send(make_for("ORD-1")).await;
    toys.send(make_for("ORD-2")).await;
    insta::assert_snapshot!(toys.send(get("/toy/stats")).await, @r#"
    200 OK
    {"success":true,"operations":[{"operation":"toy.make","requests":2,"replays":0,"draws":2,"scripted":0,"injected":2,"overridden":0,"outcomes":[{"outcome":"success","configured":0.5,"observed":0.0,"drawn":0},{"outcome":"reset","configured":0.5,"observed":1.0,"drawn":2}]},{"operation":"toy.status","requests":0,"replays":0,"draws":0,"scripted":0,"injected":0,"overridden":0,"outcomes":[{"outcome":"success","configured":1.0,"observed":0.0,"drawn":0}]}]}
    "#);
    let reset = Request::post("/toy/stats/reset").body(Body::empty()).unwrap();
    insta::assert_snapshot!(toys.send(reset).await, @r#"
    200 OK
    {"success":true}
    "#);
    assert_eq!(toys.chaos().stats("toy")[0].requests, 0);
}

#[tokio::test(start_paused = true)]
async fn stats_tell_what_was_drawn_from_what_was_not() {
    let script = [
        ("CHAOS_FAILURE_RATE", "0"),
        ("CHAOS_SCRIPT", "ORD-1:toy.make#1=unavailable; ORD-4:toy.make#1=sold_out"),
    ];
    let toys = Toys::with(2, &script);
    let keyed = make_with(r#"{"colour":"red","orderId":"ORD-2"}"#, &[("idempotency-key", "k")]);
    let again = make_with(r#"{"colour":"red","orderId":"ORD-2"}"#, &[("idempotency-key", "k")]);
    for request in [make_for("ORD-1"), keyed, again, make_for("ORD-3"), make_for("ORD-4")] {
        toys.send(request).await;
    }
    let counted = || {
        let stats = toys.chaos().stats("toy");
        let of = &stats[0];
        [of.requests, of.replays, of.draws, of.scripted, of.injected, of.overridden, of.outcomes[0].drawn]
    };
    assert_eq!(counted(), [5, 1, 2, 2, 0, 1, 2], "no toy is left for the last");
    toys.chaos().reset_stats("toy");
    assert_eq!(counted(), [0; 7]);
}

#[test]
fn an_operation_is_described_with_the_delays_that_are_usual_for_it() {
    let make = OperationBuilder::new().operation_id(Some("toy.make")).build();
    let mut document = OpenApi::default();
    document.paths.add_path_operation("/toy/make", vec![HttpMethod::Post], make);
    describe_outcomes(&mut document, OPERATIONS);
    let make = document.paths.paths["/toy/make"].post.as_ref().unwrap();
    let text = make.description.as_ref().unwrap();
    let delays: Vec<_> = text.lines().filter(|line| line.contains("unless a table")).collect();
    insta::assert_snapshot!(delays.join("\n"), @"
    | `timeout` | before | The request timed out before it reached the service; nothing happened. After 4s unless a table says otherwise. |
    | `slow` | after | The operation happens at once, but its answer arrives late. After 2s unless a table says otherwise. |
    | `timeout_after` | after | The request was processed, then it timed out. After 5s unless a table says otherwise. |
    ");
}
