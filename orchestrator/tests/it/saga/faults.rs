//! Every fault of every operation, under every decision.

use orchestrator::domain::OrderStatus;
use shared::chaos::{Moment, Operation, Outcome};

use super::running::{run_all, run_in};
use super::scenario::{Decision, Fault, Scenario};
use super::world::{World, in_virtual_time};
use crate::conformance::faults::every_fault;

/// All that makes an order do more than ship, without a fault of `operation`.
fn triggers(operation: &str) -> Vec<Scenario> {
    let mut triggers: Vec<_> = Decision::all().into_iter().map(Scenario::new).collect();
    for (operation, refusal) in [
        ("inventory.reserve", "out_of_stock"),
        ("payment.capture", "authorization_expired"),
        ("shipping.create_label", "address_validation_failed"),
    ] {
        triggers.push(Scenario::approved().with(operation, 1, refusal));
    }
    // No attempt is answered well; the money is taken, the stock reserved, the label made, or not.
    for (operation, attempts) in
        [("inventory.reserve", 3), ("payment.capture", 4), ("shipping.create_label", 6)]
    {
        for outcome in ["internal_error", "unavailable", "hang"] {
            let failing = |scenario: Scenario, attempt| scenario.with(operation, attempt, outcome);
            triggers.push((1..=attempts).fold(Scenario::approved(), failing));
        }
    }
    // The last answer says that nothing happened, and the first does not.
    let attempts = [(1, "internal_error"), (2, "unavailable"), (3, "unavailable")];
    let mixed = |scenario: Scenario, (attempt, outcome)| scenario.with("inventory.reserve", attempt, outcome);
    triggers.push(attempts.into_iter().fold(Scenario::approved(), mixed));
    triggers.retain(|trigger| trigger.faults.iter().all(|fault| fault.operation != operation));
    triggers
}

#[test]
fn no_fault_under_any_decision_leaves_anything_wrong() {
    let under_all = |(operation, outcome): (&'static Operation, &'static Outcome)| {
        let with_fault = |trigger: Scenario| trigger.with(operation.name, 1, outcome.name);
        triggers(operation.name).into_iter().map(with_fault)
    };
    let scenarios: Vec<_> = every_fault().into_iter().flat_map(under_all).collect();
    run_all(&scenarios);
}

#[test]
fn one_fault_stops_an_order_only_if_it_is_a_refusal_of_a_step() {
    for (operation, outcome) in every_fault() {
        let usual = Scenario::that_asks_for(operation.name);
        let met = usual.clone().with(operation.name, 1, outcome.name);
        in_virtual_time(async {
            let world = World::new(&(usual.script(Some("usual")) + &met.script(Some("met"))));
            let (usual, _) = run_in(&world, "usual", &usual).await;
            let (met, wrong) = run_in(&world, "met", &met).await;
            let refused = outcome.moment == Moment::Instead && operation.name != "notification.send";
            let status = if refused { OrderStatus::Failed } else { usual.state.status };
            let error = if refused { Some(outcome.name.into()) } else { usual.state.error };
            let fault = Fault { operation: operation.name, attempt: 1, outcome: outcome.name };
            assert_eq!(wrong, None);
            assert_eq!((met.state.status, met.state.error), (status, error), "{fault:?}");
        });
    }
}
