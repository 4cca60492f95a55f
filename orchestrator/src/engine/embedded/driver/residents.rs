use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use foldhash::fast::{FixedState, RandomState};
use lru::LruCache;

use crate::engine::embedded::journal::RunKey;
use crate::engine::embedded::run::{Input, Run};

/// The most runs that are checked when room has to be made.
const MAX_EVICTIONS: usize = 1024;

/// The runs in memory, which of them are queued for a step, and which runs are due, in memory or not.
pub(super) struct Residents {
    /// Hashed without a seed: when the engine is killed, its runs are dropped in the map's order.
    runs: LruCache<RunKey, Box<Run>, FixedState>,
    by_id: HashMap<Arc<str>, RunKey, RandomState>,
    /// Runs that are due by themselves, by time: each once.
    due: BTreeSet<(i64, RunKey)>,
    /// Runs that are ready to step.
    line: VecDeque<RunKey>,
}

impl Residents {
    /// Nobody is in memory yet.
    pub(super) fn new(due: impl IntoIterator<Item = (i64, RunKey)>) -> Self {
        Self {
            runs: LruCache::unbounded_with_hasher(FixedState::default()),
            by_id: HashMap::default(),
            due: due.into_iter().collect(),
            line: VecDeque::new(),
        }
    }

    /// A run, which is now the most recently used.
    pub(super) fn get_mut(&mut self, key: RunKey) -> Option<&mut Run> {
        self.runs.get_mut(&key).map(Box::as_mut)
    }

    pub(super) fn peek(&self, key: RunKey) -> Option<&Run> {
        self.runs.peek(&key).map(Box::as_ref)
    }

    pub(super) fn peek_mut(&mut self, key: RunKey) -> Option<&mut Run> {
        self.runs.peek_mut(&key).map(Box::as_mut)
    }

    pub(super) fn key_of(&self, workflow_id: &str) -> Option<RunKey> {
        self.by_id.get(workflow_id).copied()
    }

    /// Whether a run with this id is in memory, has started and has not ended.
    pub(super) fn has_started(&self, workflow_id: &str) -> bool {
        self.key_of(workflow_id).and_then(|key| self.peek(key)).is_some_and(Run::is_started)
    }

    /// Adds a run.
    pub(super) fn keep(&mut self, run: Run) {
        self.by_id.insert(Arc::clone(&run.start.workflow_id), run.key);
        self.runs.put(run.key, Box::new(run));
    }

    /// Removes a run. It may still be due.
    pub(super) fn take(&mut self, key: RunKey) -> Option<Box<Run>> {
        let run = self.runs.pop(&key)?;
        if self.key_of(&run.start.workflow_id) == Some(key) {
            self.by_id.remove(&run.start.workflow_id);
        }
        Some(run)
    }

    /// Removes the least recently used runs beyond `limit`, as far as they are idle, and shows each.
    pub(super) fn evict_beyond(&mut self, limit: usize, mut show: impl FnMut(&Run)) {
        for _ in 0..self.runs.len().saturating_sub(limit).min(MAX_EVICTIONS) {
            let Some((&key, run)) = self.runs.peek_lru() else { break };
            if run.is_idle() {
                self.take(key).iter().for_each(|run| show(run));
            } else {
                self.runs.promote(&key);
            }
        }
    }

    /// Queues a run for a step. False if it is not in memory.
    pub(super) fn enqueue(&mut self, key: RunKey) -> bool {
        let Some(run) = self.peek_mut(key) else { return false };
        if !std::mem::replace(&mut run.is_in_line, true) {
            self.line.push_back(key);
        }
        true
    }

    /// Hands an input to a run; one that has left memory no longer needs it.
    pub(super) fn push(&mut self, key: RunKey, input: Input) {
        if let Some(run) = self.peek_mut(key) {
            run.inputs.push_back(input);
            self.enqueue(key);
        }
    }

    /// The run that steps next.
    pub(super) fn next_in_line(&mut self) -> Option<RunKey> {
        let key = self.line.pop_front()?;
        if let Some(run) = self.peek_mut(key) {
            run.is_in_line = false;
        }
        Some(key)
    }

    /// How many runs are queued.
    pub(super) fn runs_in_line(&self) -> usize {
        self.line.len()
    }

    /// Every run that was queued, in order.
    pub(super) fn leave_line(&mut self) -> Vec<RunKey> {
        std::iter::from_fn(|| self.next_in_line()).collect()
    }

    /// The run that is due first, and when.
    pub(super) fn first_due(&self) -> Option<(i64, RunKey)> {
        self.due.first().copied()
    }

    /// Lists a run as due at this time, and no longer at another.
    pub(super) fn list(&mut self, key: RunKey, due_ms: Option<i64>) {
        let Some(run) = self.peek_mut(key) else {
            self.due.extend(due_ms.map(|due_ms| (due_ms, key)));
            return;
        };
        let before = std::mem::replace(&mut run.listed_ms, due_ms);
        if before != due_ms {
            self.due.extend(due_ms.map(|due_ms| (due_ms, key)));
            self.unlist(key, before);
        }
    }

    /// Forgets that a run was due.
    pub(super) fn unlist(&mut self, key: RunKey, listed_ms: Option<i64>) {
        if let Some(listed_ms) = listed_ms {
            self.due.remove(&(listed_ms, key));
        }
    }
}
