//! `simulate`, as a person calls it.

use std::io::{BufRead, BufReader};
use std::process::{Output, Stdio};

use crate::binary::{code, command, fed, interrupt, stderr, stdout};

fn simulate(line: &str) -> Output {
    command(&format!("simulate {line}")).output().unwrap()
}

fn script(script: &str) -> String {
    let output = command("simulate --decision approve --script").arg(script).output().unwrap();
    assert_eq!(code(&output), 0, "{output:?}");
    stdout(&output)
}

/// What becomes of `lines`, with the option --replay.
fn replay(lines: &str) -> Output {
    fed(&mut command("simulate --replay -"), lines)
}

#[test]
fn seeds_give_the_same_events_in_every_process_on_however_many_threads() {
    let directory = tempfile::tempdir().unwrap();
    let log = |threads: &str| {
        let path = directory.path().join(threads);
        let line = "--seeds 1..10 --orders-per-world 10 --crashes --late-cancels 0.3";
        let output = simulate(&format!("{line} --threads {threads} --log {}", path.display()));
        assert!(output.status.success(), "{output:?}");
        std::fs::read_to_string(path).unwrap()
    };
    let alone = log("1");
    assert!(alone.lines().count() > 1000, "{}", alone.lines().count());
    assert!(alone == log("8"), "two processes differ");
}

#[test]
fn one_fault_and_a_crash_anywhere_under_every_decision_are_survived() {
    let output = simulate("--exhaustive --faults 1 --crashes");
    let report = stdout(&output);
    assert!(output.status.success(), "{report}");
    assert!(report.contains("shipping.create_label (#1 to #3): address_validation_failed"), "{report}");
    assert!(!report.contains("went wrong"), "{report}");
}

