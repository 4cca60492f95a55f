use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use shared::time::Clock;
use tokio::sync::Notify;

use super::crash::When;
use super::crash_plan::CrashPlan;
use super::log::Log;
use super::moments::Moments;
use crate::engine::embedded::{
    Append, Entry, Journal, JournalError, MemoryJournal, OnDurable, Reply, Row, RunRef, Selection, StoredRun,
    Takeover,
};
use crate::workflow::SearchKind;

/// The journal of a process that may die at an append. It passes everything on until then; from
/// then on nothing is written and nobody is answered.
pub(super) struct CrashingJournal {
    kept: MemoryJournal,
    crash_plan: Arc<CrashPlan>,
    moments: Option<Arc<Moments>>,
    log: Arc<Log>,
    clock: Clock,
    death: Arc<Death>,
}

#[derive(Debug, Default)]
struct Death {
    has_come: AtomicBool,
    came: Notify,
}

impl Death {
    fn come(&self) {
        self.has_come.store(true, Relaxed);
        self.came.notify_one();
    }
}

impl CrashingJournal {
    /// What is written is found in `kept` by the process that comes next.
    pub(super) fn new(
        kept: MemoryJournal,
        crash_plan: Arc<CrashPlan>,
        moments: Option<Arc<Moments>>,
        log: Arc<Log>,
        clock: Clock,
    ) -> Self {
        Self { kept, crash_plan, moments, log, clock, death: Arc::default() }
    }

    /// Waits until the process has died.
    pub(super) async fn died(&self) {
        self.death.came.notified().await;
    }

    /// Tells those who want to know what becomes durable.
    fn observe(&self, batch: &[Append]) {
        if self.moments.is_none() && !self.log.is_kept() {
            return;
        }
        for item in batch {
            if let Some(start) = &item.start {
                self.log.name(item.run, &start.workflow_id);
            }
            for entry in &item.entries {
                self.log.journaled(self.clock.now(), item.run, entry);
                if let Some(moments) = &self.moments {
                    moments.journaled(entry);
                }
            }
        }
    }
}

impl Journal for CrashingJournal {
    fn append(&self, batch: Vec<Append>, on_durable: OnDurable) {
        if self.death.has_come.load(Relaxed) {
            return;
        }
        let doom = self.crash_plan.crash_at(&batch, self.clock.now().as_millisecond());
        if doom == Some(When::Before) {
            self.death.come();
            return;
        }
        self.observe(&batch);
        match doom {
            Some(When::After(Duration::ZERO)) => {
                self.kept.append(batch, Box::new(|_| {}));
                self.death.come();
            }
            Some(When::After(later)) => {
                let death = Arc::clone(&self.death);
                tokio::spawn(async move {
                    tokio::time::sleep(later).await;
                    death.come();
                });
                self.kept.append(batch, on_durable);
            }
            Some(When::Before) | None => self.kept.append(batch, on_durable),
        }
    }

    fn take_over(&self, attributes: &BTreeMap<&'static str, SearchKind>) -> Result<Takeover, JournalError> {
        self.kept.take_over(attributes)
    }

    fn load(&self, run: RunRef, reply: Reply<Option<StoredRun>>) {
        self.kept.load(run, reply);
    }

    fn row(&self, workflow_id: &str, reply: Reply<Option<Row>>) {
        self.kept.row(workflow_id, reply);
    }

    fn entries(&self, workflow_id: &str, from: u64, limit: usize, reply: Reply<Option<Vec<Entry>>>) {
        self.kept.entries(workflow_id, from, limit, reply);
    }

    fn list(&self, selection: Selection, reply: Reply<Vec<Row>>) {
        self.kept.list(selection, reply);
    }

    fn prune(&self, closed_before_ms: i64, limit: usize, reply: Reply<usize>) {
        self.kept.prune(closed_before_ms, limit, reply);
    }

    fn close(&self) {
        self.kept.close();
    }
}
