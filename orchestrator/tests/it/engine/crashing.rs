//! A journal at whose n-th item the engine is killed, and an observer of all that is appended.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use orchestrator::engine::embedded::{
    Append, Engine, Entry, Journal, JournalError, MemoryJournal, OnDurable, Reply, Row, RunRef, Selection,
    StoredRun, Takeover,
};
use orchestrator::workflow::SearchKind;
use tokio::sync::Notify;

/// When the crash comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Crash {
    Before(usize),
    After(usize),
}

/// Kills its engine at one item. Goes on over the same runs afterwards.
pub(super) struct CrashingJournal {
    inner: MemoryJournal,
    crash: Option<Crash>,
    state: Mutex<State>,
    pub(super) crashed: Notify,
}

#[derive(Default)]
struct State {
    engine: Option<Engine>,
    items: usize,
    has_crashed: bool,
    seen: Vec<String>,
}

impl CrashingJournal {
    pub(super) fn new(crash: Option<Crash>) -> Arc<Self> {
        let (inner, state, crashed) = (MemoryJournal::new(), Mutex::default(), Notify::new());
        Arc::new(Self { inner, crash, state, crashed })
    }

    /// The engine to be killed.
    pub(super) fn watch(&self, engine: &Engine) {
        self.state.lock().unwrap().engine = Some(engine.clone());
    }

    pub(super) fn has_crashed(&self) -> bool {
        self.state.lock().unwrap().has_crashed
    }

    /// Everything that was made durable, in order.
    pub(super) fn seen(&self) -> Vec<String> {
        self.state.lock().unwrap().seen.clone()
    }

    fn note(&self, items: &[Append]) {
        let mut state = self.state.lock().unwrap();
        for item in items {
            let key = item.run;
            state.seen.extend(item.entries.iter().map(|entry| format!("{key} {entry:?}")));
        }
    }

    fn kill(&self) {
        let engine = {
            let mut state = self.state.lock().unwrap();
            state.has_crashed = true;
            state.engine.take()
        };
        engine.expect("an engine is watched").kill();
        self.crashed.notify_one();
    }
}

impl Journal for CrashingJournal {
    fn append(&self, batch: Vec<Append>, on_durable: OnDurable) {
        let before = {
            let mut state = self.state.lock().unwrap();
            state.items += batch.len();
            state.items - batch.len()
        };
        let place = self.crash.filter(|_| !self.has_crashed()).and_then(|crash| match crash {
            Crash::Before(item) => item.checked_sub(before),
            Crash::After(item) => (item + 1).checked_sub(before),
        });
        match place {
            // The items up to the crash are durable, and nobody hears of it.
            Some(survivors)
                if survivors < batch.len() || self.crash == Some(Crash::After(before + batch.len() - 1)) =>
            {
                let survivors: Vec<_> = batch.into_iter().take(survivors).collect();
                self.note(&survivors);
                self.inner.append(survivors, Box::new(|_| {}));
                self.kill();
            }
            _ => {
                self.note(&batch);
                self.inner.append(batch, on_durable);
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
