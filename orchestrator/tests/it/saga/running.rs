//! Runs scenarios, each as an order of its own.

use super::judge::judge;
use super::scenario::Scenario;
use super::world::{Ending, World, in_virtual_time};

/// How many orders share a world: a world takes time to make, and a long script to search.
const ORDERS_PER_WORLD: usize = 100;

/// Runs every scenario, and tells what is wrong with those that went wrong.
pub(super) fn run_all(scenarios: &[Scenario]) {
    let wrong: Vec<_> = scenarios.chunks(ORDERS_PER_WORLD).flat_map(run_in_one_world).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), scenarios.len(), wrong.join("\n"));
}

fn run_in_one_world(scenarios: &[Scenario]) -> Vec<String> {
    let order_id = |at: usize| format!("ORD-{at}");
    let script = |(at, scenario): (usize, &Scenario)| scenario.script(Some(&order_id(at)));
    let script: String = scenarios.iter().enumerate().map(script).collect();
    in_virtual_time(async {
        let world = World::new(&script);
        let mut wrong = Vec::new();
        for (at, scenario) in scenarios.iter().enumerate() {
            let (_, finding) = run_in(&world, &order_id(at), scenario).await;
            wrong.extend(finding);
        }
        wrong
    })
}

/// Runs one scenario; the second value is what is wrong, if anything is.
pub(super) async fn run_in(world: &World, order_id: &str, scenario: &Scenario) -> (Ending, Option<String>) {
    let ending = world.run(order_id, scenario).await;
    let findings = judge(world, &ending, scenario).await;
    let wrong = (!findings.is_empty()).then(|| format!("{scenario:?}\n  {}", findings.join("\n  ")));
    (ending, wrong)
}
