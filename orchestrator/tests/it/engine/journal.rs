//! What every journal must do, tried on each adapter.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use orchestrator::engine::embedded::{
    Append, AppendError, Ending, Entry, Event, FailedAttempt, Heartbeat, Interrupted, Journal, JournalError,
    MemoryJournal, Recorded, Reply, Row, RowUpdate, RunKey, RunRef, RunStart, Selection, SqliteJournal,
    StoredRun, Takeover,
};
use orchestrator::workflow::{
    ActivityError, Certainty, ChildError, Comparison, Condition, Json, SearchAttribute, SearchKind,
    SearchValue, WorkflowFailure,
};
use proptest::prelude::*;
use serde::{Deserialize, Serialize, Serializer};

/// Runs a check on both adapters.
fn on_both(check: impl Fn(Arc<dyn Journal>)) {
    check(Arc::new(MemoryJournal::new()));
    let directory = tempfile::tempdir().unwrap();
    let journal = Arc::new(SqliteJournal::open(directory.path()).unwrap());
    check(Arc::clone(&journal) as Arc<dyn Journal>);
    journal.close();
}

pub(super) fn attributes() -> BTreeMap<&'static str, SearchKind> {
    [
        ("Number", SearchKind::Int),
        ("Name", SearchKind::Keyword),
        ("Price", SearchKind::Float),
        ("Flag", SearchKind::Bool),
        ("At", SearchKind::Datetime),
    ]
    .into()
}

/// Waits for the answer to a read.
pub(super) fn read<T: Send + 'static>(ask: impl FnOnce(Reply<T>)) -> Result<T, JournalError> {
    let (reply, answer) = sync_channel(1);
    ask(Box::new(move |result| reply.send(result).unwrap()));
    answer.recv().unwrap()
}

pub(super) fn append(journal: &dyn Journal, batch: Vec<Append>) -> Vec<Result<(), AppendError>> {
    let (reply, answer) = sync_channel(1);
    journal.append(batch, Box::new(move |results| reply.send(results).unwrap()));
    answer.recv().unwrap()
}

pub(super) fn take_over(journal: &dyn Journal) -> Takeover {
    journal.take_over(&attributes()).unwrap()
}

pub(crate) fn load(journal: &dyn Journal, id: &str) -> Option<StoredRun> {
    read(|reply| journal.load(RunRef::Id(id.into()), reply)).unwrap()
}

fn row(journal: &dyn Journal, id: &str) -> Option<Row> {
    read(|reply| journal.row(id, reply)).unwrap()
}

fn list(journal: &dyn Journal, selection: Selection) -> Vec<u64> {
    let rows = read(|reply| journal.list(selection, reply)).unwrap();
    rows.into_iter().map(|row| row.key.0).collect()
}

fn json(text: &str) -> Json {
    Json::from_text(text.to_owned()).unwrap()
}

fn signal(at_ms: i64) -> Entry {
    let event = Event::SignalAccepted { name: "tell".into(), payload: json("\"x\"") };
    Entry { at_ms, event, commands: Vec::new() }
}

/// An item that starts run `key`, which is called `r{key}`.
pub(super) fn starting(epoch: u64, key: u64) -> Append {
    let event = Event::Started { input: json("[1.10]"), seed: u64::MAX };
    let commands = vec![Recorded::Activity("work:1".into()), Recorded::Timer { timer: 1, due_ms: 500 }];
    Append {
        start: Some(RunStart {
            workflow: "toy".into(),
            workflow_id: format!("r{key}").into(),
            run_id: format!("id{key}").into(),
            started_at_ms: 10,
        }),
        entries: vec![Entry { at_ms: 10, event, commands }],
        update: RowUpdate { due_ms: Some(0), state: Some(json("{\"a\":1}")), ..RowUpdate::default() },
        ..then(epoch, key, 0)
    }
}

/// An item that adds a signal to a run with `length` entries.
pub(super) fn then(epoch: u64, key: u64, length: u64) -> Append {
    Append {
        run: RunKey(key),
        expected_index: length,
        owner_epoch: epoch,
        start: None,
        entries: vec![signal(20)],
        update: RowUpdate { due_ms: Some(500), ..RowUpdate::default() },
        child_starts: Vec::new(),
    }
}

