//! The writers: a thread, which writes everything queued as one batch; or, while that is idle, the
//! thread that appends a single item.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SendError, Sender, SyncSender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

use super::closed;
use super::database::{Database, Encoded};
use super::schema::Columns;
use crate::engine::embedded::journal::{AppendError, JournalError, OnDurable, Reply, Takeover};

/// The most items of one transaction.
const MAX_ITEMS: usize = 4096;

/// A job of the thread.
pub(super) enum Job {
    TakeOver { columns: Arc<Columns>, reply: SyncSender<Result<Takeover, JournalError>> },
    Append { batch: Vec<Encoded>, on_durable: OnDurable },
    LookAtLog,
    Prune { closed_before_ms: i64, limit: usize, reply: Reply<usize> },
    LimitPages(u32),
}

/// A handle on the thread; `None` once it is closed.
pub(super) struct Writer(Mutex<Option<Open>>);

struct Open {
    jobs: Sender<Job>,
    thread: JoinHandle<()>,
    shared: Arc<Shared>,
}

/// What the thread shares with other writers.
struct Shared {
    database: Mutex<Database>,
    /// How many jobs the thread has not finished.
    unfinished: AtomicUsize,
}

impl Shared {
    fn database(&self) -> MutexGuard<'_, Database> {
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_idle(&self) -> bool {
        self.unfinished.load(Ordering::Acquire) == 0
    }
}

impl Writer {
    pub(super) fn start(database: Database) -> std::io::Result<Self> {
        let (jobs, queue) = channel();
        let shared = Arc::new(Shared { database: Mutex::new(database), unfinished: AtomicUsize::new(0) });
        let thread = WriterThread { shared: Arc::clone(&shared) };
        let thread = Builder::new().name("journal-writer".to_owned()).spawn(move || thread.run(&queue))?;
        Ok(Self(Mutex::new(Some(Open { jobs, thread, shared }))))
    }

    /// Makes `batch` durable, then reports it: before it returns, if it could be written here.
    pub(super) fn append(&self, batch: Vec<Encoded>, on_durable: OnDurable) {
        match self.write_here(&batch) {
            Some(results) => on_durable(results),
            None => self.send(Job::Append { batch, on_durable }),
        }
    }

    /// Writes `batch` if it is one item and nothing else is being written: waking the thread and being
    /// woken by it takes half as long as a sync. Closing the journal meanwhile waits for it.
    fn write_here(&self, batch: &[Encoded]) -> Option<Vec<Result<(), AppendError>>> {
        let open = self.open();
        let (open, [item]) = (open.as_ref()?, batch) else { return None };
        if !open.shared.is_idle() {
            return None;
        }
        let mut database = open.shared.database();
        let results = database.write(&[item]);
        if database.may_have_long_log() {
            open.send(Job::LookAtLog);
        }
        Some(results)
    }

    pub(super) fn send(&self, job: Job) {
        let open = self.open();
        match &*open {
            Some(open) => open.send(job),
            None => {
                drop(open);
                job.refuse();
            }
        }
    }

    /// Ends the thread when it has written what is queued.
    pub(super) fn close(&self) {
        let open = self.open().take();
        if let Some(Open { jobs, thread, .. }) = open {
            drop(jobs);
            // A writer that panicked has nothing left to end.
            drop(thread.join());
        }
    }

    fn open(&self) -> MutexGuard<'_, Option<Open>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn send(&self, job: Job) {
        self.shared.unfinished.fetch_add(1, Ordering::AcqRel);
        // Only a writer that panicked does not receive it.
        if let Err(SendError(job)) = self.jobs.send(job) {
            job.refuse();
        }
    }
}

impl Job {
    fn refuse(self) {
        match self {
            Self::TakeOver { reply, .. } => drop(reply.send(Err(closed()))),
            Self::Append { batch, on_durable } => {
                on_durable(batch.iter().map(|_| Err(AppendError::Journal(closed()))).collect());
            }
            Self::Prune { reply, .. } => reply(Err(closed())),
            Self::LookAtLog | Self::LimitPages(_) => {}
        }
    }
}

struct WriterThread {
    shared: Arc<Shared>,
}

/// The batches of one transaction, with their callbacks.
#[derive(Default)]
struct Group {
    batches: Vec<(Vec<Encoded>, OnDurable)>,
    items: usize,
}

impl WriterThread {
    fn run(self, queue: &Receiver<Job>) {
        let mut group = Group::default();
        while let Ok(job) = queue.recv() {
            let mut next = Some(job);
            while let Some(job) = next.take() {
                if let Job::Append { batch, on_durable } = job {
                    group.items += batch.len();
                    group.batches.push((batch, on_durable));
                    next = if group.items < MAX_ITEMS { queue.try_recv().ok() } else { None };
                } else {
                    // What was queued before it is written before it.
                    self.write(&mut group);
                    self.attend(job);
                    self.finish(1);
                }
            }
            self.write(&mut group);
        }
        self.shared.database().empty_log();
    }

    fn write(&self, group: &mut Group) {
        let Group { batches, .. } = std::mem::take(group);
        if batches.is_empty() {
            return;
        }
        let jobs = batches.len();
        let items: Vec<_> = batches.iter().flat_map(|(batch, _)| batch).collect();
        let mut results = self.shared.database().write(&items);
        for (batch, on_durable) in batches {
            let later = results.split_off(batch.len());
            on_durable(std::mem::replace(&mut results, later));
        }
        self.finish(jobs);
    }

    fn attend(&self, job: Job) {
        let mut database = self.shared.database();
        match job {
            Job::TakeOver { columns, reply } => {
                drop(reply.send(database.take_over(&columns).map_err(Into::into)));
            }
            Job::Prune { closed_before_ms, limit, reply } => {
                let pruned = database.prune(closed_before_ms, limit);
                drop(database);
                reply(pruned.map_err(Into::into));
            }
            Job::LimitPages(pages) => database.limit_pages(pages),
            // Appends form groups, and the log is checked after every job.
            Job::Append { .. } | Job::LookAtLog => {}
        }
    }

    /// Only now may others write, so that the next append is not answered before these jobs.
    fn finish(&self, jobs: usize) {
        self.shared.database().shorten_long_log();
        self.shared.unfinished.fetch_sub(jobs, Ordering::AcqRel);
    }
}
