//! Time costs nothing: it passes only while everything waits.

use orchestrator::simulate::{Decision, Flow, Line, Schedule};

use super::subject;

/// What happens to an order on which nobody decides.
fn undecided(variables: &[(&str, &str)]) -> Vec<Line> {
    let trial = Schedule::of(Decision::Nobody).run(&subject(Flow::shipped(), variables), true);
    assert!(trial.findings.is_empty(), "{:?}", trial.findings);
    assert_eq!(trial.log.last().unwrap().text, "ends rejected");
    trial.log
}

const MONTH: [(&str, &str); 2] = [("APPROVAL_TIMEOUT", "30d"), ("WORKFLOW_TIMEOUT", "60d")];
const MONTH_MS: i64 = 30 * 24 * 3_600_000;

#[test]
fn a_month_is_as_many_events_as_two_minutes() {
    let minutes = undecided(&[]);
    let month = undecided(&[&MONTH[..], &[("PAYMENT_AUTHORIZATION_TTL", "60d")]].concat());
    assert_eq!((minutes.last().unwrap().at_ms, month.last().unwrap().at_ms), (120_000, MONTH_MS));
    assert_eq!(month.len(), minutes.len());
}

#[test]
fn a_hold_that_ends_while_a_manager_takes_a_month_is_no_finding() {
    let month = undecided(&MONTH);
    assert!(month.iter().any(|line| line.text.starts_with("*  expired auth_")), "{month:#?}");
}