#[test]
fn what_is_appended_is_loaded_as_it_was() {
    on_both(|journal| {
        let epoch = take_over(&*journal).epoch;
        let failed = FailedAttempt {
            id: "work:1".into(),
            attempt: 2,
            certainty: Certainty::Unknown,
            kind: "reset".into(),
            message: "gone".into(),
            heartbeat: Some(json("{\"labelId\":\"l\"}")),
            interrupted: Some(Interrupted { heartbeat: None }),
            next_try_ms: 99,
            retry_at_ms: Some(98),
        };
        let error = ActivityError {
            certainty: Certainty::Rejected,
            kind: "no".into(),
            message: "never".into(),
            may_have_happened: false,
            attempts: 3,
            retry_at: Some(jiff::Timestamp::UNIX_EPOCH),
            heartbeat: None,
            last_heartbeat: Some(json("{\"labelId\":\"l\"}")),
        };
        let events = [
            Event::AttemptFailed(failed),
            Event::ActivityFailed { id: "work:1".into(), error },
            Event::ActivityCompleted {
                id: "work:2".into(),
                attempt: 1,
                output: json("109.970"),
                heartbeat: None,
            },
            Event::TimerFired { timer: 1 },
            Event::ChildStarted { workflow_id: "c".into(), result: Err(ChildError::AlreadyExists) },
            Event::ChildStarted { workflow_id: "c".into(), result: Ok(()) },
            Event::SignalAccepted { name: "tell".into(), payload: json("null") },
            Event::CancelRequested { reason: "\u{1F984} \"'\0".into() },
        ];
        let commands = [
            vec![
                Recorded::CancelActivity("work:1".into()),
                Recorded::CancelTimer(1),
                Recorded::Child("c".into()),
            ],
            vec![Recorded::SearchAttributes, Recorded::Patch("p".into()), Recorded::Complete, Recorded::Fail],
        ];
        let entries: Vec<_> = events
            .into_iter()
            .zip(commands.into_iter().cycle())
            .map(|(event, commands)| Entry { at_ms: 30, event, commands })
            .collect();
        let first = starting(epoch, 1);
        let more = Append { entries: entries.clone(), ..then(epoch, 1, 1) };
        assert_eq!(append(&*journal, vec![first.clone(), more]), [Ok(()), Ok(())]);
        let stored = load(&*journal, "r1").unwrap();
        assert_eq!(stored.entries, [first.entries, entries].concat());
        assert_eq!(stored.row.length, 9);
        assert_eq!(stored.row.start, first.start.unwrap());
        assert_eq!(stored.row.state.text(), "{\"a\":1}");
        assert_eq!(read(|reply| journal.load(RunRef::Key(RunKey(1)), reply)).unwrap(), Some(stored));
        assert_eq!(load(&*journal, "r2"), None);
        assert_eq!(row(&*journal, "r2"), None);
    });
}

#[test]
fn a_refused_item_does_not_concern_the_others() {
    on_both(|journal| {
        let epoch = take_over(&*journal).epoch;
        let again = Append { run: RunKey(9), ..starting(epoch, 1) };
        let batch = vec![
            starting(epoch, 1),
            then(epoch, 1, 7),
            then(epoch, 5, 1),
            then(epoch - 1, 1, 1),
            again,
            then(epoch, 1, 1),
        ];
        assert_eq!(
            append(&*journal, batch),
            [
                Ok(()),
                Err(AppendError::Mismatch),
                Err(AppendError::Mismatch),
                Err(AppendError::Fenced),
                Err(AppendError::Exists { run_id: "id1".into() }),
                Ok(()),
            ]
        );
        assert_eq!(load(&*journal, "r1").unwrap().entries.len(), 2);
    });
}

