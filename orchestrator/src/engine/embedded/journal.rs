//! The port to the storage of runs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::event::{ActivityId, Entry, Event};
use crate::workflow::{Condition, Json, SearchAttribute, SearchKind, WorkflowFailure};

/// Stores runs. Written by one engine at a time, read by many tasks.
///
/// Nothing here is async, and only `take_over` and `close` wait for more than one small write, so that an
/// adapter may answer on a thread of its own or, for simulations, before the call returns: every reply may be
/// called within the call that asks. Answers to appends come in the order of the appends.
pub trait Journal: Send + Sync + 'static {
    /// Makes the caller the journal's owner: appends of earlier owners are refused from now on. Blocks until
    /// that is durable.
    ///
    /// # Errors
    /// [`JournalError`], when it cannot be read or written.
    fn take_over(&self, attributes: &BTreeMap<&'static str, SearchKind>) -> Result<Takeover, JournalError>;

    /// Makes `batch` durable, then reports for each item whether it is. An item is written as a whole,
    /// including its child starts, or not at all; a refused one does not affect the others. Time never
    /// runs backwards from one entry to the next, across all runs.
    fn append(&self, batch: Vec<Append>, on_durable: OnDurable);

    /// Reads a run with its entries, up to the first that cannot be read. If it has not ended, its payloads
    /// are what their text says, whatever they held when they were appended.
    fn load(&self, run: RunRef, reply: Reply<Option<StoredRun>>);

    /// Reads a run without its entries.
    fn row(&self, workflow_id: &str, reply: Reply<Option<Row>>);

    /// Reads at most `limit` of a run's entries, from index `from` up to the first that cannot be read.
    fn entries(&self, workflow_id: &str, from: u64, limit: usize, reply: Reply<Option<Vec<Entry>>>);

    /// Reads the runs that match a selection, those started last first, at most as many as it says.
    fn list(&self, selection: Selection, reply: Reply<Vec<Row>>);

    /// Deletes at most `limit` runs that were closed before an instant and need no attention; returns
    /// how many.
    fn prune(&self, closed_before_ms: i64, limit: usize, reply: Reply<usize>);

    /// Writes what is queued and releases the journal's resources; blocks until that is done. Whatever is
    /// asked afterwards is answered with an error.
    fn close(&self);
}

/// What is called when all items of a batch are durable or refused.
pub type OnDurable = Box<dyn FnOnce(Vec<Result<(), AppendError>>) + Send>;

/// What is called with the answer to a read.
pub type Reply<T> = Box<dyn FnOnce(Result<T, JournalError>) + Send>;

/// Identifies a run in its journal. A later run has a greater key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunKey(pub u64);

/// A run to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunRef {
    /// By its key.
    Key(RunKey),
    /// By its workflow id.
    Id(Arc<str>),
}

/// What a new owner needs to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Takeover {
    /// The owner's number, greater than all before it.
    pub epoch: u64,
    /// The key of the next run.
    pub next_key: u64,
    /// The latest instant in the journal, in epoch milliseconds.
    pub latest_ms: i64,
    /// The open runs with a due time, in epoch milliseconds.
    pub due: Vec<(i64, RunKey)>,
}

/// One item of a batch: what happened to one run.
#[derive(Clone, Debug)]
pub struct Append {
    /// Which run.
    pub run: RunKey,
    /// The run's number of entries before these; an item that does not match is refused.
    pub expected_index: u64,
    /// The number of the engine that owns the journal.
    pub owner_epoch: u64,
    /// Makes a new run.
    pub start: Option<RunStart>,
    /// The entries, oldest first. An item may have none, and only change the row.
    pub entries: Vec<Entry>,
    /// What changes in the run's row.
    pub update: RowUpdate,
    /// Runs that start with this item or not at all.
    pub child_starts: Vec<Append>,
}

impl Append {
    /// An item without entries, for a run that has `length` of them.
    pub(super) fn row_only(run: RunKey, length: u64, owner_epoch: u64, update: RowUpdate) -> Self {
        let (entries, child_starts) = (Vec::new(), Vec::new());
        Self { run, expected_index: length, owner_epoch, start: None, entries, update, child_starts }
    }

    /// An item that says why a run is quarantined. The next process checks the run at once.
    pub(super) fn quarantine(run: RunKey, length: u64, owner_epoch: u64, reason: String) -> Self {
        let (quarantine, needs_attention) = (Some(Some(reason)), Some(true));
        let update = RowUpdate { due_ms: Some(0), quarantine, needs_attention, ..RowUpdate::default() };
        Self::row_only(run, length, owner_epoch, update)
    }
}

