//! How long a file's write-ahead log becomes.

use std::fs;
use std::ops::Range;

use orchestrator::engine::embedded::{Append, Ending, Entry, Event, Journal, RowUpdate, SqliteJournal};
use orchestrator::workflow::Json;
use tempfile::{TempDir, tempdir};

use super::journal::{append, read, sqlite_in, starting, take_over, then};

fn log_of(directory: &TempDir) -> u64 {
    fs::metadata(directory.path().join("journal.sqlite-wal")).unwrap().len()
}

#[test]
fn the_log_does_not_grow_without_bound() {
    let directory = tempdir().unwrap();
    let (journal, epoch) = sqlite_in(directory.path());
    let payload = Json::of(&"x".repeat(100_000)).unwrap();
    let event = Event::SignalAccepted { name: "tell".into(), payload };
    let large = Entry { at_ms: 1, event, commands: Vec::new() };
    append(&journal, vec![starting(epoch, 1)]);
    for step in 0..40 {
        let item = Append { entries: vec![large.clone(); 20], ..then(epoch, 1, 1 + step * 20) };
        assert_eq!(append(&journal, vec![item]), [Ok(())]);
    }
    let log = log_of(&directory);
    let file = fs::metadata(directory.path().join("journal.sqlite")).unwrap().len();
    assert!(log < 48 << 20, "the log has {log} bytes");
    assert!(file > 16 << 20, "the file has {file} bytes");
    take_over(&journal);
    journal.close();
    assert!(!directory.path().join("journal.sqlite-wal").exists());
}

#[test]
fn the_log_does_not_grow_without_bound_when_runs_are_only_forgotten() {
    const RUNS: u64 = 1_000;
    let directory = tempdir().unwrap();
    let (journal, epoch) = sqlite_in(directory.path());
    let closed = |key| {
        let ending = Ending { at_ms: 10, outcome: Ok(Json::null()) };
        let update = RowUpdate { closed: Some(ending), ..starting(epoch, key).update };
        Append { update, ..starting(epoch, key) }
    };
    append(&journal, (1..=RUNS).map(closed).collect());
    for _ in 0..RUNS {
        assert_eq!(read(|reply| journal.prune(100, 1, reply)), Ok(1));
    }
    let log = log_of(&directory);
    assert!(log < 24 << 20, "the log has {log} bytes");
    journal.close();
}

/// Single items, each of which changes the run's state to one of a megabyte.
fn append_large_states(journal: &SqliteJournal, epoch: u64, steps: Range<u32>) {
    for step in steps {
        let state = Json::of(&step.to_string().repeat(1_000_000)[..1_000_000]).unwrap();
        let update = RowUpdate { state: Some(state), ..RowUpdate::default() };
        let item = Append { entries: Vec::new(), update, ..then(epoch, 1, 1) };
        assert_eq!(append(journal, vec![item]), [Ok(())]);
    }
}

#[test]
fn the_log_does_not_grow_without_bound_when_states_are_large() {
    let directory = tempdir().unwrap();
    let (journal, epoch) = sqlite_in(directory.path());
    append(&journal, vec![starting(epoch, 1)]);
    append_large_states(&journal, epoch, 0..60);
    let log = log_of(&directory);
    assert!(log < 40 << 20, "the log has {log} bytes");
    journal.close();
}

#[test]
fn the_log_does_not_grow_any_more_when_those_who_read_have_let_go_of_it() {
    let directory = tempdir().unwrap();
    let (journal, epoch) = sqlite_in(directory.path());
    append(&journal, vec![starting(epoch, 1)]);
    let file = directory.path().join("journal.sqlite");
    let reader = rusqlite::Connection::open(file).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM runs").unwrap();
    append_large_states(&journal, epoch, 0..63);
    drop(reader);
    append_large_states(&journal, epoch, 63..120);
    let log = log_of(&directory);
    assert!(log < 80 << 20, "the log has {log} bytes");
    journal.close();
}
