//! Which runs are in memory, which are due, and which are queued.

use std::sync::Arc;

use super::Driver;
use crate::engine::embedded::journal::RunKey;
use crate::engine::embedded::run::{Input, Run};

/// The most runs that are checked when room has to be made.
const MAX_EVICTIONS: usize = 1024;

impl Driver {
    /// Adds a run to memory.
    pub(super) fn keep(&mut self, run: Run) {
        self.by_id.insert(Arc::clone(&run.start.workflow_id), run.key);
        self.runs.put(run.key, Box::new(run));
    }

    /// Whether a run with this id is in memory, has started and has not ended.
    pub(super) fn is_resident(&self, workflow_id: &str) -> bool {
        let run = self.by_id.get(workflow_id).and_then(|key| self.runs.peek(key));
        run.is_some_and(|run| run.is_started())
    }

    /// Queues the runs that are due, as far as they can be read.
    pub(super) fn wake_due_runs(&mut self) {
        let now_ms = self.now_ms();
        self.prune_if_due(now_ms);
        while self.may_append()
            && let Some(&(due_ms, key)) = self.due.first()
            && due_ms <= now_ms
        {
            if let Some(run) = self.runs.get_mut(&key) {
                run.listed_ms = None;
                self.enqueue(key);
            } else if self.may_load() {
                self.load(key);
            } else {
                break;
            }
            self.due.remove(&(due_ms, key));
        }
    }

    /// Queues a run for a step.
    pub(super) fn enqueue(&mut self, key: RunKey) {
        if let Some(run) = self.runs.get_mut(&key)
            && !std::mem::replace(&mut run.is_in_line, true)
        {
            self.line.push_back(key);
        }
    }

    /// Hands an input to a resident run; one that has left memory no longer needs it.
    pub(super) fn push(&mut self, key: RunKey, input: Input) {
        if let Some(run) = self.runs.get_mut(&key) {
            run.inputs.push_back(input);
            self.enqueue(key);
        }
    }

    /// Updates a run's entry in the list of due runs.
    pub(super) fn relist(&mut self, key: RunKey) {
        let Some(run) = self.runs.peek_mut(&key) else { return };
        let due_ms = run.due_ms(&self.catalogue);
        if run.listed_ms != due_ms {
            self.due.extend(due_ms.map(|due_ms| (due_ms, key)));
            let before = std::mem::replace(&mut run.listed_ms, due_ms);
            self.unlist(key, before);
        }
    }

    pub(super) fn unlist(&mut self, key: RunKey, listed_ms: Option<i64>) {
        if let Some(listed_ms) = listed_ms {
            self.due.remove(&(listed_ms, key));
        }
    }

    /// Removes a run from memory that has ended or never started. Its attempts are dropped with it.
    pub(super) fn remove(&mut self, key: RunKey) -> Option<Box<Run>> {
        let run = self.drop_from_memory(key)?;
        self.unlist(key, run.listed_ms);
        Some(run)
    }

    pub(super) fn drop_from_memory(&mut self, key: RunKey) -> Option<Box<Run>> {
        let run = self.runs.pop(&key)?;
        let id = &run.start.workflow_id;
        if self.by_id.get(id) == Some(&key) {
            self.by_id.remove(id);
        }
        // What is being read may be older than its state when it was removed.
        if let Some(lookup) = self.lookups.get_mut(id) {
            lookup.is_stale = true;
        }
        if let Some(is_stale) = self.loading.get_mut(&key) {
            *is_stale = true;
        }
        Some(run)
    }

    /// Makes room: removes the least recently used runs, if they are idle.
    pub(super) fn evict(&mut self) {
        let excess = self.runs.len().saturating_sub(self.shared.options.resident_runs);
        let mut excess = excess.min(MAX_EVICTIONS);
        while excess > 0
            && let Some((&key, run)) = self.runs.peek_lru()
        {
            excess -= 1;
            if run.is_idle() {
                self.drop_from_memory(key);
            } else {
                self.runs.promote(&key);
            }
        }
    }
}
