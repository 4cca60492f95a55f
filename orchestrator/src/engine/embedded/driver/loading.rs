//! Loads runs into memory: because they are due, because they have an input, or because an append
//! failed.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use foldhash::fast::RandomState;

use super::{Driver, Message};
use crate::engine::embedded::journal::{Append, JournalError, Row, RunKey, RunRef, StoredRun};
use crate::engine::embedded::run::{Input, Run};
use crate::workflow::{ClientError, Reception};

/// How many runs may be read at once because they are due.
const MAX_LOADS: usize = 256;

/// The wait after a failed read.
const RETRY_MS: i64 = 1_000;

/// The runs that are being read.
#[derive(Default)]
pub(super) struct Reads {
    /// By key, and whether the run has been in memory since, and been removed.
    by_key: HashMap<RunKey, bool, RandomState>,
    by_id: HashMap<Arc<str>, Lookup, RandomState>,
}

/// Messages that wait until their run has been read.
#[derive(Default)]
struct Lookup {
    inputs: Vec<Input>,
    /// The run has been in memory since, and been removed.
    is_stale: bool,
}

impl Reads {
    /// Whether another run may be read because it is due.
    pub(super) fn may_begin(&self) -> bool {
        self.by_key.len() < MAX_LOADS
    }

    /// A run has left memory: what is being read of it may be older.
    pub(super) fn outdate(&mut self, run: &Run) {
        if let Some(lookup) = self.by_id.get_mut(&run.start.workflow_id) {
            lookup.is_stale = true;
        }
        if let Some(is_stale) = self.by_key.get_mut(&run.key) {
            *is_stale = true;
        }
    }
}

impl Driver {
    /// Reads a run, unless it is being read.
    pub(super) fn load(&mut self, key: RunKey) {
        if let Entry::Vacant(vacant) = self.reads.by_key.entry(key) {
            vacant.insert(false);
            self.read(RunRef::Key(key));
        }
    }

    /// Hands an input to a run that is not in memory, once it has been read.
    pub(super) fn look_up(&mut self, workflow_id: &Arc<str>, input: Input) {
        if let Some(lookup) = self.reads.by_id.get_mut(workflow_id) {
            lookup.inputs.push(input);
        } else {
            let lookup = Lookup { inputs: vec![input], is_stale: false };
            self.reads.by_id.insert(Arc::clone(workflow_id), lookup);
            self.read(RunRef::Id(Arc::clone(workflow_id)));
        }
    }

    fn read(&self, run: RunRef) {
        let shared = Arc::clone(&self.shared);
        let reference = run.clone();
        let reply = move |stored| shared.send(Message::Loaded { run: reference, stored: Box::new(stored) });
        self.journal.load(run, Box::new(reply));
    }

    pub(super) fn loaded(&mut self, run: RunRef, stored: Result<Option<StoredRun>, JournalError>) {
        match run {
            RunRef::Key(key) => self.loaded_by_key(key, stored),
            RunRef::Id(id) => self.loaded_by_id(&id, stored),
        }
    }

    fn loaded_by_key(&mut self, key: RunKey, stored: Result<Option<StoredRun>, JournalError>) {
        let is_stale = self.reads.by_key.remove(&key).unwrap_or(false);
        match (stored, self.residents.peek(key)) {
            (_, Some(resident)) if !resident.is_broken() => {}
            (_, None) if is_stale => self.load(key),
            (Err(error), resident) => {
                tracing::error!(%key, "a run cannot be read: {error}");
                // It is resident because it could not be written.
                if resident.is_some() {
                    self.begin_outage(&error);
                }
                self.refuse_clients_of(key);
                self.try_again_later(key);
            }
            // It had ended, though the append was believed to have failed, and was pruned since.
            (Ok(None), Some(_)) => self.remove_and_deliver_again(key),
            (Ok(None), None) => {}
            (Ok(Some(stored)), resident) => match &stored.row.ending {
                // The append that was believed to have failed had succeeded.
                Some(ending) if resident.is_some() => self.ended(key, &ending.outcome),
                Some(_) => {}
                None => drop(self.revive(stored)),
            },
        }
    }

