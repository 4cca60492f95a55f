//! A journal that fails at a chosen append: its process dies, or nothing can be written for a while.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use orchestrator::engine::embedded::{
    Append, AppendError, Entry, Journal, JournalError, MemoryJournal, OnDurable, Reply, Row, RunRef,
    Selection, StoredRun, Takeover,
};
use orchestrator::workflow::SearchKind;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Where to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CrashPoint {
    /// At which append, from 1.
    pub(super) append: u32,
    /// Whether it is durable all the same.
    pub(super) written: bool,
    pub(super) failure: Failure,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// From then on nothing is written and nobody answered.
    Crash,
    /// This append and all others fail for so long.
    Outage(Duration),
}

/// Passes everything on until its crash point.
pub(super) struct CrashingJournal {
    inner: MemoryJournal,
    point: Option<CrashPoint>,
    appends: AtomicU32,
    dead: AtomicBool,
    died: Notify,
    works_again: OnceLock<Instant>,
}

impl CrashingJournal {
    pub(super) fn new(inner: MemoryJournal, point: Option<CrashPoint>) -> Self {
        let (appends, dead, died) = (AtomicU32::new(0), AtomicBool::new(false), Notify::new());
        Self { inner, point, appends, dead, died, works_again: OnceLock::new() }
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

    /// Whether there was an outage.
    pub(super) fn had_outage(&self) -> bool {
        self.works_again.get().is_some()
    }

    fn die(&self) {
        self.dead.store(true, SeqCst);
        self.died.notify_one();
    }
}

fn failed(items: usize) -> Vec<Result<(), AppendError>> {
    let error = JournalError("database or disk is full".into());
    (0..items).map(|_| Err(AppendError::Journal(error.clone()))).collect()
}

impl Journal for CrashingJournal {
    fn append(&self, batch: Vec<Append>, on_durable: OnDurable) {
        if self.is_dead() {
            return;
        }
        if self.works_again.get().is_some_and(|at| Instant::now() < *at) {
            return on_durable(failed(batch.len()));
        }
        let number = self.appends.fetch_add(1, SeqCst) + 1;
        match self.point.filter(|point| point.append == number) {
            None => self.inner.append(batch, on_durable),
            Some(CrashPoint { written, failure, .. }) => {
                let items = batch.len();
                if written {
                    self.inner.append(batch, Box::new(|_| {}));
                }
                match failure {
                    Failure::Crash => self.die(),
                    Failure::Outage(lasts) => {
                        self.works_again.set(Instant::now() + lasts).unwrap();
                        on_durable(failed(items));
                    }
                }
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