#[test]
fn a_child_starts_with_its_parents_entry_or_not_at_all() {
    on_both(|journal| {
        let epoch = take_over(&*journal).epoch;
        append(&*journal, vec![starting(epoch, 1), starting(epoch, 2)]);
        let children = |keys: &[u64]| keys.iter().map(|key| starting(epoch, *key)).collect();
        let taken = Append { child_starts: children(&[3, 2]), ..then(epoch, 1, 1) };
        assert_eq!(append(&*journal, vec![taken]), [Err(AppendError::Mismatch)]);
        assert_eq!(row(&*journal, "r1").unwrap().length, 1);
        assert_eq!(row(&*journal, "r3"), None);
        let free = Append { child_starts: children(&[3, 4]), ..then(epoch, 1, 1) };
        assert_eq!(append(&*journal, vec![free]), [Ok(())]);
        assert_eq!(load(&*journal, "r4").unwrap().entries.len(), 1);
        assert_eq!(row(&*journal, "r3").unwrap().length, 1);
    });
}

/// A number that is written as the next one.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
struct Raised(u8);

impl Serialize for Raised {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.0 + 1).serialize(serializer)
    }
}

#[test]
fn a_run_that_goes_on_has_been_written_and_read() {
    on_both(|journal| {
        let epoch = take_over(&*journal).epoch;
        let mut item = starting(epoch, 1);
        item.entries[0].event = Event::Started { input: Json::holding(Raised(1)), seed: 7 };
        item.update.state = Some(Json::holding(Raised(5)));
        assert_eq!(append(&*journal, vec![item]), [Ok(())]);
        let stored = load(&*journal, "r1").unwrap();
        let numbers = [stored.input(), stored.row.state].map(|json| json.value::<Raised>().unwrap().0);
        assert_eq!(numbers, [2, 6]);
    });
}

#[test]
fn a_row_keeps_what_an_item_does_not_change() {
    on_both(|journal| {
        let epoch = take_over(&*journal).epoch;
        let attributes = |number, name: &str| {
            vec![
                SearchAttribute { name: "Number", value: SearchValue::Int(number) },
                SearchAttribute { name: "Name", value: SearchValue::Keyword(name.into()) },
            ]
        };
        let by_name = |attributes: Vec<_>| attributes.into_iter().rev().collect::<Vec<_>>();
        let beat = Heartbeat { attempt: 1, owner_epoch: 1, details: json("50") };
        let full = RowUpdate {
            due_ms: Some(7),
            state: Some(json("2")),
            needs_attention: Some(true),
            quarantine: Some(Some("odd".into())),
            attributes: attributes(4, "four"),
            heartbeats: Some([("work:1".into(), beat.clone())].into()),
            closed: None,
        };
        append(
            &*journal,
            vec![starting(epoch, 1), Append { update: full, ..then(epoch, 1, 1) }, then(epoch, 1, 2)],
        );
        let kept = row(&*journal, "r1").unwrap();
        assert_eq!((kept.state.text(), kept.needs_attention, kept.due_ms), ("2", true, Some(500)));
        assert_eq!(kept.quarantine.as_deref(), Some("odd"));
        assert_eq!(kept.heartbeats, [("work:1".into(), beat)].into());
        assert_eq!(kept.attributes, by_name(attributes(4, "four")));
        let ending = Ending {
            at_ms: 44,
            outcome: Err(WorkflowFailure { kind: "cancelled".into(), message: "by hand".into() }),
        };
        let last = RowUpdate {
            quarantine: Some(None),
            attributes: attributes(5, "five"),
            closed: Some(ending.clone()),
            ..RowUpdate::default()
        };
        append(&*journal, vec![Append { update: last, ..then(epoch, 1, 3) }]);
        let closed = row(&*journal, "r1").unwrap();
        assert_eq!((closed.quarantine, closed.ending, closed.due_ms), (None, Some(ending), None));
        assert_eq!(closed.attributes, by_name(attributes(5, "five")));
        let output = Ending { at_ms: 45, outcome: Ok(json("[1,2]")) };
        let done = RowUpdate { closed: Some(output.clone()), ..RowUpdate::default() };
        append(&*journal, vec![starting(epoch, 2), Append { update: done, ..then(epoch, 2, 1) }]);
        assert_eq!(row(&*journal, "r2").unwrap().ending, Some(output));
    });
}

