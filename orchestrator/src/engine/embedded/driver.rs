//! Around the machines: one task on one thread takes messages, steps runs, appends what they did,
//! and acts on it once it is durable.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::task::Poll;

use shared::time::Clock;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, Sleep, sleep_until};

use self::loading::Reads;
use self::outage::Outage;
use self::residents::Residents;
use self::waiting::WaitingForEnd;
use super::attempt::FreshHeartbeats;
use super::event::timestamp;
use super::journal::{Journal, JournalError, RunKey};
use super::registry::Catalogue;
use super::run::{Input, Run, RunFactory};
use super::shared::Shared;

mod acting;
mod appending;
mod loading;
mod message;
mod outage;
mod pruning;
mod requests;
mod residents;
mod waiting;

pub(super) use message::{Message, RunningAttempt};

/// How many messages are received before the runs they concern step.
const MESSAGES_AT_ONCE: usize = 1024;

/// The engine's task.
pub(super) struct Driver {
    shared: Arc<Shared>,
    journal: Arc<dyn Journal>,
    catalogue: Arc<Catalogue>,
    clock: Clock,
    /// Where attempts run.
    runtime: Handle,
    inbox: mpsc::UnboundedReceiver<Message>,
    epoch: u64,
    started_ms: i64,
    factory: RunFactory,
    residents: Residents,
    reads: Reads,
    waiting_for_end: WaitingForEnd,
    fresh_heartbeats: FreshHeartbeats,
    outage: Option<Outage>,
    entries_in_flight: usize,
    batches_in_flight: usize,
    next_serial: u64,
    next_prune_ms: Option<i64>,
    /// Who waits for the engine to stop.
    stopping: Vec<oneshot::Sender<()>>,
}

impl Driver {
    /// Takes the journal over.
    ///
    /// # Errors
    /// When the journal cannot be taken over.
    pub(super) fn new(
        shared: Arc<Shared>,
        inbox: mpsc::UnboundedReceiver<Message>,
        runtime: Handle,
    ) -> Result<Self, JournalError> {
        let (journal, catalogue) = (Arc::clone(&shared.journal), Arc::clone(&shared.catalogue));
        let takeover = journal.take_over(&catalogue.search_attributes())?;
        let clock = shared.options.clock.not_before(timestamp(takeover.latest_ms));
        let started_ms = clock.now().as_millisecond();
        Ok(Self {
            journal,
            catalogue,
            clock,
            runtime,
            inbox,
            epoch: takeover.epoch,
            started_ms,
            factory: RunFactory {
                next_key: takeover.next_key,
                pruned_before: 0,
                id_seed: shared.options.id_seed,
            },
            residents: Residents::new(takeover.due),
            reads: Reads::default(),
            waiting_for_end: WaitingForEnd::default(),
            fresh_heartbeats: FreshHeartbeats::default(),
            outage: None,
            entries_in_flight: 0,
            batches_in_flight: 0,
            next_serial: 0,
            next_prune_ms: shared.options.retention.map(|_| started_ms),
            stopping: Vec::new(),
            shared,
        })
    }

    /// Runs the engine until it is shut down or killed.
    pub(super) async fn run(mut self) {
        let mut messages = Vec::with_capacity(MESSAGES_AT_ONCE);
        let mut sleep = Box::pin(sleep_until(Instant::now()));
        while !self.is_killed() {
            self.wake_due_runs();
            self.append_steps();
            if self.is_killed() || self.has_stopped() {
                break;
            }
            let deadline = self.next_deadline();
            self.receive(&mut messages, deadline, sleep.as_mut()).await;
            for message in messages.drain(..) {
                self.take(message);
            }
        }
    }

