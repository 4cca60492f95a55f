//! Who writes: a thread, for which a batch is all that is queued; or, when that has nothing to do,
//! whoever appends a single item.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

use super::closed;
use super::database::{Database, Encoded};
use super::schema::Columns;
use crate::engine::embedded::journal::{AppendError, JournalError, OnDurable, Reply, Takeover};

/// The most items of one transaction.
const MAX_ITEMS: usize = 4096;

/// What the thread is asked to do.
pub(super) enum Job {
    TakeOver { columns: Arc<Columns>, reply: SyncSender<Result<Takeover, JournalError>> },
    Append { batch: Vec<Encoded>, on_durable: OnDurable },
    ShortenLog,
    Prune { closed_before_ms: i64, limit: usize, reply: Reply<usize> },
    LimitPages(u32),
}

/// A handle on the thread; `None` once it is closed.
pub(super) struct Writer(Mutex<Option<Open>>);

struct Open {
    jobs: Sender<Job>,
    thread: JoinHandle<()>,
    desk: Arc<Desk>,
}

/// What the thread shares with those who write themselves.
struct Desk {
    database: Mutex<Database>,
    /// How many jobs the thread has not finished.
    unfinished: AtomicUsize,
}

impl Desk {
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
        let desk = Arc::new(Desk { database: Mutex::new(database), unfinished: AtomicUsize::new(0) });
        let thread = WriterThread { desk: Arc::clone(&desk) };
        let thread = Builder::new().name("journal-writer".to_owned()).spawn(move || thread.run(&queue))?;
        Ok(Self(Mutex::new(Some(Open { jobs, thread, desk }))))
    }

    /// Writes `batch` before it returns if it is one item and nothing else is being written: to wake
    /// the thread and to be woken by it takes half as long as a sync. Everything else is queued.
    pub(super) fn append(&self, batch: Vec<Encoded>, on_durable: OnDurable) {
        let idle = self.open().as_ref().map(|open| Arc::clone(&open.desk)).filter(|desk| desk.is_idle());
        if let ([item], Some(desk)) = (&batch[..], idle) {
            let results = desk.database().write(&[item]);
            on_durable(results);
            if desk.database().log_is_long() {
                self.send(Job::ShortenLog);
            }
        } else {
            self.send(Job::Append { batch, on_durable });
        }
    }

    pub(super) fn send(&self, job: Job) {
        let open = self.open();
        match &*open {
            Some(Open { jobs, desk, .. }) => {
                desk.unfinished.fetch_add(1, Ordering::AcqRel);
                // The queue outlives its sender, so this cannot fail.
                drop(jobs.send(job));
            }
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

impl Job {
    fn refuse(self) {
        match self {
            Self::TakeOver { reply, .. } => drop(reply.send(Err(closed()))),
            Self::Append { batch, on_durable } => {
                on_durable(batch.iter().map(|_| Err(AppendError::Journal(closed()))).collect());
            }
            Self::Prune { reply, .. } => reply(Err(closed())),
            Self::ShortenLog | Self::LimitPages(_) => {}
        }
    }
}

struct WriterThread {
    desk: Arc<Desk>,
}

/// The batches of one transaction, with those who wait for them.
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
        self.desk.database().empty_log();
    }

    fn write(&self, group: &mut Group) {
        let Group { batches, items } = std::mem::take(group);
        if items == 0 {
            return;
        }
        let jobs = batches.len();
        let items: Vec<_> = batches.iter().flat_map(|(batch, _)| batch).collect();
        let mut results = self.desk.database().write(&items);
        for (batch, on_durable) in batches {
            let later = results.split_off(batch.len());
            on_durable(std::mem::replace(&mut results, later));
        }
        let mut database = self.desk.database();
        if database.log_is_long() {
            database.shorten_log();
        }
        drop(database);
        self.finish(jobs);
    }

    fn attend(&self, job: Job) {
        let mut database = self.desk.database();
        match job {
            Job::TakeOver { columns, reply } => {
                drop(reply.send(database.take_over(&columns).map_err(Into::into)));
            }
            Job::Prune { closed_before_ms, limit, reply } => {
                let pruned = database.prune(closed_before_ms, limit);
                drop(database);
                reply(pruned.map_err(Into::into));
            }
            Job::ShortenLog => database.shorten_log(),
            Job::LimitPages(pages) => database.limit_pages(pages),
            // Those make groups.
            Job::Append { .. } => {}
        }
    }

    /// Only now, so that what is appended next is not answered before what these jobs wrote.
    fn finish(&self, jobs: usize) {
        self.desk.unfinished.fetch_sub(jobs, Ordering::AcqRel);
    }
}
