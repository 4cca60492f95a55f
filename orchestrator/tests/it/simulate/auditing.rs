//! What the ledgers alone reveal about a planted bug.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use orchestrator::audit::Ledgers;
use orchestrator::simulate::{Flow, Schedule, Subject};
use serde_json::Value;

use super::bugs::BUGS;
use super::regressions::schedules_of;
use super::subject;
use crate::binary::{code, command};

#[test]
fn audit_names_every_bug_that_shows_from_outside() {
    let shipped = subject(Flow::shipped(), &[]);
    for bug in &BUGS {
        let (planted, schedules) = (subject((bug.flow)(), &[]), schedules_of(bug.name));
        let named: BTreeSet<_> = schedules.iter().flat_map(|schedule| audited(&planted, schedule)).collect();
        match bug.from_outside {
            Some(rule) => assert!(named.contains(rule), "{}: {named:?}", bug.name),
            None => assert_eq!(named, BTreeSet::new(), "{}", bug.name),
        }
        for schedule in &schedules {
            assert_eq!(audited(&shipped, schedule), [""; 0], "{schedule}");
        }
    }
}

/// The rules that `audit --strict` finds broken in the ledgers of an order that met the schedule. It is not told what was decided.
fn audited(subject: &Subject, schedule: &Schedule) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    save(&schedule.run(subject, false).ledgers, folder.path());
    let ledgers = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let judged = command("audit --strict --format json --ledger").args(ledgers).output().unwrap();
    let report: Value = serde_json::from_slice(&judged.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(code(&judged), i32::from(!findings.is_empty()));
    findings.iter().map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect()
}

/// A file a domain, with an array of its records.
fn save(ledgers: &Ledgers, folder: &Path) {
    for (domain, records) in ledgers {
        fs::write(folder.join(format!("{domain}.json")), serde_json::to_string(records).unwrap()).unwrap();
    }
}
