//! Around the machines: one task on one thread takes messages, steps runs, appends what they did,
//! and acts on it once it is durable.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::task::Poll;

use lru::LruCache;
use shared::time::Clock;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, Sleep, sleep_until};

use self::loading::Lookup;
use self::outage::Outage;
use super::attempt::FreshHeartbeats;
use super::event::{ActivityId, timestamp};
use super::journal::{AppendError, Journal, JournalError, Outcome, RunKey, RunRef, StoredRun};
use super::registry::Catalogue;
use super::run::{AttemptResult, Input, Run, RunFactory};
use super::shared::Shared;
use crate::workflow::{ClientError, Json, Reception, Start, Started};

mod acting;
mod appending;
mod loading;
mod outage;
mod pruning;
mod requests;

/// How many messages are taken before the runs they concern step.
const MESSAGES_AT_ONCE: usize = 1024;

/// What reaches the engine's task.
pub(super) enum Message {
    Start {
        start: Start,
        reply: oneshot::Sender<Result<Started, ClientError>>,
    },
    Signal {
        workflow_id: Arc<str>,
        name: String,
        payload: Json,
        reply: oneshot::Sender<Result<Reception, ClientError>>,
    },
    Cancel {
        workflow_id: Arc<str>,
        reason: String,
        reply: oneshot::Sender<Result<(), ClientError>>,
    },
    /// Tell when the run ends.
    AwaitEnd {
        workflow_id: Arc<str>,
        reply: oneshot::Sender<Outcome>,
    },
    /// Tell of the attempts in flight.
    Attempts {
        workflow_id: Arc<str>,
        reply: oneshot::Sender<Vec<RunningAttempt>>,
    },
    AttemptEnded {
        run: RunKey,
        id: ActivityId,
        serial: u64,
        end: AttemptResult,
    },
    Durable {
        sent: Vec<Option<RunKey>>,
        results: Vec<Result<(), AppendError>>,
    },
    Loaded {
        run: RunRef,
        stored: Result<Option<StoredRun>, JournalError>,
    },
    ChildLookedUp {
        parent: RunKey,
        workflow_id: Arc<str>,
        exists: Result<bool, JournalError>,
    },
    Pruned(Result<usize, JournalError>),
    Shutdown(oneshot::Sender<()>),
    /// Look whether the engine was killed.
    Wake,
}

