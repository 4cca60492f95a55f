//! A journal that remembers what is appended to it, and a writer that writes just that.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::Duration;

use orchestrator::engine::embedded::{
    Append, Entry, Journal, JournalError, OnDurable, Reply, Row, RunRef, Selection, StoredRun, Takeover,
};
use orchestrator::workflow::SearchKind;

pub(crate) struct Recording<J> {
    inner: J,
    items: Mutex<Vec<Append>>,
    attributes: Mutex<BTreeMap<&'static str, SearchKind>>,
}

/// What was appended, and the search attributes it may name.
pub(crate) struct Recorded {
    items: Vec<Append>,
    attributes: BTreeMap<&'static str, SearchKind>,
}

impl<J: Journal> Recording<J> {
    pub(crate) fn over(inner: J) -> Self {
        Self { inner, items: Mutex::default(), attributes: Mutex::default() }
    }

    pub(crate) fn take(&self) -> Recorded {
        let items = std::mem::take(&mut *self.items.lock().unwrap());
        Recorded { items, attributes: self.attributes.lock().unwrap().clone() }
    }
}

impl Recorded {
    /// How many runs it tells of, those before the clock was started among them.
    pub(crate) fn runs(&self) -> usize {
        self.items.iter().filter(|item| item.start.is_some()).count()
    }
}

impl<J: Journal> Journal for Recording<J> {
    fn take_over(&self, attributes: &BTreeMap<&'static str, SearchKind>) -> Result<Takeover, JournalError> {
        self.attributes.lock().unwrap().clone_from(attributes);
        self.inner.take_over(attributes)
    }

    fn append(&self, batch: Vec<Append>, on_durable: OnDurable) {
        self.items.lock().unwrap().extend(batch.iter().cloned());
        self.inner.append(batch, on_durable);
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

/// Appends what was recorded in batches of `size`, with `ahead` batches queued behind the one that is
/// being written.
pub(crate) fn write_bare(journal: &dyn Journal, recorded: Recorded, size: usize, ahead: usize) -> Duration {
    let epoch = journal.take_over(&recorded.attributes).unwrap().epoch;
    let mut items = recorded.items.into_iter().map(|item| Append { owner_epoch: epoch, ..item }).peekable();
    let (done, durable) = channel();
    let started = super::wall();
    let mut queued = 0;
    while items.peek().is_some() {
        let batch: Vec<_> = items.by_ref().take(size).collect();
        let done = done.clone();
        journal.append(
            batch,
            Box::new(move |results| {
                assert!(results.iter().all(Result::is_ok));
                done.send(()).unwrap();
            }),
        );
        queued += 1;
        if queued > ahead {
            durable.recv().unwrap();
            queued -= 1;
        }
    }
    (0..queued).for_each(|_| durable.recv().unwrap());
    let took = started.elapsed();
    journal.close();
    took
}
