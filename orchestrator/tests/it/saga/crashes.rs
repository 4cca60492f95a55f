//! A crash before and after every append to the journal, and an outage that begins there.

use std::time::Duration;

use super::crash::{CrashPoint, Failure};
use super::running::run_in;
use super::scenario::{Decision, Scenario};
use super::world::{World, in_virtual_time};
use crate::conformance::faults::every_fault;

/// Two moments, and longer than a label takes.
const OUTAGES: [Failure; 2] =
    [Failure::Outage(Duration::from_millis(50)), Failure::Outage(Duration::from_secs(45))];

/// An order is placed, and ends with what it asked for.
const FEWEST_APPENDS: u32 = 2;

/// Runs `scenario` once for each place where its journal can fail, and tells what is wrong.
fn fail_everywhere(scenario: &Scenario, failure: Failure) -> Vec<String> {
    in_virtual_time(async {
        let world = World::new(&scenario.script(None));
        let mut wrong = Vec::new();
        for append in 1.. {
            for written in [false, true] {
                let crash = Some(CrashPoint { append, written, failure });
                let order_id = format!("ORD-{append}-{written}");
                let (ending, finding) =
                    run_in(&world, &order_id, &Scenario { crash, ..scenario.clone() }).await;
                wrong.extend(finding);
                if !ending.is_struck {
                    assert!(append > FEWEST_APPENDS, "{scenario:?} wrote only {append} times");
                    return wrong;
                }
            }
        }
        wrong
    })
}

fn fail_all_everywhere(scenarios: impl IntoIterator<Item = Scenario>, failures: &[Failure]) {
    let everywhere = |scenario: Scenario| {
        failures.iter().flat_map(move |failure| fail_everywhere(&scenario, *failure)).collect::<Vec<_>>()
    };
    let wrong: Vec<_> = scenarios.into_iter().flat_map(everywhere).collect();
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn no_crash_under_any_decision_leaves_anything_wrong() {
    fail_all_everywhere(Decision::all().into_iter().map(Scenario::new), &[Failure::Crash]);
}

#[test]
fn no_outage_under_any_decision_leaves_anything_wrong() {
    fail_all_everywhere(Decision::all().into_iter().map(Scenario::new), &OUTAGES);
}

/// The order takes too long meanwhile.
#[test]
fn no_outage_beyond_the_limit_of_an_order_leaves_anything_wrong() {
    let hurried = |decision| {
        let mut scenario = Scenario::new(decision);
        scenario.settings.workflow_timeout = Duration::from_secs(30);
        scenario
    };
    fail_all_everywhere(Decision::all().into_iter().map(hurried), &OUTAGES);
}

#[test]
fn no_crash_beside_a_fault_leaves_anything_wrong() {
    let with_fault = every_fault().into_iter().map(|(operation, outcome)| {
        Scenario::that_asks_for(operation.name).with(operation.name, 1, outcome.name)
    });
    fail_all_everywhere(with_fault, &[Failure::Crash]);
}
