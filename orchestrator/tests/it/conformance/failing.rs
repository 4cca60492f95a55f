//! What goes wrong with requests.

use orchestrator::domain::OrderStatus;
use shared::chaos::Moment;

use super::faults::every_fault;
use super::scenario::Scenario;
use super::stage::play;

/// How an order ends that asks for `operation`, if nothing else goes wrong.
fn usual_end(operation: &str) -> (OrderStatus, Option<&'static str>) {
    match operation {
        "payment.release" => (OrderStatus::Rejected, Some("rejected")),
        "payment.refund" | "inventory.release" => (OrderStatus::Failed, Some("address_validation_failed")),
        "shipping.cancel" => (OrderStatus::Cancelled, Some("cancelled")),
        _ => (OrderStatus::Shipped, None),
    }
}

#[test]
fn one_fault_stops_an_order_only_if_it_is_a_refusal_of_a_step() {
    let faults = every_fault();
    let scenario = |(operation, outcome): &(&shared::chaos::Operation, &shared::chaos::Outcome)| {
        Scenario::that_asks_for(operation.name).with(operation.name, 1, outcome.name)
    };
    let scenarios: Vec<_> = faults.iter().map(scenario).collect();
    for ((operation, outcome), ending) in faults.into_iter().zip(play(&scenarios)) {
        let refused = outcome.moment == Moment::Instead && operation.name != "notification.send";
        let usual = usual_end(operation.name);
        let expected = if refused { (OrderStatus::Failed, Some(outcome.name)) } else { usual };
        assert!(ending.is(expected.0, expected.1), "{} {}: {ending:#?}", operation.name, outcome.name);
    }
}

#[test]
fn a_step_that_is_never_answered_well_fails_and_what_was_done_is_undone() {
    let steps = [
        ("payment.authorize", 4),
        ("inventory.reserve", 3),
        ("payment.capture", 4),
        ("shipping.create_label", 6),
    ];
    for outcome in ["internal_error", "unavailable", "reset"] {
        let always = |(operation, attempts)| {
            (1..=attempts).fold(Scenario::approved(), |it, attempt| it.with(operation, attempt, outcome))
        };
        for (ending, (operation, _)) in play(&steps.map(always)).iter().zip(steps) {
            assert_eq!(ending.state.status, OrderStatus::Failed, "{operation} {outcome}: {ending:#?}");
        }
    }
}

#[test]
fn an_order_is_shipped_whether_or_not_its_customer_hears_of_it() {
    let unheard = (1..=3)
        .fold(Scenario::approved(), |it, attempt| it.with("notification.send", attempt, "internal_error"));
    let refused = Scenario::approved().with("notification.send", 1, "invalid_recipient");
    for ending in play(&[unheard, refused]) {
        assert!(ending.is(OrderStatus::Shipped, None), "{ending:#?}");
    }
}
