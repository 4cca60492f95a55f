//! What goes wrong where a bug is, and what would if one were made: kept as lines that `simulate`
//! prints, which outlive changes of seeds, draws and times.

use std::fs;
use std::path::PathBuf;

use orchestrator::simulate::Schedule;

use super::bugs::BUGS;
use super::{rules_of, subject};
use crate::binary::{code, command, fed, stdout};

fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/it/simulate/regressions"].iter().collect()
}

/// The schedules of one of the files.
pub(super) fn schedules_of(name: &str) -> Vec<Schedule> {
    let text = fs::read_to_string(folder().join(format!("{name}.txt"))).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.parse().unwrap()).collect()
}

#[test]
fn the_shipped_saga_survives_every_line() {
    let files = fs::read_dir(folder()).unwrap().map(|file| file.unwrap().path());
    let text: String = files.map(|file| fs::read_to_string(file).unwrap()).collect();
    let output = fed(&mut command("simulate --replay -"), &text);
    let printed = stdout(&output);
    assert_eq!(code(&output), 0, "{printed}");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        assert!(printed.contains(line), "{line} is not as it is printed");
    }
}

#[test]
fn every_line_of_a_planted_bug_finds_it() {
    for bug in &BUGS {
        let planted = subject((bug.flow)(), &[]);
        for schedule in schedules_of(bug.name) {
            let found = rules_of(&schedule.run(&planted, false).findings);
            assert!(found.contains(&bug.with_one_fault), "{}: {schedule}: {found:?}", bug.name);
        }
    }
}
