//! `simulate`, as a person calls it.

use std::process::{Command, Output};

fn simulate(line: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fake-stripe-chaos"));
    command.arg("simulate").args(line.split(' ')).env_clear().output().unwrap()
}

fn script(script: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fake-stripe-chaos"));
    command.args(["simulate", "--decision", "approve", "--script", script]).env_clear();
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_seed_gives_the_same_events_in_every_process() {
    let directory = tempfile::tempdir().unwrap();
    let log = |name: &str| {
        let path = directory.path().join(name);
        let output =
            simulate(&format!("--seeds 1..5 --orders-per-world 20 --crashes --log {}", path.display()));
        assert!(output.status.success(), "{output:?}");
        std::fs::read_to_string(path).unwrap()
    };
    let first = log("first");
    assert!(first.lines().count() > 1000, "{}", first.lines().count());
    assert!(first == log("second"), "two processes differ");
}

#[test]
fn one_fault_anywhere_under_every_decision_is_survived() {
    let output = simulate("--exhaustive --faults 1");
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{report}");
    assert!(report.contains("shipping.create_label (#1 to #2): address_validation_failed"), "{report}");
}

#[test]
fn a_script_is_replayed_with_its_timeline() {
    let timeline = script("payment.capture#1=lost_response");
    let lost = timeline.find("<- payment.capture#1=lost_response no answer").unwrap();
    let again = timeline.find("<- payment.capture 200 (replayed)").unwrap();
    assert!(lost < again, "{timeline}");
    assert_eq!(timeline.matches("*  captured").count(), 1, "{timeline}");
}

#[test]
fn wrong_usage_ends_with_2() {
    for line in ["--seeds often", "--script payment.capture=1", "--decision maybe"] {
        assert_eq!(simulate(line).status.code(), Some(2), "{line}");
    }
}