#[test]
fn an_item_may_change_the_row_alone() {
    on_both(|journal| {
        let epoch = take_over(&*journal).epoch;
        append(&*journal, vec![starting(epoch, 1)]);
        let only = |length, state: &str| Append {
            entries: Vec::new(),
            update: RowUpdate { state: Some(json(state)), ..RowUpdate::default() },
            ..then(epoch, 1, length)
        };
        let results = append(&*journal, vec![only(1, "7"), only(2, "8")]);
        assert_eq!(results, [Ok(()), Err(AppendError::Mismatch)]);
        let stored = load(&*journal, "r1").unwrap();
        assert_eq!((stored.row.state.text(), stored.entries.len()), ("7", 1));
    });
}

#[test]
fn a_new_owner_learns_what_is_due_and_fences_the_old() {
    on_both(|journal| {
        let first = take_over(&*journal);
        assert_eq!((first.latest_ms, first.due.len()), (0, 0));
        let signals_only = Append {
            update: RowUpdate { state: Some(json("0")), ..RowUpdate::default() },
            ..starting(first.epoch, first.next_key + 2)
        };
        let closed =
            RowUpdate { closed: Some(Ending { at_ms: 70, outcome: Ok(json("0")) }), ..RowUpdate::default() };
        let late = Entry { at_ms: 70, ..signal(0) };
        append(
            &*journal,
            vec![
                starting(first.epoch, first.next_key),
                starting(first.epoch, first.next_key + 1),
                then(first.epoch, first.next_key + 1, 1),
                signals_only,
                starting(first.epoch, first.next_key + 3),
                Append { update: closed, entries: vec![late], ..then(first.epoch, first.next_key + 3, 1) },
            ],
        );
        let second = take_over(&*journal);
        assert!(second.epoch > first.epoch);
        assert_eq!(second.latest_ms, 70);
        assert_eq!(second.next_key, first.next_key + 4);
        let mut due = second.due;
        due.sort();
        assert_eq!(due, [(0, RunKey(first.next_key)), (500, RunKey(first.next_key + 1))]);
        let old = append(&*journal, vec![then(first.epoch, first.next_key, 1)]);
        assert_eq!(old, [Err(AppendError::Fenced)]);
    });
}

