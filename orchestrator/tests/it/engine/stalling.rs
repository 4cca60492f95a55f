//! A journal that holds appends back, or fails them, for a while.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use orchestrator::engine::embedded::{
    Append, AppendError, Entry, Journal, JournalError, MemoryJournal, OnDurable, Reply, Row, RunRef,
    Selection, StoredRun, Takeover,
};
use orchestrator::workflow::SearchKind;

#[derive(Default)]
pub(super) struct StallingJournal {
    inner: MemoryJournal,
    mode: Mutex<Mode>,
}

#[derive(Default)]
enum Mode {
    #[default]
    Working,
    /// Nothing becomes durable yet.
    Stalled(Vec<(Vec<Append>, OnDurable)>),
    /// Every append fails.
    Full,
    /// Every append fails, and no run can be read.
    Lost,
    /// Every append but the next so many fails, though it was written.
    Ambiguous(usize),
}

impl StallingJournal {
    pub(super) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(super) fn stall(&self) {
        *self.mode.lock().unwrap() = Mode::Stalled(Vec::new());
    }

    pub(super) fn fill(&self) {
        *self.mode.lock().unwrap() = Mode::Full;
    }

    pub(super) fn lose(&self) {
        *self.mode.lock().unwrap() = Mode::Lost;
    }

    pub(super) fn lie(&self) {
        self.lie_after(0);
    }

    /// Lies, after so many appends.
    pub(super) fn lie_after(&self, appends: usize) {
        *self.mode.lock().unwrap() = Mode::Ambiguous(appends);
    }

    /// Works again; what was held back is appended.
    pub(super) fn go_on(&self) {
        for (batch, on_durable) in self.take_held() {
            self.inner.append(batch, on_durable);
        }
    }

    /// Works again; what was held back is appended, but for the first.
    pub(super) fn go_on_without_the_first(&self) {
        let mut held = self.take_held().into_iter();
        if let Some((batch, on_durable)) = held.next() {
            on_durable(failed(batch.len()));
        }
        held.for_each(|(batch, on_durable)| self.inner.append(batch, on_durable));
    }

    fn take_held(&self) -> Vec<(Vec<Append>, OnDurable)> {
        match std::mem::take(&mut *self.mode.lock().unwrap()) {
            Mode::Stalled(held) => held,
            Mode::Working | Mode::Full | Mode::Lost | Mode::Ambiguous(_) => Vec::new(),
        }
    }
}

fn failed(items: usize) -> Vec<Result<(), AppendError>> {
    let error = JournalError("database or disk is full".into());
    (0..items).map(|_| Err(AppendError::Journal(error.clone()))).collect()
}

impl Journal for StallingJournal {
    fn append(&self, batch: Vec<Append>, on_durable: OnDurable) {
        match &mut *self.mode.lock().unwrap() {
            Mode::Working => self.inner.append(batch, on_durable),
            Mode::Stalled(held) => held.push((batch, on_durable)),
            Mode::Full | Mode::Lost => on_durable(failed(batch.len())),
            Mode::Ambiguous(truths @ 1..) => {
                *truths -= 1;
                self.inner.append(batch, on_durable);
            }
            Mode::Ambiguous(0) => {
                let items = batch.len();
                self.inner.append(batch, Box::new(|_| {}));
                on_durable(failed(items));
            }
        }
    }

    fn take_over(&self, attributes: &BTreeMap<&'static str, SearchKind>) -> Result<Takeover, JournalError> {
        self.inner.take_over(attributes)
    }

    fn load(&self, run: RunRef, reply: Reply<Option<StoredRun>>) {
        match *self.mode.lock().unwrap() {
            Mode::Lost => reply(Err(JournalError("unable to open database file".into()))),
            _ => self.inner.load(run, reply),
        }
    }

    fn row(&self, workflow_id: &str, reply: Reply<Option<Row>>) {
        self.inner.row(workflow_id, reply);
    }

    fn entries(&self, workflow_id: &str, from: u64, limit: usize, reply: Reply<Option<Vec<Entry>>>) {
        self.inner.entries(workflow_id, from, limit, reply);
    }

    fn list(&self, selection: Selection, reply: Reply<Vec<Row>>) {
        self.inner.list(selection, reply);
    }

    fn prune(&self, closed_before_ms: i64, limit: usize, reply: Reply<usize>) {
        self.inner.prune(closed_before_ms, limit, reply);
    }

    fn close(&self) {
        self.inner.close();
    }
}
