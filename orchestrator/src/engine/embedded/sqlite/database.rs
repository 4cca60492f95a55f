//! The file as its writer sees it: transactions and checkpoints. One writer at a time.

use rusqlite::{Connection, ErrorCode, params};

use super::directory::Directory;
use super::item::Item;
use super::place::Place;
use super::rows::{integer, number};
use super::schema::Columns;
use crate::engine::embedded::journal::{AppendError, RunKey, Takeover};

/// How many pages the write-ahead log may have before it is copied into the file, without waiting
/// for readers; and before they are waited for, so that it can start again from its beginning.
const CHECKPOINT_PAGES: i64 = 4_000;
const RESTART_PAGES: i64 = 16_000;

/// About how many pages are written before the log's length is checked again.
const LOOK_EVERY: usize = 400;

/// An item, or why it cannot be written at all.
pub(super) type Encoded = Result<Item, AppendError>;

/// The connection that writes. The directory stays locked as long as it lives.
pub(super) struct Database {
    connection: Connection,
    /// About how many pages were written since the log's length was last checked.
    unlooked: usize,
    place: Place,
    // After the connection: fields are dropped in this order.
    _directory: Directory,
}

impl Database {
    pub(super) fn new(connection: Connection, directory: Directory) -> Self {
        Self { connection, unlooked: 0, place: Place::of(directory.journal()), _directory: directory }
    }

    pub(super) fn take_over(&mut self, columns: &Columns) -> rusqlite::Result<Takeover> {
        let transaction = self.connection.transaction()?;
        columns.ensure(&transaction)?;
        transaction.execute("UPDATE owner SET epoch = epoch + 1", [])?;
        let epoch = owner_epoch(&transaction)?;
        let latest_ms = latest(&transaction)?;
        let next_key = transaction
            .query_row("SELECT coalesce(max(key), 0) + 1 FROM runs", [], |row| row.get(0).map(number))?;
        let due = transaction
            .prepare(
                "SELECT due, key FROM runs INDEXED BY open_runs WHERE closed_at IS NULL AND due IS NOT NULL",
            )?
            .query_map([], |row| Ok((row.get(0)?, RunKey(number(row.get(1)?)))))?
            .collect::<Result<_, _>>()?;
        transaction.commit()?;
        Ok(Takeover { epoch, next_key, latest_ms, due })
    }

    /// Makes items durable, with one sync. Nearly always every item can be written. Only if one cannot,
    /// everything is rolled back, and each gets its own savepoint, which costs as much as writing it.
    pub(super) fn write(&mut self, items: &[&Encoded]) -> Vec<Result<(), AppendError>> {
        self.unlooked += items.iter().filter_map(|item| Some(item.as_ref().ok()?.pages())).sum::<usize>();
        let written = self.place.require().and_then(|()| {
            Ok(match self.write_together(items)? {
                true => items.iter().map(|_| Ok(())).collect(),
                false => self.write_apart(items)?,
            })
        });
        written
            .unwrap_or_else(|error| items.iter().map(|_| Err(AppendError::Journal(error.clone()))).collect())
    }

