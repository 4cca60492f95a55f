//! What can happen to a file.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

use orchestrator::engine::embedded::{
    Append, AppendError, Entry, Event, Journal, JournalError, OpenError, SqliteJournal,
};
use orchestrator::workflow::Json;
use tempfile::tempdir;

use super::journal::{append, load, read, sqlite_in, starting, then};

#[test]
fn a_second_process_is_told_that_the_directory_is_in_use() {
    let directory = tempdir().unwrap();
    let first = SqliteJournal::open(directory.path()).unwrap();
    let error = SqliteJournal::open(directory.path()).unwrap_err().to_string();
    assert_eq!(error, format!("DATA_DIR `{}` is in use by another process", directory.path().display()));
    first.close();
    SqliteJournal::open(directory.path()).unwrap().close();
}

#[test]
fn an_unwritable_directory_is_named() {
    let directory = tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "not a directory").unwrap();
    let error = SqliteJournal::open(&file.join("data")).unwrap_err();
    assert!(matches!(error, OpenError::Directory { .. }));
    let named = format!("DATA_DIR `{}` cannot be written", file.join("data").display());
    assert_eq!(error.to_string(), named);
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let directory = tempdir().unwrap();
    let file = directory.path().join("journal.sqlite");
    rusqlite::Connection::open(&file).unwrap().execute_batch("CREATE TABLE runs (distance)").unwrap();
    let error = SqliteJournal::open(directory.path()).unwrap_err();
    assert_eq!(error.to_string(), format!("`{}` is another program's database", file.display()));
}

#[test]
fn a_state_that_cannot_be_json_is_refused_with_its_item() {
    let directory = tempdir().unwrap();
    let (journal, epoch) = sqlite_in(directory.path());
    let mut item = starting(epoch, 1);
    item.update.state = Some(Json::holding(BTreeMap::from([(vec![1], 2)])));
    let refused = Err(AppendError::Refused("key must be a string".to_owned()));
    assert_eq!(append(&journal, vec![item, starting(epoch, 2)]), [refused, Ok(())]);
    assert!(load(&journal, "r1").is_none() && load(&journal, "r2").is_some());
    journal.close();
}

#[test]
fn a_process_that_takes_the_journal_over_where_locks_do_not_hold_fences_the_one_before() {
    let directory = tempdir().unwrap();
    let (first, old) = sqlite_in(directory.path());
    assert_eq!(append(&first, vec![starting(old, 1)]), [Ok(())]);
    fs::remove_file(directory.path().join("journal.lock")).unwrap();
    let (second, new) = sqlite_in(directory.path());
    assert_eq!(append(&first, vec![then(old, 1, 1)]), [Err(AppendError::Fenced)]);
    assert_eq!(append(&second, vec![then(new, 1, 1)]), [Ok(())]);
    first.close();
    second.close();
}

#[test]
fn nothing_is_durable_in_a_directory_that_was_moved_until_it_is_back() {
    let parent = tempdir().unwrap();
    let [here, away] = ["here", "away"].map(|name| parent.path().join(name));
    let (journal, epoch) = sqlite_in(&here);
    assert_eq!(append(&journal, vec![starting(epoch, 1)]), [Ok(())]);
    fs::rename(&here, &away).unwrap();
    let results = append(&journal, vec![then(epoch, 1, 1)]);
    let [Err(AppendError::Journal(error))] = &results[..] else { panic!("{results:?}") };
    let file = here.join("journal.sqlite");
    assert_eq!(error.to_string(), format!("`{}` was moved or removed while it was open", file.display()));
    fs::create_dir(&here).unwrap();
    fs::write(&file, "").unwrap();
    assert!(append(&journal, vec![then(epoch, 1, 1)])[0].is_err(), "another file has its name");
    fs::remove_dir_all(&here).unwrap();
    fs::rename(&away, &here).unwrap();
    assert_eq!(append(&journal, vec![then(epoch, 1, 1)]), [Ok(())]);
    journal.close();
}

#[test]
fn a_journal_of_a_newer_version_is_left_alone() {
    let directory = tempdir().unwrap();
    sqlite_in(directory.path()).0.close();
    let file = directory.path().join("journal.sqlite");
    rusqlite::Connection::open(&file).unwrap().pragma_update(None, "user_version", 9).unwrap();
    let error = SqliteJournal::open(directory.path()).unwrap_err();
    assert!(matches!(error, OpenError::Newer { found: 9, known: 1, .. }), "{error}");
    assert!(error.to_string().contains("newer version"), "{error}");
}

#[test]
fn a_file_that_is_no_journal_is_an_error() {
    let directory = tempdir().unwrap();
    fs::write(directory.path().join("journal.sqlite"), "this is not SQLite, and long enough to be looked at")
        .unwrap();
    let error = SqliteJournal::open(directory.path()).unwrap_err();
    assert!(matches!(error, OpenError::Sqlite { .. }), "{error}");
}

#[test]
fn a_journal_goes_on_where_it_was_closed() {
    let directory = tempdir().unwrap();
    let (journal, epoch) = sqlite_in(directory.path());
    append(&journal, vec![starting(epoch, 1), then(epoch, 1, 1)]);
    let before = load(&journal, "r1");
    journal.close();
    let (journal, later) = sqlite_in(directory.path());
    assert!(later > epoch);
    assert_eq!(load(&journal, "r1"), before);
    assert_eq!(append(&journal, vec![then(later, 1, 2)]), [Ok(())]);
    journal.close();
}