/// The immutable data of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunStart {
    /// The workflow's name.
    pub workflow: Arc<str>,
    /// The id that the client chose.
    pub workflow_id: Arc<str>,
    /// The id that the engine chose.
    pub run_id: Arc<str>,
    /// When, in epoch milliseconds.
    pub started_at_ms: i64,
}

/// What an item changes in its run's row. The default changes nothing but `due_ms`.
#[derive(Clone, Debug, Default)]
pub struct RowUpdate {
    /// When the run is due next, in epoch milliseconds: 0 for one with work in flight, `None` for one
    /// that only waits for signals.
    pub due_ms: Option<i64>,
    /// The state. A journal that writes it refuses the item if the state cannot be JSON.
    pub state: Option<Json>,
    /// Whether it needs a person's attention.
    pub needs_attention: Option<bool>,
    /// Why its journal does not fit its code; `Some(None)` if it now does.
    pub quarantine: Option<Option<String>>,
    /// Search attributes, each at most once.
    pub attributes: Vec<SearchAttribute>,
    /// The latest heartbeats of the attempts in flight.
    pub heartbeats: Option<Heartbeats>,
    /// The run has ended.
    pub closed: Option<Ending>,
}

/// How and when a run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Ending {
    /// When, in epoch milliseconds.
    pub at_ms: i64,
    /// Its result.
    pub outcome: Outcome,
}

/// The result of a run.
pub type Outcome = Result<Json, WorkflowFailure>;

/// The latest heartbeats of a run's attempts.
pub type Heartbeats = BTreeMap<ActivityId, Heartbeat>;

/// The latest heartbeat of an attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// The attempt's number.
    pub attempt: u32,
    /// The number of the engine in which the attempt ran: another one may have run it again since.
    #[serde(default)]
    pub owner_epoch: u64,
    /// Its details.
    pub details: Json,
}

/// What readers see of a run without its entries.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its key.
    pub key: RunKey,
    /// Its immutable data.
    pub start: RunStart,
    /// How many entries it has.
    pub length: u64,
    /// See [`RowUpdate::due_ms`].
    pub due_ms: Option<i64>,
    /// Its state after the last of them.
    pub state: Json,
    /// Whether it needs a person's attention.
    pub needs_attention: bool,
    /// Why its journal does not fit its code.
    pub quarantine: Option<String>,
    /// The search attributes that are set, in the order of their names.
    pub attributes: Vec<SearchAttribute>,
    /// The heartbeats that were stored.
    pub heartbeats: Heartbeats,
    /// How it ended.
    pub ending: Option<Ending>,
}

/// A run with its entries.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredRun {
    /// Its row.
    pub row: Row,
    /// Its entries, up to the first that cannot be read.
    pub entries: Vec<Entry>,
}

impl StoredRun {
    /// Checks that all its entries could be read.
    ///
    /// # Errors
    /// A sentence that names the first that could not.
    pub fn require_whole(&self) -> Result<(), String> {
        let read = self.entries.len() as u64;
        if read == self.row.length {
            return Ok(());
        }
        Err(format!("event {} cannot be read: another version wrote it, or the journal is damaged", read + 1))
    }

    /// What the run was started with.
    pub fn input(&self) -> Json {
        match self.entries.first().map(|entry| &entry.event) {
            Some(Event::Started { input, .. }) => input.clone(),
            _ => Json::null(),
        }
    }
}

/// Which runs to list.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// All of these must hold.
    pub conditions: Vec<Condition>,
    /// Only runs that do (or do not) need attention.
    pub needs_attention: Option<bool>,
    /// Only runs with a smaller key.
    pub before: Option<RunKey>,
    /// At most this many.
    pub limit: usize,
}

/// Why one item was not written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The journal already has a run with this workflow id.
    #[error("a run with this workflow id already exists")]
    Exists {
        /// The existing run's id.
        run_id: String,
    },
    /// The run has a different number of entries than the item expects.
    #[error("the run's journal has a different length than expected")]
    Mismatch,
    /// The item itself cannot be written.
    #[error("the journal refuses the entry: {0}")]
    Refused(String),
    /// Another engine has taken the journal over.
    #[error("another engine has taken over the journal")]
    Fenced,
    /// The journal could not be written. Whether the item is durable is not known.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// A journal that cannot be used now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct JournalError(pub String);

impl fmt::Display for RunKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
