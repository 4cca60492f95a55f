//! What people, clocks and operators decide.

use std::time::Duration;

use orchestrator::activities::ActivitySettings;
use orchestrator::domain::OrderStatus;
use orchestrator::workflow::Reception;
use orchestrator::workflows::order_fulfillment::{APPROVE, CANCEL, REJECT, RETRY, reason};

use serde_json::Value;
use tokio::time::Instant;

use super::judge::judge;
use super::running::{run_all, run_in};
use super::scenario::{Decision, Scenario};
use super::world::{Ending, World, in_virtual_time};

#[test]
fn every_decision_is_followed() {
    let scenarios: Vec<_> = Decision::all().into_iter().map(Scenario::new).collect();
    run_all(&scenarios);
}

#[test]
fn readers_see_what_became_of_an_order() {
    let shown = |scenario: &Scenario| {
        in_virtual_time(async {
            let ending = World::new(&scenario.script(None)).run("ORD-1", scenario).await;
            one_line_each(&serde_json::to_value(&ending.state).unwrap())
        })
    };
    insta::assert_snapshot!(shown(&Scenario::approved()), @r#"
    authId: "auth_eb74c7294fb431f2"
    completedSteps: {"data":{"authId":"auth_eb74c7294fb431f2"},"name":"payment_authorization","status":"completed","timestamp":"2026-01-28T10:00:00Z"}
    completedSteps: {"data":{},"name":"manager_approval","status":"completed","timestamp":"2026-01-28T10:00:00Z"}
    completedSteps: {"data":{"reservationId":"res_9c24d23c37ca3c3e"},"name":"inventory_reservation","status":"completed","timestamp":"2026-01-28T10:00:00Z"}
    completedSteps: {"data":{"authId":"auth_eb74c7294fb431f2"},"name":"payment_capture","status":"completed","timestamp":"2026-01-28T10:00:00Z"}
    completedSteps: {"data":{"labelId":"lbl_302f4b47cbbaddc8","trackingNumber":"1ZEAZGSC0387644389"},"name":"shipping_label","status":"completed","timestamp":"2026-01-28T10:00:20Z"}
    completedSteps: {"data":{"notificationId":"ntf_658f08c48f3318a8"},"name":"customer_notification","status":"completed","timestamp":"2026-01-28T10:00:20Z"}
    currentStep: null
    error: null
    labelId: "lbl_302f4b47cbbaddc8"
    progress: 100
    reservationId: "res_9c24d23c37ca3c3e"
    status: "shipped"
    trackingNumber: "1ZEAZGSC0387644389"
    "#);
    insta::assert_snapshot!(shown(&Scenario::that_asks_for("payment.refund")), @r#"
    authId: "auth_eb74c7294fb431f2"
    compensations: {"attempts":1,"name":"refund_payment","status":"completed","timestamp":"2026-01-28T10:00:00Z"}
    compensations: {"attempts":1,"name":"release_inventory","status":"completed","timestamp":"2026-01-28T10:00:00Z"}
    completedSteps: {"data":{"authId":"auth_eb74c7294fb431f2"},"name":"payment_authorization","status":"completed","timestamp":"2026-01-28T10:00:00Z"}
    completedSteps: {"data":{},"name":"manager_approval","status":"completed","timestamp":"2026-01-28T10:00:00Z"}
    completedSteps: {"data":{"reservationId":"res_9c24d23c37ca3c3e"},"name":"inventory_reservation","status":"completed","timestamp":"2026-01-28T10:00:00Z"}
    completedSteps: {"data":{"authId":"auth_eb74c7294fb431f2"},"name":"payment_capture","status":"completed","timestamp":"2026-01-28T10:00:00Z"}
    completedSteps: {"data":{"error":"address_validation_failed","message":"The carrier does not know the shipping address; no label was created."},"name":"shipping_label","status":"failed","timestamp":"2026-01-28T10:00:00Z"}
    currentStep: null
    error: "address_validation_failed"
    labelId: null
    progress: 70
    reservationId: "res_9c24d23c37ca3c3e"
    status: "failed"
    trackingNumber: null
    "#);
}

#[test]
fn each_step_tells_what_became_of_it() {
    let unasked = Scenario { requires_approval: false, ..Scenario::approved() };
    let in_vain = (1..=4).fold(Scenario::approved(), |scenario, attempt| {
        scenario.with("payment.authorize", attempt, "internal_error")
    });
    let shown = [
        unasked,
        Scenario::new(Decision::None),
        Scenario::new(Decision::Waiting(REJECT)),
        Scenario::approved().with("notification.send", 1, "invalid_recipient"),
        in_vain,
        Scenario::approved().with("payment.capture", 1, "authorization_expired"),
        Scenario::that_asks_for("shipping.cancel"),
    ]
    .map(|scenario| {
        let state = in_virtual_time(async {
            let ending = World::new(&scenario.script(None)).run("ORD-1", &scenario).await;
            serde_json::to_value(&ending.state).unwrap()
        });
        let words = |list: &str| {
            let entries = state[list].as_array().into_iter().flatten();
            let word = |entry: &Value| {
                let data = entry["data"].as_object().into_iter().flatten();
                let data: Vec<_> = data.map(|(name, _)| name.as_str()).collect();
                format!("{} {} {}", entry["name"], entry["status"], data.join(" ")).replace('"', "")
            };
            entries.map(|entry| format!("\n  {}", word(entry).trim_end())).collect::<String>()
        };
        format!("{}{}{}", state["status"], words("completedSteps"), words("compensations"))
    });
    insta::assert_snapshot!(shown.join("\n"), @r#"
    "shipped"
      payment_authorization completed authId
      manager_approval skipped
      inventory_reservation completed reservationId
      payment_capture completed authId
      shipping_label completed labelId trackingNumber
      customer_notification completed notificationId
    "rejected"
      payment_authorization completed authId
      manager_approval failed error
      release_payment completed
    "rejected"
      payment_authorization completed authId
      manager_approval failed
      release_payment completed
    "shipped"
      payment_authorization completed authId
      manager_approval completed
      inventory_reservation completed reservationId
      payment_capture completed authId
      shipping_label completed labelId trackingNumber
      customer_notification failed error message
    "failed"
      payment_authorization failed error message
      release_payment completed
    "failed"
      payment_authorization completed authId
      manager_approval completed
      inventory_reservation completed reservationId
      payment_capture failed error message
      release_inventory completed
      release_payment completed
    "cancelled"
      payment_authorization completed authId
      manager_approval completed
      inventory_reservation completed reservationId
      payment_capture completed authId
      shipping_label failed error message
      cancel_shipping completed
      refund_payment completed
      release_inventory completed
    "#);
}

/// The members of a state, and the entries of its lists, one a line.
fn one_line_each(state: &Value) -> String {
    let mut lines = Vec::new();
    for (name, value) in state.as_object().unwrap() {
        match value.as_array() {
            Some(entries) => lines.extend(entries.iter().map(|entry| format!("{name}: {entry}"))),
            None => lines.push(format!("{name}: {value}")),
        }
    }
    lines.join("\n")
}

#[test]
fn every_request_may_arrive_twice() {
    let twice = |scenario: Scenario| Scenario { twice: true, ..scenario };
    let undoing = ["payment.release", "payment.refund", "inventory.release", "shipping.cancel"];
    let scenarios = Decision::all().into_iter().map(Scenario::new);
    let scenarios: Vec<_> = scenarios.chain(undoing.map(Scenario::that_asks_for)).map(twice).collect();
    run_all(&scenarios);
}

#[test]
fn an_order_that_takes_too_long_is_undone_wherever_it_is() {
    let mut wrong = Vec::new();
    for outcome in ["success", "lost_response"] {
        for decision in Decision::all() {
            let scenario = Scenario::new(decision).with("shipping.create_label", 1, outcome);
            wrong.extend(in_virtual_time(under_limits(&scenario)));
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

/// Runs `scenario` without a limit and under some, and tells what is wrong.
async fn under_limits(scenario: &Scenario) -> Vec<String> {
    let world = World::new(&scenario.script(None));
    let mut order = world.orchestrator("ORD-1", scenario);
    let start = Instant::now();
    order.place().await;
    order.decide().await;
    order.result().await;
    let lasts = start.elapsed();

    let mut wrong = Vec::new();
    // While waiting, in the middle of a label, in the moment it is made, and never. None of them ends
    // while what a decision stopped is being undone, when no limit holds.
    for limit in [2, 7, 20, 21, 300].map(Duration::from_secs) {
        let settings = ActivitySettings { workflow_timeout: limit, ..ActivitySettings::default() };
        let limited = Scenario { settings, ..scenario.clone() };
        let (ending, finding) = run_in(&world, &format!("ORD-1-{}", limit.as_secs()), &limited).await;
        wrong.extend(finding);
        let error = ending.state.error.as_deref();
        // An order that ends in the moment of its limit may end either way.
        if limit != lasts && (error == Some("workflow_timeout")) != (limit < lasts) {
            wrong.push(format!("{scenario:?} lasts {lasts:?}; within {limit:?} it ended with {error:?}"));
        }
    }
    wrong
}

#[test]
fn an_order_may_ask_for_no_approval() {
    let unasked = |decision| Scenario { requires_approval: false, ..Scenario::new(decision) };
    let scenarios: Vec<_> = Decision::all().into_iter().map(unasked).collect();
    run_all(&scenarios);
    in_virtual_time(async {
        let ending = World::new("").run("ORD-1", &unasked(Decision::None)).await;
        assert_eq!(ending.state.status, OrderStatus::Shipped);
    });
}

#[test]
fn the_engines_own_cancel_is_a_cancel() {
    in_virtual_time(async {
        for step in ["manager_approval", "shipping_label"] {
            let world = World::new("");
            let decision = if step == "manager_approval" { Decision::None } else { Decision::Early(APPROVE) };
            let scenario = Scenario::new(decision);
            let mut order = world.orchestrator("ORD-1", &scenario);
            order.place().await;
            order.decide().await;
            order.until(|state| state.current_step.as_deref() == Some(step)).await;
            order.cancel().await;
            let state = order.result().await;
            assert_eq!((state.status, state.error.as_deref()), (OrderStatus::Cancelled, Some("cancelled")));
            // The verdict knows only of decisions that were signals.
            order.wire.note(CANCEL, &Reception::Accepted);
            let ending = Ending { state, wire: order.wire, is_struck: false };
            assert_eq!(judge(&world, &ending, &scenario).await, Vec::<String>::new());
        }
    });
}

#[test]
fn decisions_that_come_too_late_are_told_why() {
    in_virtual_time(async {
        let world = World::new("");
        let scenario = Scenario::approved();
        let mut order = world.orchestrator("ORD-1", &scenario);
        order.place().await;
        assert_eq!(order.signal(RETRY).await, Reception::too_late(reason::NOTHING_TO_RETRY));
        assert_eq!(order.signal(APPROVE).await, Reception::Accepted);
        assert_eq!(order.signal(APPROVE).await, Reception::Duplicate);
        assert_eq!(order.signal(REJECT).await, Reception::too_late(reason::ALREADY_APPROVED));
        assert_eq!(order.result().await.status, OrderStatus::Shipped);
        assert_eq!(order.signal(APPROVE).await, Reception::Duplicate);
        assert_eq!(order.signal(CANCEL).await, Reception::too_late(reason::ALREADY_SHIPPED));

        let scenario = Scenario::new(Decision::None);
        let mut order = world.orchestrator("ORD-2", &scenario);
        order.place().await;
        assert_eq!(order.result().await.error.as_deref(), Some("approval_timeout"));
        for signal in [APPROVE, REJECT, CANCEL, RETRY] {
            assert_eq!(order.signal(signal).await, Reception::too_late(reason::ALREADY_ENDED));
        }
    });
}

#[test]
fn a_label_in_progress_is_abandoned_at_once() {
    in_virtual_time(async {
        let world = World::new("");
        let scenario = Scenario::approved();
        let mut order = world.orchestrator("ORD-1", &scenario);
        order.place().await;
        order.decide().await;
        order.until(|state| state.current_step.as_deref() == Some("shipping_label")).await;
        let cancelled = Instant::now();
        assert_eq!(order.signal(CANCEL).await, Reception::Accepted);
        let state = order.result().await;
        assert_eq!((state.status, cancelled.elapsed()), (OrderStatus::Cancelled, Duration::ZERO));
    });
}

#[test]
fn the_outcome_does_not_depend_on_how_fast_a_cancel_arrives() {
    let late = |decision| Scenario { cancels_late: true, ..Scenario::new(decision) };
    let scenarios: Vec<_> = Decision::all().into_iter().map(late).collect();
    run_all(&scenarios);
}