#[test]
fn a_closed_journal_says_so() {
    let directory = tempdir().unwrap();
    let (journal, epoch) = sqlite_in(directory.path());
    journal.close();
    journal.close();
    let closed = JournalError("the journal is closed".into());
    assert_eq!(append(&journal, vec![starting(epoch, 1)]), [Err(AppendError::Journal(closed.clone()))]);
    assert_eq!(read(|reply| journal.row("r1", reply)), Err(closed));
}

/// Whoever appended a single item may have written it, and must not hold the directory any longer.
#[test]
fn a_journal_lets_go_of_its_directory_when_it_is_closed_while_an_answer_is_given() {
    let directory = tempdir().unwrap();
    let (journal, epoch) = sqlite_in(directory.path());
    append(&journal, vec![starting(epoch, 1)]);
    let (journal, path) = (Arc::new(journal), directory.path().to_owned());
    let here = thread::current().id();
    for length in 1.. {
        let (open, path) = (Arc::clone(&journal), path.clone());
        let (reply, reopened) = channel();
        let on_durable = move |results: Vec<_>| {
            // The thread that writes cannot end from within itself.
            let again = (thread::current().id() == here).then(|| {
                open.close();
                SqliteJournal::open(&path).map(|journal| journal.close())
            });
            reply.send((results, again)).unwrap();
        };
        journal.append(vec![then(epoch, 1, length)], Box::new(on_durable));
        let (results, again) = reopened.recv().unwrap();
        assert_eq!(results, [Ok(())]);
        if let Some(again) = again {
            return again.unwrap();
        }
    }
}

/// A crash may leave any part of the last write: whatever is left, the journal opens, and has a
/// run's first entries without a gap.
#[test]
fn a_torn_last_write_costs_no_more_than_itself() {
    const ENTRIES: u64 = 12;
    let directory = tempdir().unwrap();
    let (journal, epoch) = sqlite_in(directory.path());
    let mut log_sizes = Vec::new();
    for length in 0..ENTRIES {
        let item = if length == 0 { starting(epoch, 1) } else { then(epoch, 1, length) };
        assert_eq!(append(&journal, vec![item]), [Ok(())]);
        log_sizes.push(fs::metadata(directory.path().join("journal.sqlite-wal")).unwrap().len());
    }
    let whole = load(&journal, "r1").unwrap().entries;
    let log = fs::read(directory.path().join("journal.sqlite-wal")).unwrap();
    let durable_in = |bytes: u64| log_sizes.iter().filter(|size| **size <= bytes).count();
    for bytes in (log_sizes[0]..=log.len() as u64).step_by(997).chain([log.len() as u64]) {
        for torn in [false, true] {
            let mut left = log[..bytes as usize].to_vec();
            if torn {
                // As long as it was, with rubbish where the disk had not got to.
                left.resize(log.len(), 0xA5);
            }
            let copy = tempdir().unwrap();
            crashed_copy(directory.path(), copy.path(), &left);
            let (journal, epoch) = sqlite_in(copy.path());
            let entries = load(&journal, "r1").unwrap().entries;
            assert_eq!(entries, whole[..durable_in(bytes)], "{bytes} bytes, torn: {torn}");
            assert_eq!(append(&journal, vec![then(epoch, 1, entries.len() as u64)]), [Ok(())]);
            journal.close();
        }
    }
    journal.close();
}

fn crashed_copy(from: &Path, to: &Path, log: &[u8]) {
    fs::copy(from.join("journal.sqlite"), to.join("journal.sqlite")).unwrap();
    fs::write(to.join("journal.sqlite-wal"), log).unwrap();
}

#[test]
fn a_full_disk_fails_the_batch_and_nothing_of_it_is_kept() {
    let directory = tempdir().unwrap();
    let (journal, epoch) = sqlite_in(directory.path());
    append(&journal, vec![starting(epoch, 1)]);
    journal.limit_pages(1);
    let large = || {
        let mut item = then(epoch, 1, 1);
        item.entries = vec![item.entries[0].clone(); 5_000];
        item
    };
    let results = append(&journal, vec![starting(epoch, 2), large()]);
    assert!(
        matches!(&results[..], [Err(AppendError::Journal(_)), Err(AppendError::Journal(_))]),
        "{results:?}"
    );
    assert_eq!(load(&journal, "r1").unwrap().entries.len(), 1);
    assert_eq!(load(&journal, "r2"), None);
    journal.limit_pages(1_000_000);
    assert_eq!(append(&journal, vec![starting(epoch, 2), large()]), [Ok(()), Ok(())]);
    assert_eq!(load(&journal, "r1").unwrap().entries.len(), 5_001);
    journal.close();
}

#[test]
fn a_disk_that_was_full_takes_single_items_again() {
    let directory = tempdir().unwrap();
    let (journal, epoch) = sqlite_in(directory.path());
    append(&journal, vec![starting(epoch, 1)]);
    let large = || {
        let event =
            Event::SignalAccepted { name: "tell".into(), payload: Json::of(&"x".repeat(100_000)).unwrap() };
        let entry = Entry { at_ms: 20, event, commands: Vec::new() };
        vec![Append { entries: vec![entry], ..then(epoch, 1, 1) }]
    };
    journal.limit_pages(1);
    for _ in 0..5 {
        let results = append(&journal, large());
        let [Err(AppendError::Journal(error))] = &results[..] else { panic!("{results:?}") };
        assert_eq!(error.to_string(), "database or disk is full");
    }
    journal.limit_pages(1_000_000);
    assert_eq!(append(&journal, large()), [Ok(())]);
    assert_eq!(load(&journal, "r1").unwrap().entries.len(), 2);
    journal.close();
}