/// An attempt in flight, for those who describe its run.
#[derive(Clone, Debug)]
pub(super) struct RunningAttempt {
    pub(super) activity_id: ActivityId,
    pub(super) attempt: u32,
    pub(super) heartbeat: Option<Json>,
}

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
    runs: LruCache<RunKey, Box<Run>>,
    by_id: HashMap<Arc<str>, RunKey>,
    /// Runs that have something to do by themselves, by when: resident or not, each once.
    due: BTreeSet<(i64, RunKey)>,
    /// Runs that have something to do now.
    line: VecDeque<RunKey>,
    lookups: HashMap<Arc<str>, Lookup>,
    /// Runs that are being read; whether they have changed since.
    loading: HashMap<RunKey, bool>,
    waiting_for_end: HashMap<Arc<str>, Vec<oneshot::Sender<Outcome>>>,
    fresh_heartbeats: FreshHeartbeats,
    outage: Option<Outage>,
    entries_in_flight: usize,
    batches_in_flight: usize,
    next_serial: u64,
    next_prune_ms: Option<i64>,
    stopping: Option<oneshot::Sender<()>>,
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
            factory: RunFactory { next_key: takeover.next_key, id_seed: shared.options.id_seed },
            runs: LruCache::unbounded(),
            by_id: HashMap::new(),
            due: takeover.due.into_iter().collect(),
            line: VecDeque::new(),
            lookups: HashMap::new(),
            loading: HashMap::new(),
            waiting_for_end: HashMap::new(),
            fresh_heartbeats: FreshHeartbeats::default(),
            outage: None,
            entries_in_flight: 0,
            batches_in_flight: 0,
            next_serial: 0,
            next_prune_ms: shared.options.retention.map(|_| started_ms),
            stopping: None,
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
            Message::AwaitEnd { workflow_id, reply } => self.await_end(workflow_id, reply),
            Message::Attempts { workflow_id, reply } => drop(reply.send(self.attempts_of(&workflow_id))),
            Message::AttemptEnded { run, id, serial, end } => {
                self.push(run, Input::AttemptEnded { id, serial, end });
            }
            Message::Durable { sent, results } => self.appended(sent, results),
            Message::Loaded { run, stored } => self.loaded(run, stored),
            Message::ChildLookedUp { parent, workflow_id, exists } => {
                self.child_looked_up(parent, workflow_id, exists);
            }
            Message::Pruned(result) => self.pruned(result),
            Message::Shutdown(reply) => self.stopping = Some(reply),
            Message::Wake => {}
        }
    }

    fn now_ms(&self) -> i64 {
        self.clock.now().as_millisecond()
    }

    fn is_killed(&self) -> bool {
        self.shared.killed.load(Ordering::Acquire)
    }

    /// Once the engine is to stop: whether all that was appended is durable.
    fn has_stopped(&mut self) -> bool {
        if self.stopping.is_none() || self.batches_in_flight > 0 {
            return false;
        }
        self.journal.close();
        if let Some(reply) = self.stopping.take() {
            // Whoever asked may have gone.
            let _ = reply.send(());
        }
        true
    }

    /// Puts the runs in line whose time has come, as far as they can be read.
    fn wake_due_runs(&mut self) {
        let now_ms = self.now_ms();
        self.prune_if_due(now_ms);
        while let Some(&(due_ms, key)) = self.due.first()
            && due_ms <= now_ms
        {
            if !self.runs.contains(&key) && !self.load(key) {
                break;
            }
            self.due.remove(&(due_ms, key));
            if let Some(run) = self.runs.get_mut(&key) {
                run.listed_ms = None;
                self.enqueue(key);
            }
        }
    }

    fn next_deadline(&self) -> Option<Instant> {
        let due = self.due.first().map(|(due_ms, _)| *due_ms).filter(|_| self.may_load());
        let retry = self.outage.as_ref().map(|outage| outage.retry_at_ms).filter(|_| !self.line.is_empty());
        let next = [due, retry, self.next_prune_ms].into_iter().flatten().min()?;
        Some(self.clock.instant_at(timestamp(next)))
    }

    /// Puts a run in line for a step.
    fn enqueue(&mut self, key: RunKey) {
        if let Some(run) = self.runs.get_mut(&key)
            && !std::mem::replace(&mut run.is_in_line, true)
        {
            self.line.push_back(key);
        }
    }

    /// Hands an input to a resident run; one that has left memory needs it no more.
    fn push(&mut self, key: RunKey, input: Input) {
        if let Some(run) = self.runs.get_mut(&key) {
            run.inputs.push_back(input);
            self.enqueue(key);
        }
    }

    /// Brings the list of due runs up to date with a run.
    fn relist(&mut self, key: RunKey) {
        let Some(run) = self.runs.peek_mut(&key) else { return };
        let due_ms = run.due_ms(&self.catalogue);
        if run.listed_ms != due_ms {
            self.due.extend(due_ms.map(|due_ms| (due_ms, key)));
            let before = std::mem::replace(&mut run.listed_ms, due_ms);
            self.unlist(key, before);
        }
    }

    fn unlist(&mut self, key: RunKey, listed_ms: Option<i64>) {
        if let Some(listed_ms) = listed_ms {
            self.due.remove(&(listed_ms, key));
        }
    }

    /// Takes a run out of memory that is over or was never started. Its attempts are dropped with it.
    fn remove(&mut self, key: RunKey) -> Option<Box<Run>> {
        let run = self.drop_from_memory(key)?;
        self.unlist(key, run.listed_ms);
        Some(run)
    }

    fn drop_from_memory(&mut self, key: RunKey) -> Option<Box<Run>> {
        let run = self.runs.pop(&key)?;
        let id = &run.start.workflow_id;
        if self.by_id.get(id) == Some(&key) {
            self.by_id.remove(id);
        }
        // What is being read of it may be older than what it was when it left.
        if let Some(lookup) = self.lookups.get_mut(id) {
            lookup.is_stale = true;
        }
        if let Some(is_stale) = self.loading.get_mut(&key) {
            *is_stale = true;
        }
        Some(run)
    }

    /// Makes room: the runs that were used longest ago leave, if they are idle.
    fn evict(&mut self) {
        let mut excess = self.runs.len().saturating_sub(self.shared.options.resident_runs);
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

    fn await_end(&mut self, workflow_id: Arc<str>, reply: oneshot::Sender<Outcome>) {
        let waiting = self.waiting_for_end.entry(workflow_id).or_default();
        waiting.retain(|waiting| !waiting.is_closed());
        waiting.push(reply);
    }

    fn attempts_of(&mut self, workflow_id: &str) -> Vec<RunningAttempt> {
        let run = self.by_id.get(workflow_id).and_then(|key| self.runs.peek(key));
        run.map(|run| run.attempts().collect()).unwrap_or_default()
    }

    /// The runs whose attempts have sent heartbeats since this was last asked.
    fn take_fresh_heartbeats(&self) -> BTreeSet<RunKey> {
        let mut fresh = self.fresh_heartbeats.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *fresh).into_iter().collect()
    }
}