    /// Waits for messages or the deadline. Messages go first, so that the order is always the same.
    async fn receive(
        &mut self,
        messages: &mut Vec<Message>,
        deadline: Option<Instant>,
        mut sleep: Pin<&mut Sleep>,
    ) {
        if let Some(deadline) = deadline
            && sleep.deadline() != deadline
        {
            sleep.as_mut().reset(deadline);
        }
        poll_fn(|context| {
            if self.inbox.poll_recv_many(context, messages, MESSAGES_AT_ONCE).is_ready() {
                return Poll::Ready(());
            }
            if deadline.is_some() { sleep.as_mut().poll(context) } else { Poll::Pending }
        })
        .await;
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Start { start, reply } => self.start(start, reply),
            Message::Signal { workflow_id, name, payload, reply } => {
                self.deliver_unless_full(&workflow_id, Input::Signal { name, payload, reply });
            }
            Message::Cancel { workflow_id, reason, reply } => {
                self.deliver_unless_full(&workflow_id, Input::Cancel { reason, reply });
            }
            Message::AwaitEnd { workflow_id, is_resident, end } => {
                // The caller may have left.
                if is_resident.send(self.residents.has_started(&workflow_id)).is_ok() {
                    self.waiting_for_end.add(workflow_id, end);
                }
            }
            Message::Attempts { workflow_id, reply } => drop(reply.send(self.attempts_of(&workflow_id))),
            Message::AttemptEnded { run, id, attempt, serial, end } => {
                self.residents.push(run, Input::AttemptEnded { id, attempt, serial, end });
            }
            Message::Durable { sent, results } => self.appended(sent, results),
            Message::Loaded { run, stored } => self.loaded(run, *stored),
            Message::ChildLookedUp { parent, workflow_id, exists } => {
                self.child_looked_up(parent, workflow_id, exists);
            }
            Message::Pruned(result) => self.pruned(result),
            Message::Shutdown(reply) => self.stopping.push(reply),
            Message::Wake => {}
        }
    }

    /// Queues the runs that are due, as far as they can be read.
    fn wake_due_runs(&mut self) {
        let now_ms = self.now_ms();
        self.prune_if_due(now_ms);
        while self.may_append()
            && let Some((due_ms, key)) = self.residents.first_due()
            && due_ms <= now_ms
        {
            if self.residents.enqueue(key) {
                self.residents.list(key, None);
            } else if self.reads.may_begin() {
                self.load(key);
            } else {
                break;
            }
            self.residents.unlist(key, Some(due_ms));
        }
    }

    /// Updates a run's entry in the list of due runs.
    fn relist(&mut self, key: RunKey) {
        if let Some(run) = self.residents.peek(key) {
            let due_ms = run.due_ms(&self.catalogue);
            self.residents.list(key, due_ms);
        }
    }

    /// Removes a run from memory that has ended or never started. Its attempts are dropped with it.
    fn remove(&mut self, key: RunKey) -> Option<Box<Run>> {
        let run = self.residents.take(key)?;
        self.residents.unlist(key, run.listed_ms);
        self.reads.outdate(&run);
        Some(run)
    }

    /// Makes room in memory.
    fn evict(&mut self) {
        self.residents.evict_beyond(self.shared.options.resident_runs, |run| self.reads.outdate(run));
    }

    fn now_ms(&self) -> i64 {
        self.clock.now().as_millisecond()
    }

    fn is_killed(&self) -> bool {
        self.shared.killed.load(Ordering::Acquire)
    }

    /// Whether runs may step now. If not, their inputs stay pending.
    fn may_append(&self) -> bool {
        self.stopping.is_empty()
            && self.entries_in_flight < self.shared.options.journal_queue
            && !self.is_paused()
    }

    /// When the engine is to stop: whether everything appended is durable.
    fn has_stopped(&mut self) -> bool {
        if self.stopping.is_empty() || self.batches_in_flight > 0 {
            return false;
        }
        self.journal.close();
        for reply in self.stopping.drain(..) {
            // The caller may have left.
            let _ = reply.send(());
        }
        true
    }

    fn next_deadline(&self) -> Option<Instant> {
        let first = self.residents.first_due().filter(|_| self.may_append() && self.reads.may_begin());
        let retry = self.outage.as_ref().map(|outage| outage.retry_at_ms).filter(|_| self.is_paused());
        let next =
            [first.map(|(due_ms, _)| due_ms), retry, self.next_prune_ms].into_iter().flatten().min()?;
        Some(self.clock.instant_at(timestamp(next)))
    }

    fn attempts_of(&self, workflow_id: &str) -> Vec<RunningAttempt> {
        let run = self.residents.key_of(workflow_id).and_then(|key| self.residents.peek(key));
        run.map(|run| run.attempts().collect()).unwrap_or_default()
    }

    /// The runs whose attempts have sent heartbeats since the last call.
    fn take_fresh_heartbeats(&self) -> BTreeSet<RunKey> {
        let mut fresh = self.fresh_heartbeats.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *fresh).into_iter().collect()
    }
}
