//! The command `simulate` in a process of its own: the shipped binary, or this one with a planted flow.

use std::path::Path;
use std::process::{Command, ExitCode, Output, exit};

use orchestrator::cli;
use shared::environment::Environment;

use super::bugs::{BUGS, Bug};
use crate::binary::{BINARY, code, fed, stdout};

/// Names the bug whose flow a process is to simulate, instead of testing anything.
const BUG: &str = "PLANTED_BUG";
/// What follows the name of the command there.
const WORDS: &str = "PLANTED_WORDS";
/// The test of this binary that such a process is told to run.
const CHILD: &str =
    "simulate::fresh_process::a_search_prints_a_line_that_goes_wrong_again_in_a_fresh_process";

#[test]
fn a_search_prints_a_line_that_goes_wrong_again_in_a_fresh_process() {
    simulate_if_told();
    let bug = &BUGS[0];
    let found = planted(bug, "--seeds 1 --orders-per-world 60", "");
    let printed = stdout(&found);
    assert_eq!(code(&found), 1, "{printed}");
    let line = printed.lines().map(str::trim_start).find(|line| line.starts_with("fake-stripe-chaos "));
    assert_reproduced(bug, line.unwrap(), bug.at_random);
}

/// Asserts that `line`, a command, comes upon `rule` where the bug is planted, and upon nothing in what is
/// shipped.
pub(super) fn assert_reproduced(bug: &Bug, line: &str, rule: &str) {
    let again = planted(bug, "--replay -", line);
    let printed = stdout(&again);
    assert_eq!(code(&again), 1, "{}: {line}\n{printed}", bug.name);
    assert!(printed.contains(&format!(" {rule}\n")), "{}: {line}\n{printed}", bug.name);
    let mended = shipped(line);
    assert_eq!(code(&mended), 0, "{line}\n{}", stdout(&mended));
}

/// Simulates the flow that has the bug.
fn planted(bug: &Bug, words: &str, input: &str) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", CHILD, "--nocapture"]).env_clear().env(BUG, bug.name).env(WORDS, words);
    fed(&mut command, input)
}

/// The child's part.
fn simulate_if_told() {
    let environment = Environment::of_process();
    let Some(bug) = BUGS.iter().find(|bug| environment.get(BUG) == Some(bug.name)) else { return };
    let words: Vec<_> = environment.get(WORDS).unwrap().split_whitespace().map(str::to_owned).collect();
    let ended = cli::simulate((bug.flow)(), &words);
    exit((0..=2).find(|code| ended == ExitCode::from(*code)).unwrap().into());
}

/// What a shell makes of `line`, where the shipped binary is installed.
fn shipped(line: &str) -> Output {
    let installed = Path::new(BINARY).parent().unwrap();
    Command::new("/bin/sh").args(["-c", line]).env_clear().env("PATH", installed).output().unwrap()
}
