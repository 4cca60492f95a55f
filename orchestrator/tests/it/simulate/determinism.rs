//! A seed is all that a world depends on: not the run, not the order in which orders are placed.

use std::collections::BTreeMap;

use orchestrator::simulate::{Flow, Line, RandomWorld};
use orchestrator::workload::Mix;

use super::subject;

const RUNS: usize = 20;

fn world(orders: u64) -> RandomWorld {
    // A cancel is left out: how far its order is when it comes is a matter of time.
    let mix = Mix::new(0.85, 0.05, 0.0).unwrap();
    RandomWorld { orders, concurrency: 1000, mix, late_cancels: 0.0, crashes: false, log: true }
}

fn text(log: &[Line]) -> String {
    log.iter().map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_world_with_crashes_is_the_same_in_every_run() {
    let subject = subject(Flow::shipped(), &[]);
    let world = RandomWorld { mix: Mix::default(), late_cancels: 0.3, crashes: true, ..world(20) };
    let first = text(&world.run(&subject, 7).log);
    assert!(first.contains(" crash\n"), "{first}");
    for _ in 1..RUNS {
        assert!(text(&world.run(&subject, 7).log) == first, "two runs differ");
    }
}

/// What each order met, request by request, and how it ended.
fn fates(world: RandomWorld) -> BTreeMap<String, Vec<String>> {
    let mut fates = BTreeMap::<_, Vec<_>>::new();
    for line in world.run(&subject(Flow::shipped(), &[]), 7).log {
        if line.text.starts_with("<- ") || line.text.starts_with("ends ") {
            fates.entry(line.order).or_default().push(line.text);
        }
    }
    fates
}

#[test]
fn an_order_meets_the_same_alone_and_among_a_thousand() {
    let among_others = fates(world(1000));
    assert_eq!(among_others.len(), 1000);
    let alone = fates(RandomWorld { concurrency: 1, ..world(1000) });
    for (order, fate) in &alone {
        assert_eq!(among_others.get(order), Some(fate), "{order}");
    }
}