#[test]
fn lists_are_filtered_and_paged_newest_first() {
    on_both(|journal| {
        let epoch = take_over(&*journal).epoch;
        let batch = (1..=20_u32).map(|key| Append {
            update: RowUpdate {
                state: Some(json("0")),
                needs_attention: Some(key % 5 == 0),
                attributes: vec![
                    SearchAttribute { name: "Number", value: SearchValue::Int(i64::from(key % 4)) },
                    SearchAttribute {
                        name: "Name",
                        value: SearchValue::Keyword(format!("n{}", key % 2).into()),
                    },
                    SearchAttribute { name: "Price", value: SearchValue::Float(f64::from(key) / 2.0) },
                    SearchAttribute { name: "Flag", value: SearchValue::Bool(key > 10) },
                    SearchAttribute {
                        name: "At",
                        value: SearchValue::Datetime(jiff::Timestamp::from_second(i64::from(key)).unwrap()),
                    },
                ],
                ..RowUpdate::default()
            },
            ..starting(epoch, u64::from(key))
        });
        append(&*journal, batch.chain([starting(epoch, 21)]).collect());
        let select = |conditions: &[(&'static str, Comparison, SearchValue)]| Selection {
            conditions: conditions
                .iter()
                .map(|(attribute, comparison, value)| Condition {
                    attribute,
                    comparison: *comparison,
                    value: value.clone(),
                })
                .collect(),
            limit: 100,
            ..Selection::default()
        };
        let all = list(&*journal, select(&[]));
        assert_eq!(all, (1..=21).rev().collect::<Vec<_>>());
        let number = |comparison, number| ("Number", comparison, SearchValue::Int(number));
        assert_eq!(list(&*journal, select(&[number(Comparison::Equal, 3)])), [19, 15, 11, 7, 3]);
        assert_eq!(list(&*journal, select(&[number(Comparison::AtLeast, 3)])), [19, 15, 11, 7, 3]);
        assert_eq!(list(&*journal, select(&[number(Comparison::AtMost, 0)])), [20, 16, 12, 8, 4]);
        let name = ("Name", Comparison::Equal, SearchValue::Keyword("n1".into()));
        let dear = ("Price", Comparison::AtLeast, SearchValue::Int(8));
        assert_eq!(list(&*journal, select(&[name, dear])), [19, 17]);
        let flag = ("Flag", Comparison::Equal, SearchValue::Bool(false));
        let before = SearchValue::Datetime(jiff::Timestamp::from_second(2).unwrap());
        assert_eq!(list(&*journal, select(&[flag, ("At", Comparison::AtMost, before)])), [2, 1]);
        let need = Selection { needs_attention: Some(true), limit: 2, ..Selection::default() };
        assert_eq!(list(&*journal, need.clone()), [20, 15]);
        assert_eq!(list(&*journal, Selection { before: Some(RunKey(15)), ..need }), [10, 5]);
        let fine = Selection { needs_attention: Some(false), limit: 3, ..Selection::default() };
        assert_eq!(list(&*journal, fine), [21, 19, 18]);
    });
}

#[test]
fn pruning_takes_old_closed_runs_in_chunks_and_spares_those_in_need() {
    on_both(|journal| {
        let epoch = take_over(&*journal).epoch;
        let ended = |key: u64, at_ms, needs_attention| {
            let update = RowUpdate {
                state: Some(json("0")),
                needs_attention: Some(needs_attention),
                closed: Some(Ending { at_ms, outcome: Ok(json("0")) }),
                ..RowUpdate::default()
            };
            Append { update, ..starting(epoch, key) }
        };
        let mut batch: Vec<_> = (1..=5).map(|key| ended(key, 100, false)).collect();
        batch.extend([ended(6, 100, true), ended(7, 200, false), starting(epoch, 8)]);
        append(&*journal, batch);
        let prune = |limit| read(|reply| journal.prune(200, limit, reply)).unwrap();
        assert_eq!((prune(3), prune(3), prune(3)), (3, 2, 0));
        assert_eq!(list(&*journal, Selection { limit: 100, ..Selection::default() }), [8, 7, 6]);
        assert_eq!(load(&*journal, "r1"), None);
        // The id is free again, and nothing of the old run is found under the new one.
        append(&*journal, vec![Append { run: RunKey(9), ..starting(epoch, 1) }]);
        assert_eq!(load(&*journal, "r1").unwrap().entries.len(), 1);
    });
}

#[test]
fn a_new_owner_learns_of_the_latest_instant_even_when_the_run_that_told_it_is_forgotten() {
    on_both(|journal| {
        let epoch = take_over(&*journal).epoch;
        let closed = Ending { at_ms: 90, outcome: Ok(json("0")) };
        let ended = Append {
            entries: vec![Entry { at_ms: 90, ..signal(0) }],
            update: RowUpdate { closed: Some(closed), ..RowUpdate::default() },
            ..starting(epoch, 1)
        };
        append(&*journal, vec![ended]);
        assert_eq!(read(|reply| journal.prune(100, 10, reply)).unwrap(), 1);
        append(&*journal, vec![starting(epoch, 2)]);
        assert_eq!(take_over(&*journal).latest_ms, 90);
    });
}

#[test]
fn appends_are_answered_in_their_order_whoever_writes_them() {
    on_both(|journal| {
        let epoch = take_over(&*journal).epoch;
        append(&*journal, vec![starting(epoch, 1), starting(epoch, 2)]);
        let (answered, answers) = std::sync::mpsc::channel();
        for number in 0..300 {
            // Two items are for the thread that writes; one may be written here, if that has nothing to do.
            let both = vec![then(epoch, 1, 1 + number), then(epoch, 2, 1 + number / 3)];
            let batch = if number % 3 == 0 { both } else { vec![then(epoch, 1, 1 + number)] };
            let answered = answered.clone();
            journal.append(batch, Box::new(move |results| answered.send((number, results)).unwrap()));
        }
        drop(answered);
        let (numbers, results): (Vec<_>, Vec<_>) = answers.iter().unzip();
        assert!(results.iter().flatten().all(Result::is_ok), "{results:?}");
        assert_eq!(numbers, Vec::from_iter(0..300));
        let lengths = ["r1", "r2"].map(|id| load(&*journal, id).unwrap().entries.len());
        assert_eq!(lengths, [301, 101]);
    });
}

#[test]
fn an_empty_batch_is_answered_too() {
    on_both(|journal| {
        take_over(&*journal);
        assert_eq!(append(&*journal, Vec::new()), []);
    });
}

#[test]
fn entries_are_read_in_pages() {
    on_both(|journal| {
        let epoch = take_over(&*journal).epoch;
        append(&*journal, [vec![starting(epoch, 1)], (1..6).map(|at| then(epoch, 1, at)).collect()].concat());
        let page = |id: &'static str, from, limit| {
            let entries = read(|reply| journal.entries(id, from, limit, reply)).unwrap();
            entries.map(|entries| entries.len())
        };
        assert_eq!(page("r1", 0, 4), Some(4));
        assert_eq!(page("r1", 4, 4), Some(2));
        assert_eq!(page("r1", u64::MAX, 4), Some(0));
        assert_eq!(page("r2", 0, 4), None);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is appended, the file and memory give the same answers and hold the same runs.
    #[test]
    fn both_journals_agree(mut batches in prop::collection::vec(prop::collection::vec(item(), 1..6), 1..12)) {
        for (item, at_ms) in batches.iter_mut().flatten().zip(0..) {
            let children = item.child_starts.iter_mut().flat_map(|child| &mut child.entries);
            children.chain(&mut item.entries).for_each(|entry| entry.at_ms = at_ms);
        }
        let directory = tempfile::tempdir().unwrap();
        let (memory, sqlite) = (MemoryJournal::new(), SqliteJournal::open(directory.path()).unwrap());
        prop_assert_eq!(take_over(&memory).epoch, take_over(&sqlite).epoch);
        for batch in batches {
            prop_assert_eq!(append(&memory, batch.clone()), append(&sqlite, batch));
        }
        for id in 0..5 {
            let id = format!("r{id}");
            prop_assert_eq!(load(&memory, &id), load(&sqlite, &id));
        }
        let selection = Selection { limit: 100, ..Selection::default() };
        prop_assert_eq!(list(&memory, selection.clone()), list(&sqlite, selection));
        sqlite.close();
        let again = SqliteJournal::open(directory.path()).unwrap();
        let (mut of_memory, mut of_sqlite) = (take_over(&memory), take_over(&again));
        of_memory.due.sort();
        of_sqlite.due.sort();
        // Keys are not reused in either, but memory has no gaps to forget.
        of_memory.next_key = of_sqlite.next_key;
        prop_assert_eq!(of_memory, of_sqlite);
        again.close();
    }
}

fn item() -> impl Strategy<Value = Append> {
    let start = (0..5_u64).prop_map(|key| starting(1, key));
    let more = (0..5_u64, 0..5_u64, 0..3_usize, any::<bool>(), any::<Option<bool>>(), any::<bool>())
        .prop_map(|(key, length, entries, closes, needs_attention, has_child)| Append {
            entries: vec![signal(0); entries],
            update: RowUpdate {
                due_ms: closes.then_some(3),
                needs_attention,
                closed: closes.then(|| Ending { at_ms: 9, outcome: Ok(json("1")) }),
                attributes: vec![SearchAttribute { name: "Number", value: SearchValue::Int(length as i64) }],
                ..RowUpdate::default()
            },
            child_starts: if has_child { vec![starting(1, (key + 1) % 5)] } else { Vec::new() },
            ..then(1, key, length)
        });
    prop_oneof![start, more]
}

/// A journal in `directory`, taken over.
pub(super) fn sqlite_in(directory: &Path) -> (SqliteJournal, u64) {
    let journal = SqliteJournal::open(directory).unwrap();
    let epoch = take_over(&journal).epoch;
    (journal, epoch)
}
