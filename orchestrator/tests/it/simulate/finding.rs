//! Every planted bug is found, by the rule that has to name it, and shrunk to a line that shows it
//! again; in the shipped saga the same searches find nothing.

use std::ops::ControlFlow;
use std::sync::Arc;

use orchestrator::simulate::{Decision, Exhaustive, Failure, Failures, Flow, RandomWorld, Subject};
use orchestrator::workload::Mix;

use super::bugs::{BUGS, Bug};
use super::fresh_process::assert_reproduced;
use super::{rules_of, subject};

/// In how many worlds an order at random has to meet a bug.
const WORLDS: u64 = 5;

#[test]
fn every_bug_is_found_by_orders_at_random() {
    for bug in &BUGS {
        let (planted, shipped) = (subject((bug.flow)(), bug.chaos), subject(Flow::shipped(), bug.chaos));
        let found = (1..=WORLDS).find_map(|seed| {
            let clean = wrong_at_random(bug, &shipped, seed);
            assert!(clean.is_empty(), "{} of seed {seed}: {clean:?}", bug.name);
            named(bug.at_random, &wrong_at_random(bug, &planted, seed))
        });
        assert_reported(bug, &planted, found, bug.at_random);
    }
}

#[test]
fn every_bug_is_found_with_one_fault_or_a_crash() {
    for bug in &BUGS {
        let (planted, shipped) = (subject((bug.flow)(), &[]), subject(Flow::shipped(), &[]));
        let clean = wrong_with_one_fault(bug, &shipped);
        assert!(clean.is_empty(), "{}: {clean:?}", bug.name);
        let found = named(bug.with_one_fault, &wrong_with_one_fault(bug, &planted));
        assert_reported(bug, &planted, found, bug.with_one_fault);
    }
}

#[test]
fn an_exhaustive_search_ends_when_it_is_told_to() {
    let search = Exhaustive { faults: 1, crashes: true, decisions: Decision::all() };
    let subject = subject(Flow::shipped(), &[]);
    let (coverage, _, flow) = search.run(&subject, 1, |_, _| ControlFlow::Break(()));
    assert_eq!(flow, Ok(ControlFlow::Break(())));
    assert_eq!(coverage.schedules, Decision::all().len() as u64, "the first world");
}

fn wrong_at_random(bug: &Bug, subject: &Subject, seed: u64) -> Failures {
    let world = RandomWorld {
        orders: 60,
        concurrency: 60,
        mix: Mix::new(0.8, 0.05, 0.05).unwrap(),
        late_cancels: bug.late_cancels,
        crashes: bug.crashes,
        log: false,
    };
    world.run(subject, seed).failures
}

fn wrong_with_one_fault(bug: &Bug, subject: &Arc<Subject>) -> Failures {
    let decisions = vec![bug.decision.parse().unwrap()];
    let search = Exhaustive { faults: 1, crashes: bug.crashes, decisions };
    let (_, failures, flow) = search.run(subject, 1, |_, _| ControlFlow::Continue(()));
    assert_eq!(flow, Ok(ControlFlow::Continue(())));
    failures
}

/// The first way to go wrong that `rule` names.
fn named(rule: &str, failures: &Failures) -> Option<Failure> {
    let mut all = failures.iter().map(|(_, failure)| failure);
    all.find(|failure| rules_of(&failure.findings).contains(&rule)).cloned()
}

/// It is found, at most two faults are left of what led to it, and the line that is printed shows the
/// same in a fresh process.
fn assert_reported(bug: &Bug, planted: &Subject, found: Option<Failure>, rule: &str) {
    let shrunk = found.and_then(|failure| failure.shrunk(planted));
    let (schedule, _) = shrunk.unwrap_or_else(|| panic!("{} is not found by {rule}", bug.name));
    assert!(schedule.faults.len() <= 2, "{}: {schedule}", bug.name);
    assert_reproduced(bug, &format!("fake-stripe-chaos simulate {schedule}"), rule);
}
