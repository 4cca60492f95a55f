//! A journal whose process dies at a chosen append.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use orchestrator::engine::embedded::{
    Append, Entry, Journal, JournalError, MemoryJournal, OnDurable, Reply, Row, RunRef, Selection, StoredRun,
    Takeover,
};
use orchestrator::workflow::SearchKind;
use tokio::sync::Notify;

/// Where to die.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CrashPoint {
    /// At which append, from 1.
    pub(super) append: u32,
    /// Whether it is durable by then.
    pub(super) written: bool,
}

/// Passes everything on until its crash point; from then on nothing is written and nobody answered.
pub(super) struct CrashingJournal {
    inner: MemoryJournal,
    point: Option<CrashPoint>,
    appends: AtomicU32,
    dead: AtomicBool,
    died: Notify,
}

impl CrashingJournal {
    pub(super) fn new(inner: MemoryJournal, point: Option<CrashPoint>) -> Self {
        Self { inner, point, appends: AtomicU32::new(0), dead: AtomicBool::new(false), died: Notify::new() }
    }

    /// Waits for the crash.
    pub(super) async fn crashed(&self) {
        if !self.dead.load(SeqCst) {
            self.died.notified().await;
        }
    }

    pub(super) fn is_dead(&self) -> bool {
        self.dead.load(SeqCst)
    }

    fn die(&self) {
        self.dead.store(true, SeqCst);
        self.died.notify_one();
    }
}

impl Journal for CrashingJournal {
    fn append(&self, batch: Vec<Append>, on_durable: OnDurable) {
        if self.is_dead() {
            return;
        }
        let number = self.appends.fetch_add(1, SeqCst) + 1;
        match self.point.filter(|point| point.append == number) {
            None => self.inner.append(batch, on_durable),
            Some(CrashPoint { written, .. }) => {
                if written {
                    self.inner.append(batch, Box::new(|_| {}));
                }
                self.die();
            }
        }
    }

    fn take_over(&self, attributes: &BTreeMap<&'static str, SearchKind>) -> Result<Takeover, JournalError> {
        self.inner.take_over(attributes)
    }

    fn load(&self, run: RunRef, reply: Reply<Option<StoredRun>>) {
        self.inner.load(run, reply);
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
