//! The thread that writes: a batch is all that is queued, and one sync makes it durable.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use rusqlite::{Connection, ErrorCode, params};

use super::directory::Directory;
use super::rows::{integer, number};
use super::schema::Columns;
use super::{closed, rows};
use crate::engine::embedded::journal::{
    Append, AppendError, JournalError, OnDurable, Reply, RunKey, Takeover,
};

/// The most items of one transaction.
const MAX_ITEMS: usize = 4096;

/// How many pages the write-ahead log may have before it is copied into the file, without waiting
/// for readers; and before readers are waited for, so that it can start again from its beginning.
const CHECKPOINT_PAGES: i64 = 4_000;
const RESTART_PAGES: i64 = 16_000;

/// What the thread is asked to do.
pub(super) enum Job {
    TakeOver { columns: Arc<Columns>, reply: SyncSender<Result<Takeover, JournalError>> },
    Append { batch: Vec<Append>, on_durable: OnDurable },
    Prune { closed_before_ms: i64, limit: usize, reply: Reply<usize> },
    LimitPages(u32),
}

/// A handle on the thread.
pub(super) struct Writer(Mutex<Option<(Sender<Job>, JoinHandle<()>)>>);

impl Writer {
    /// The directory stays locked as long as the thread lives.
    pub(super) fn start(connection: Connection, directory: Directory) -> std::io::Result<Self> {
        let (jobs, queue) = channel();
        let thread = Builder::new().name("journal-writer".to_owned()).spawn(move || {
            WriterThread { connection, columns: Arc::default(), epoch: 0 }.run(&queue);
            drop(directory);
        })?;
        Ok(Self(Mutex::new(Some((jobs, thread)))))
    }

    pub(super) fn send(&self, job: Job) {
        let thread = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*thread {
            // The queue outlives its sender, so this cannot fail.
            Some((jobs, _)) => drop(jobs.send(job)),
            None => {
                drop(thread);
                job.refuse();
            }
        }
    }

    /// Ends the thread when it has written what is queued.
    pub(super) fn close(&self) {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((jobs, thread)) = open {
            drop(jobs);
            // A writer that panicked has nothing left to end.
            drop(thread.join());
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
            Self::LimitPages(_) => {}
        }
    }
}

struct WriterThread {
    connection: Connection,
    columns: Arc<Columns>,
    epoch: u64,
}

/// The batches of one transaction, with those who wait for them.
#[derive(Default)]
struct Group {
    batches: Vec<(Vec<Append>, OnDurable)>,
    items: usize,
}

