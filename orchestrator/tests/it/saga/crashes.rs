//! A crash before and after every append to the journal.

use super::crash::CrashPoint;
use super::running::run_in;
use super::scenario::{Decision, Scenario};
use super::world::{World, in_virtual_time};
use crate::conformance::faults::every_fault;

/// Runs `scenario` once for each place where its orchestrator can crash, and tells what is wrong.
fn crash_everywhere(scenario: &Scenario) -> Vec<String> {
    in_virtual_time(async {
        let world = World::new(&scenario.script(None));
        let mut wrong = Vec::new();
        for append in 1.. {
            for written in [false, true] {
                let crash = Some(CrashPoint { append, written });
                let order_id = format!("ORD-{append}-{written}");
                let (ending, finding) =
                    run_in(&world, &order_id, &Scenario { crash, ..scenario.clone() }).await;
                wrong.extend(finding);
                if !ending.crashed {
                    return wrong;
                }
            }
        }
        wrong
    })
}

fn crash_all_everywhere(scenarios: impl IntoIterator<Item = Scenario>) {
    let wrong: Vec<_> = scenarios.into_iter().flat_map(|scenario| crash_everywhere(&scenario)).collect();
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn no_crash_under_any_decision_leaves_anything_wrong() {
    crash_all_everywhere(Decision::all().into_iter().map(Scenario::new));
}

#[test]
fn no_crash_beside_a_fault_leaves_anything_wrong() {
    let with_fault = every_fault().into_iter().map(|(operation, outcome)| {
        Scenario::that_asks_for(operation.name).with(operation.name, 1, outcome.name)
    });
    crash_all_everywhere(with_fault);
}
