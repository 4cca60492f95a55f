//! What people, clocks and operators decide.

use std::time::Duration;

use orchestrator::audit::Verb;
use orchestrator::domain::OrderStatus;
use orchestrator::simulate::{Decision, Moment};
use orchestrator::workflow::{Json, Reception};
use orchestrator::workflows::order_fulfillment::{RETRY, reason};

use super::Host;
use super::scenario::{SHORT, Scenario};
use super::stage::{Stage, play};

#[test]
fn every_decision_is_followed() {
    let scenarios: Vec<_> = Decision::all().into_iter().map(Scenario::new).collect();
    for (scenario, ending) in scenarios.iter().zip(play(&scenarios)) {
        let said = |verb| ending.accepted.contains(&verb);
        let expected = if said(Verb::Cancel) {
            (OrderStatus::Cancelled, Some("cancelled"))
        } else if said(Verb::Reject) {
            (OrderStatus::Rejected, Some("rejected"))
        } else if said(Verb::Approve) {
            (OrderStatus::Shipped, None)
        } else {
            (OrderStatus::Rejected, Some("approval_timeout"))
        };
        assert!(ending.is(expected.0, expected.1), "{}: {ending:#?}", scenario.decision);
        if let Decision::Early(verb) | Decision::Late(verb, Moment::Waiting) = scenario.decision {
            assert!(said(verb), "{}: {ending:#?}", scenario.decision);
        }
    }
}

#[test]
fn an_order_may_ask_for_no_approval() {
    let unasked = |decision| Scenario { requires_approval: false, ..Scenario::new(decision) };
    let endings = play(&[unasked(Decision::Nobody), unasked(Decision::Early(Verb::Cancel))]);
    assert!(endings[0].is(OrderStatus::Shipped, None), "{:#?}", endings[0]);
    assert!(endings[1].is(OrderStatus::Cancelled, Some("cancelled")), "{:#?}", endings[1]);
}

/// Decisions around the end of the wait for them: what was accepted stands, and nothing else happens.
#[test]
fn a_decision_races_the_end_of_the_wait_for_it() {
    let around = (0..10).map(|step| SHORT - Duration::from_millis(100) + Duration::from_millis(20) * step);
    let all = [Verb::Approve, Verb::Reject, Verb::Cancel];
    let decisions = around.flat_map(|at| all.map(|verb| Decision::Late(verb, Moment::Placed(at))));
    let scenarios: Vec<_> = decisions.map(Scenario::new).collect();
    for ending in play(&scenarios) {
        let expected = match ending.accepted.as_slice() {
            [] => (OrderStatus::Rejected, Some("approval_timeout")),
            [Verb::Approve] => (OrderStatus::Shipped, None),
            [Verb::Reject] => (OrderStatus::Rejected, Some("rejected")),
            _ => (OrderStatus::Cancelled, Some("cancelled")),
        };
        assert!(ending.is(expected.0, expected.1), "{ending:#?}");
    }
}

#[test]
fn an_order_that_takes_too_long_is_undone_wherever_it_is() {
    let limited = |scenario| Scenario { workflow_timeout: Duration::from_secs(1), ..scenario };
    let waiting = Scenario::new(Decision::Late(Verb::Approve, Moment::Placed(Duration::from_secs(3))));
    let scenarios = [
        waiting,
        Scenario::approved().with("inventory.reserve", 1, "hang"),
        Scenario::approved().with("payment.capture", 1, "hang"),
        Scenario::approved().with("shipping.create_label", 1, "hang"),
    ];
    for ending in play(&scenarios.map(limited)) {
        assert!(ending.is(OrderStatus::Failed, Some("workflow_timeout")), "{ending:#?}");
    }
}

#[test]
fn decisions_that_come_too_late_are_told_why() {
    Host::run(async {
        let stage = Stage::new(&[]).await;
        let shipped = stage.order("1");
        shipped.place(&Scenario::approved()).await;
        let retried = shipped.signal(RETRY, Json::null()).await;
        assert_eq!(retried, Ok(Reception::too_late(reason::NOTHING_TO_RETRY)));
        assert_eq!(shipped.decide(Verb::Approve).await, Reception::Accepted);
        assert_eq!(shipped.decide(Verb::Approve).await, Reception::Duplicate);
        assert_eq!(shipped.decide(Verb::Reject).await, Reception::too_late(reason::ALREADY_APPROVED));
        let end = shipped.end().await;
        assert_eq!(shipped.decide(Verb::Approve).await, Reception::Duplicate);
        assert_eq!(shipped.decide(Verb::Cancel).await, Reception::too_late(reason::ALREADY_SHIPPED));
        let shipped = shipped.ending(end);
        assert!(shipped.is(OrderStatus::Shipped, None), "{shipped:#?}");

        let unheard = stage.order("2");
        unheard.place(&Scenario::new(Decision::Nobody)).await;
        let end = unheard.end().await;
        for verb in [Verb::Approve, Verb::Reject, Verb::Cancel] {
            assert_eq!(unheard.decide(verb).await, Reception::too_late(reason::ALREADY_ENDED));
        }
        let unheard = unheard.ending(end);
        assert!(unheard.is(OrderStatus::Rejected, Some("approval_timeout")), "{unheard:#?}");
        stage.judge(&[shipped, unheard]);
    });
}

#[test]
fn the_engines_own_cancel_is_a_cancel() {
    Host::run(async {
        let stage = Stage::new(&[]).await;
        let mut endings = Vec::new();
        for step in ["manager_approval", "shipping_label"] {
            let order = stage.order(step);
            order.place(&Scenario::approved()).await;
            if step == "shipping_label" {
                order.decide(Verb::Approve).await;
            }
            order.until(|state| state.current_step.as_deref() == Some(step)).await;
            order.cancel().await;
            let ending = order.ending(order.end().await);
            assert!(ending.is(OrderStatus::Cancelled, Some("cancelled")), "{ending:#?}");
            endings.push(ending);
        }
        stage.judge(&endings);
    });
}