    /// Writes all items; false, and nothing is written, if one of them cannot be.
    fn write_together(&self, items: &[&Encoded]) -> rusqlite::Result<bool> {
        let write = || {
            let owner = owner_epoch(&self.connection)?;
            for item in items {
                if self.write_item(item, owner)?.is_err() {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        self.in_transaction(write, |all| *all)
    }

    /// Writes those items that can be written.
    fn write_apart(&self, items: &[&Encoded]) -> rusqlite::Result<Vec<Result<(), AppendError>>> {
        let write = || {
            let owner = owner_epoch(&self.connection)?;
            let mut results = Vec::with_capacity(items.len());
            for item in items {
                self.execute("SAVEPOINT item")?;
                let result = self.write_item(item, owner)?;
                if result.is_err() {
                    self.execute("ROLLBACK TO item")?;
                }
                self.execute("RELEASE item")?;
                results.push(result);
            }
            Ok(results)
        };
        self.in_transaction(write, |_| true)
    }

    /// Commits what `write` wrote if that `is_to_stay`, and rolls it back otherwise. The statements are
    /// prepared once, unlike those of rusqlite's transactions.
    fn in_transaction<T>(
        &self,
        write: impl FnOnce() -> rusqlite::Result<T>,
        is_to_stay: impl FnOnce(&T) -> bool,
    ) -> rusqlite::Result<T> {
        self.execute("BEGIN")?;
        let mut written = write();
        if written.as_ref().is_ok_and(is_to_stay)
            && let Err(error) = self.execute("COMMIT")
        {
            written = Err(error);
        }
        // After some errors SQLite has rolled back already.
        if !self.connection.is_autocommit() {
            self.execute("ROLLBACK")?;
        }
        written
    }

    /// Only the `owner` may write. A refused item may be written in part. The outer error is one with
    /// which no item can be written.
    fn write_item(&self, item: &Encoded, owner: u64) -> rusqlite::Result<Result<(), AppendError>> {
        let item = match item {
            Ok(item) if item.owner_epoch == owner => item,
            Ok(_) => return Ok(Err(AppendError::Fenced)),
            Err(refusal) => return Ok(Err(refusal.clone())),
        };
        match item.write(&self.connection) {
            Err(error) if is_about_the_item(&error) => Ok(Err(AppendError::Refused(error.to_string()))),
            result => result,
        }
    }

    pub(super) fn prune(&mut self, closed_before_ms: i64, limit: usize) -> rusqlite::Result<usize> {
        let transaction = self.connection.transaction()?;
        let keys: Vec<i64> = transaction
            .prepare_cached(
                "SELECT key FROM runs WHERE closed_at IS NOT NULL AND needs_attention = 0 AND closed_at < ?1 LIMIT ?2",
            )?
            .query_map(params![closed_before_ms, integer(limit as u64)], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        if !keys.is_empty() {
            transaction.execute("UPDATE owner SET latest = ?1", [latest(&transaction)?])?;
        }
        for key in &keys {
            transaction.prepare_cached("DELETE FROM entries WHERE run = ?1")?.execute([key])?;
            transaction.prepare_cached("DELETE FROM runs WHERE key = ?1")?.execute([key])?;
        }
        transaction.commit()?;
        // Nobody knows how many entries they had.
        self.unlooked += keys.len() * LOOK_EVERY;
        Ok(keys.len())
    }

    /// Beyond `pages` the file does not grow.
    pub(super) fn limit_pages(&self, pages: u32) {
        if let Err(error) = self.connection.pragma_update(None, "max_page_count", pages) {
            tracing::warn!("the journal's size cannot be limited: {error}");
        }
    }

    /// Whether so much was written that [`Self::shorten_long_log`] should check the write-ahead log again.
    /// A check takes as long as writing an item.
    pub(super) fn may_have_long_log(&self) -> bool {
        self.unlooked >= LOOK_EVERY
    }

    /// Copies the log into the file when it is long; when it is very long, after the readers have released
    /// it.
    pub(super) fn shorten_long_log(&mut self) {
        if !self.may_have_long_log() {
            return;
        }
        self.unlooked = 0;
        let mode = match self.log_pages() {
            ..CHECKPOINT_PAGES => return,
            CHECKPOINT_PAGES..RESTART_PAGES => "PASSIVE",
            RESTART_PAGES.. => "RESTART",
        };
        if let Err(error) = self.checkpoint(mode) {
            tracing::warn!("the write-ahead log cannot be copied into the journal: {error}");
        }
    }

    /// Copies the whole log into the file. The next start then finds one file; it would do with the log as well.
    pub(super) fn empty_log(&self) {
        drop(self.checkpoint("TRUNCATE"));
    }

    fn log_pages(&self) -> i64 {
        self.checkpoint("NOOP").unwrap_or(0)
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

/// The owner of the journal according to the file: another process may have taken it over where locks
/// do not work, such as on some network file systems.
fn owner_epoch(connection: &Connection) -> rusqlite::Result<u64> {
    connection.prepare_cached("SELECT epoch FROM owner")?.query_row([], |row| row.get(0).map(number))
}

/// The instant of the last entry that was written, even if that was pruned. Storing it with every
/// append would mean writing one more page each time.
fn latest(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row(
        "SELECT max(latest, coalesce((SELECT at FROM entries ORDER BY rowid DESC LIMIT 1), 0)) FROM owner",
        [],
        |row| row.get(0),
    )
}

/// Whether another item may still be written when this one could not.
fn is_about_the_item(error: &rusqlite::Error) -> bool {
    let codes = [ErrorCode::ConstraintViolation, ErrorCode::TypeMismatch, ErrorCode::TooBig];
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => codes.contains(&failure.code),
        _ => true,
    }
}