impl WriterThread {
    fn run(mut self, queue: &Receiver<Job>) {
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
                }
            }
            self.write(&mut group);
        }
        // The next start then finds one file. It would do with the log as well.
        drop(self.checkpoint("TRUNCATE"));
    }

    fn attend(&mut self, job: Job) {
        match job {
            Job::TakeOver { columns, reply } => drop(reply.send(self.take_over(columns).map_err(Into::into))),
            Job::Prune { closed_before_ms, limit, reply } => {
                reply(self.prune(closed_before_ms, limit).map_err(Into::into));
            }
            Job::LimitPages(pages) => {
                if let Err(error) = self.connection.pragma_update(None, "max_page_count", pages) {
                    tracing::warn!("the journal's size cannot be limited: {error}");
                }
            }
            Job::Append { .. } => {}
        }
    }

    fn take_over(&mut self, columns: Arc<Columns>) -> rusqlite::Result<Takeover> {
        let transaction = self.connection.transaction()?;
        columns.ensure(&transaction)?;
        transaction.execute("UPDATE owner SET epoch = epoch + 1", [])?;
        let (epoch, latest_ms) = transaction
            .query_row("SELECT epoch, latest FROM owner", [], |row| Ok((number(row.get(0)?), row.get(1)?)))?;
        let next_key = transaction
            .query_row("SELECT coalesce(max(key), 0) + 1 FROM runs", [], |row| row.get(0).map(number))?;
        let due = transaction
            .prepare(
                "SELECT due, key FROM runs INDEXED BY open_runs WHERE closed_at IS NULL AND due IS NOT NULL",
            )?
            .query_map([], |row| Ok((row.get(0)?, RunKey(number(row.get(1)?)))))?
            .collect::<Result<_, _>>()?;
        transaction.commit()?;
        (self.epoch, self.columns) = (epoch, columns);
        Ok(Takeover { epoch, next_key, latest_ms, due })
    }

    fn write(&mut self, group: &mut Group) {
        let Group { batches, items } = std::mem::take(group);
        if items == 0 {
            return;
        }
        let written = self.transact(&batches);
        let mut results = written.unwrap_or_else(|error| {
            let error = JournalError::from(error);
            (0..items).map(|_| Err(AppendError::Journal(error.clone()))).collect()
        });
        for (batch, on_durable) in batches {
            let later = results.split_off(batch.len());
            on_durable(std::mem::replace(&mut results, later));
        }
        self.checkpoint_if_long();
    }

    /// Nearly always every item can be written. Only when one cannot, all is taken back, and each
    /// gets a savepoint of its own, which costs as much as writing it.
    fn transact(
        &self,
        batches: &[(Vec<Append>, OnDurable)],
    ) -> rusqlite::Result<Vec<Result<(), AppendError>>> {
        let items: Vec<&Append> = batches.iter().flat_map(|(batch, _)| batch).collect();
        match self.write_together(&items)? {
            true => Ok(items.iter().map(|_| Ok(())).collect()),
            false => self.write_apart(&items),
        }
    }

    /// Writes all items; false, and nothing is written, when one of them cannot be.
    fn write_together(&self, items: &[&Append]) -> rusqlite::Result<bool> {
        let transaction = self.connection.unchecked_transaction()?;
        for item in items {
            if self.write_item(item)?.is_err() {
                return Ok(false);
            }
        }
        self.see(items.iter().copied())?;
        transaction.commit()?;
        Ok(true)
    }

    /// Writes those items that can be written.
    fn write_apart(&self, items: &[&Append]) -> rusqlite::Result<Vec<Result<(), AppendError>>> {
        let transaction = self.connection.unchecked_transaction()?;
        let mut results = Vec::with_capacity(items.len());
        for item in items {
            self.execute("SAVEPOINT item")?;
            let result = self.write_item(item)?;
            if result.is_err() {
                self.execute("ROLLBACK TO item")?;
            }
            self.execute("RELEASE item")?;
            results.push(result);
        }
        let written = items.iter().zip(&results).filter(|(_, result)| result.is_ok());
        self.see(written.map(|(item, _)| *item))?;
        transaction.commit()?;
        Ok(results)
    }

    /// An item that is refused may be written in part. The outer error is one that no item can be
    /// written with.
    fn write_item(&self, item: &Append) -> rusqlite::Result<Result<(), AppendError>> {
        if item.owner_epoch != self.epoch {
            return Ok(Err(AppendError::Fenced));
        }
        match rows::write(&self.connection, &self.columns, item) {
            Err(error) if is_about_the_item(&error) => Ok(Err(AppendError::Refused(error.to_string()))),
            result => result,
        }
    }

    /// Notes the latest instant that these items tell.
    fn see<'a>(&self, items: impl Iterator<Item = &'a Append>) -> rusqlite::Result<()> {
        if let Some(latest_ms) = items.filter_map(|item| Some(item.entries.last()?.at_ms)).max() {
            let mut see = self.connection.prepare_cached("UPDATE owner SET latest = max(latest, ?1)")?;
            see.execute([latest_ms])?;
        }
        Ok(())
    }

    fn prune(&mut self, closed_before_ms: i64, limit: usize) -> rusqlite::Result<usize> {
        let transaction = self.connection.transaction()?;
        let keys: Vec<i64> = transaction
            .prepare_cached(
                "SELECT key FROM runs WHERE closed_at IS NOT NULL AND needs_attention = 0 AND closed_at < ?1 LIMIT ?2",
            )?
            .query_map(params![closed_before_ms, integer(limit as u64)], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for key in &keys {
            transaction.prepare_cached("DELETE FROM entries WHERE run = ?1")?.execute([key])?;
            transaction.prepare_cached("DELETE FROM runs WHERE key = ?1")?.execute([key])?;
        }
        transaction.commit()?;
        Ok(keys.len())
    }

    fn checkpoint_if_long(&self) {
        let pages = self.checkpoint("NOOP").unwrap_or(0);
        let done = if pages >= RESTART_PAGES {
            self.checkpoint("RESTART")
        } else if pages >= CHECKPOINT_PAGES {
            self.checkpoint("PASSIVE")
        } else {
            return;
        };
        if let Err(error) = done {
            tracing::warn!("the write-ahead log cannot be copied into the journal: {error}");
        }
    }

    /// How many pages the log has.
    fn checkpoint(&self, mode: &str) -> rusqlite::Result<i64> {
        let mut statement = self.connection.prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))?;
        statement.query_row([], |row| row.get(1))
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(|_| ())
    }
}

/// Whether another item may still be written when this one could not.
fn is_about_the_item(error: &rusqlite::Error) -> bool {
    let codes = [ErrorCode::ConstraintViolation, ErrorCode::TypeMismatch, ErrorCode::TooBig];
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => codes.contains(&failure.code),
        _ => true,
    }
}