    fn loaded_by_id(&mut self, id: &Arc<str>, stored: Result<Option<StoredRun>, JournalError>) {
        let Some(Lookup { inputs, is_stale }) = self.reads.by_id.remove(id) else { return };
        if is_stale || self.residents.key_of(id).is_some() {
            inputs.into_iter().for_each(|input| self.deliver(id, input));
            return;
        }
        let refusal = match stored {
            Ok(Some(StoredRun { row, .. })) if row.ending.is_some() => {
                inputs.into_iter().for_each(|input| self.answer_from(&row, input));
                return;
            }
            Ok(Some(stored)) => match self.revive(stored) {
                Ok(()) => {
                    inputs.into_iter().for_each(|input| self.deliver(id, input));
                    return;
                }
                Err(reason) => ClientError::Quarantined(reason),
            },
            Ok(None) => ClientError::NotFound,
            Err(error) => ClientError::Unavailable {
                reason: error.to_string(),
                retry_after: Duration::from_millis(RETRY_MS as u64),
            },
        };
        inputs.into_iter().for_each(|input| drop(input.refuse(refusal.clone())));
    }

    /// Rebuilds a run from its journal and queues it.
    fn revive(&mut self, stored: StoredRun) -> Result<(), String> {
        let whole = stored.require_whole();
        let StoredRun { row, entries } = stored;
        let Row { key, start, length, quarantine, .. } = row;
        self.residents.unlist(key, row.due_ms);
        let workflow = whole.and_then(|()| self.catalogue.workflow(&start.workflow));
        match workflow.and_then(|workflow| Run::replay(key, start, &entries, workflow)) {
            Ok(mut run) => {
                match self.residents.take(key) {
                    Some(broken) => {
                        self.residents.unlist(key, broken.listed_ms);
                        run.succeed(*broken);
                    }
                    None => run.recover(row.heartbeats, self.epoch, self.started_ms),
                }
                if quarantine.is_some() {
                    self.append(vec![run.lift_quarantine(self.epoch, &self.catalogue)], vec![None]);
                }
                self.residents.keep(run);
                self.residents.enqueue(key);
                Ok(())
            }
            Err(reason) => {
                if self.residents.peek(key).is_some() {
                    self.quarantine(key, reason.clone());
                } else if quarantine.as_ref() != Some(&reason) {
                    tracing::error!(%key, "quarantined: {reason}");
                    self.append(
                        vec![Append::quarantine(key, length, self.epoch, reason.clone())],
                        vec![None],
                    );
                }
                Err(reason)
            }
        }
    }

    /// The answer of an ended run, without a machine.
    fn answer_from(&self, row: &Row, input: Input) {
        match input {
            Input::StartAgain(reply) => {
                let run_id = row.start.run_id.as_ref().to_owned();
                drop(reply.send(Err(ClientError::AlreadyStarted { run_id })));
            }
            Input::Signal { name, payload, reply } => {
                let workflow = self.catalogue.workflow(&row.start.workflow);
                let received = workflow
                    .map_err(ClientError::Quarantined)
                    .and_then(|workflow| (workflow.receive)(&row.state, &name, &payload));
                drop(reply.send(received.map(Reception::after_end)));
            }
            Input::Cancel { reply, .. } => drop(reply.send(Ok(()))),
            Input::Start { .. }
            | Input::AttemptEnded { .. }
            | Input::NotRegistered(_)
            | Input::ChildLookedUp { .. } => {}
        }
    }

    pub(super) fn try_again_later(&mut self, key: RunKey) {
        let due_ms = self.now_ms() + RETRY_MS;
        self.residents.list(key, Some(due_ms));
    }
}