/// Interrupts a search in the midst of it; its exit status and the last line that it prints.
fn interrupted(variables: &[(&str, &str)]) -> (Option<i32>, String) {
    // The log tells when the first worlds are done.
    let mut command = command("simulate --seeds 1..100000000000 --orders-per-world 5 --log /dev/stdout");
    let mut child = command.envs(variables.iter().copied()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    lines.find(|line| line == "seed 2").unwrap();
    interrupt(&child);
    let last = lines.last().unwrap();
    (child.wait().unwrap().code(), last)
}

#[test]
fn whoever_interrupts_a_search_gets_what_was_found_until_then() {
    assert_eq!(interrupted(&[]), (Some(130), "interrupted; until then no order went wrong".to_owned()));
    let (code, last) = interrupted(&[("INVENTORY_RESERVATION_TTL", "5s")]);
    assert_eq!(code, Some(1), "{last}");
    assert!(last.starts_with("interrupted; until then ") && last.ends_with("went wrong"), "{last}");
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
fn a_line_is_replayed_under_the_variables_in_front_of_it() {
    let plain = "fake-stripe-chaos simulate --script \"\" --decision approve";
    let short = format!("INVENTORY_RESERVATION_TTL=5s {plain}");
    assert!(replay(plain).status.success());
    let found = replay(&short);
    let report = stdout(&found);
    assert_eq!(code(&found), 1, "{report}");
    assert!(report.starts_with(&short), "{report}");
    let wrong = replay(&format!("INVENTORY_RESERVATION_TTL=soon {plain}"));
    assert_eq!(code(&wrong), 2);
    let error = stderr(&wrong);
    assert!(error.starts_with("error: -: line 1: INVENTORY_RESERVATION_TTL: `soon` is not"), "{error}");
}

#[test]
fn what_a_schedule_has_and_never_happens_is_said() {
    let line = "--script payment.refund#3=reset --crash before:payment_captur:1.completed";
    let report = stdout(&simulate(line));
    let said = "\npayment.refund#3=reset never happened: there was no such attempt\n\
                before:payment_captur:1.completed was never reached: no such entry was written\nclean\n";
    assert!(report.ends_with(said), "{report}");
    for moment in ["cancel@shipping.create_label", "cancel@placed+1d"] {
        let line = format!("--script inventory.reserve#1=out_of_stock --decision {moment}");
        let report = stdout(&simulate(&line));
        let said = format!("\n{moment} was never made: the order ended before its moment came\nclean\n");
        assert!(report.ends_with(&said), "{report}");
    }
    let crash = "--script payment.capture#1=reset --crash before:payment_capture:1.completed";
    let cancel = "--script payment.capture#1=reset --decision cancel@payment.capture";
    for line in [crash, cancel] {
        let report = stdout(&simulate(line));
        assert!(!report.contains("never"), "{report}");
    }
}

#[test]
fn a_file_without_a_line_is_not_replayed() {
    let empty = replay("# nothing\n\n");
    assert_eq!(code(&empty), 2);
    assert_eq!(stderr(&empty), "error: -: there is no line in it to replay\n");
}

#[test]
fn wrong_usage_ends_with_2() {
    for line in [
        "--seeds often",
        "--script payment.capture=1",
        "--script payment.capture#1=reset --decision maybe",
        "--seeds 1 --decision none",
        "--decision none",
        "--replay lines.txt --decision reject",
        "--replay lines.txt --exhaustive",
        "--exhaustive --approve 1",
        "--script payment.capture#1=reset --log x.log",
        "--script payment.capture#1=reset --approve 1",
        "--script payment.capture#1=reset --late-cancels 1",
        "--script payment.capture#1=reset --orders-per-world 1",
        "--script payment.capture#1=reset --concurrency 1",
        "--script payment.capture#1=reset --crashes",
        "--script payment.capture#1=reset --faults 2",
        "--replay lines.txt --faults 2",
    ] {
        assert_eq!(code(&simulate(line)), 2, "{line}");
    }
}

#[test]
fn one_order_is_simulated_on_one_thread() {
    for line in ["--script payment.capture#1=reset --threads 2", "--replay lines.txt --threads 2"] {
        let refused = simulate(line);
        assert_eq!(code(&refused), 2, "{line}");
        let error = stderr(&refused);
        assert!(error.contains("cannot be used with '--threads <COUNT>'"), "{error}");
    }
}

#[test]
fn the_variables_of_run_do_not_get_in_the_way() {
    let output =
        command("simulate --script payment.capture#1=reset").env("RUN_APPROVE", "0.5").output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_line_behind_a_prefix_is_refused() {
    for prefix in ["env INVENTORY_RESERVATION_TTL=5s", "$"] {
        let refused =
            replay(&format!("{prefix} fake-stripe-chaos simulate --script \"\" --decision approve"));
        assert_eq!((code(&refused), stdout(&refused).as_str()), (2, ""), "{prefix}");
    }
}

/// The lines that a search of one order in each world prints.
fn lines_found(variables: &[(&str, &str)], words: &str) -> Vec<String> {
    let mut command = command(&format!("simulate {words}"));
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let printed = stdout(&output);
    assert_eq!(code(&output), 1, "{printed}{}", stderr(&output));
    printed
        .lines()
        .filter(|line| line.contains(" simulate --script "))
        .map(|line| line.trim().to_owned())
        .collect()
}

const ONE_ORDER: &str = "--seeds 1..1 --orders-per-world 1 --approve 1";

#[test]
fn what_a_script_delays_is_delayed_in_the_line_too() {
    let variables = [
        ("CHAOS_FAILURE_RATE", "0"),
        ("CHAOS_SCRIPT", "shipping.create_label#1=timeout@55s"),
        ("INVENTORY_RESERVATION_TTL", "70s"),
        ("SHIPPING_HEARTBEAT_TIMEOUT", "60s"),
    ];
    let lines = lines_found(&variables, ONE_ORDER);
    assert!(lines.iter().any(|line| line.contains("shipping.create_label#1=timeout@55s")), "{lines:?}");
}

#[test]
fn success_is_as_late_in_a_line_and_in_a_search_of_all_schedules_as_at_random() {
    let late = "CHAOS_PAYMENT_CAPTURE=success=100%@9s";
    let (name, table) = late.split_once('=').unwrap();
    let variables = [("CHAOS_FAILURE_RATE", "0"), (name, table), ("INVENTORY_RESERVATION_TTL", "25s")];
    for words in [ONE_ORDER, "--exhaustive --faults 0 --decision approve"] {
        let lines = lines_found(&variables, words);
        assert!(!lines.is_empty(), "{words}");
        for line in lines {
            assert!(line.contains(late), "{line}");
            assert_eq!(code(&replay(&line)), 1, "{line}");
        }
    }
}

/// Whoever is refused stock keeps a hold.
const HOLDS_ARE_KEPT: [(&str, &str); 3] = [
    ("CHAOS_FAILURE_RATE", "0"),
    ("CHAOS_PAYMENT_RELEASE", "internal_error=100%"),
    ("COMPENSATION_ACTIVITY_RETRIES", "0"),
];

#[test]
fn a_failure_of_some_items_alone_is_reproduced_with_them() {
    let variables = [&HOLDS_ARE_KEPT[..], &[("INVENTORY_STOCK", "ITEM-003=0")]].concat();
    let lines = lines_found(&variables, "--seeds 1 --orders-per-world 60 --approve 1");
    assert!(!lines.is_empty());
    for line in lines {
        assert!(line.contains(" --order ORD-1-"), "{line}");
        assert_eq!(code(&replay(&line)), 1, "{line}");
    }
}

#[test]
fn a_failure_that_no_line_reproduces_is_told_without_a_line() {
    let variables = [&HOLDS_ARE_KEPT[..], &[("INVENTORY_STOCK", "ITEM-003=9")]].concat();
    let output =
        command("simulate --seeds 1 --orders-per-world 60 --approve 1").envs(variables).output().unwrap();
    let printed = stdout(&output);
    assert_eq!(code(&output), 1, "{printed}");
    assert!(printed.contains("No line reproduces the first of them"), "{printed}");
}

#[test]
fn the_ledgers_of_a_world_keep_everything() {
    let output = command("simulate --seeds 1").env("LEDGER_CAPACITY", "100").output().unwrap();
    assert_eq!(code(&output), 0, "{}", stdout(&output));
}

#[test]
fn slow_time_is_no_order_that_does_not_end() {
    let output = command("simulate --script= --decision none").env("TIME_SCALE", "1000").output().unwrap();
    assert_eq!(code(&output), 0, "{}", stdout(&output));
    let beyond_the_calendar = command("simulate --script= --decision none")
        .env("TIME_SCALE", "1000")
        .env("APPROVAL_TIMEOUT", "3650d")
        .env("WORKFLOW_TIMEOUT", "3650d")
        .output()
        .unwrap();
    assert!(stdout(&beyond_the_calendar).contains("VIOLATION ORD-1-0 order_not_ended"));
}
