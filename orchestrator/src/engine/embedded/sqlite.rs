//! A journal in one SQLite file: the default.
//!
//! One thread writes, and makes everything that is queued durable with one sync (group commit); a
//! single item that finds it idle is written on the appending thread. Two threads with their own
//! connections read, so that the write-ahead log can be emptied.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use self::database::Database;
use self::directory::Directory;
use self::item::Item;
use self::reader::Reader;
use self::schema::Columns;
use self::writer::{Job, Writer};
use super::event::Entry;
use super::journal::{
    Append, Journal, JournalError, OnDurable, Reply, Row, RunRef, Selection, StoredRun, Takeover,
};
use crate::workflow::SearchKind;

mod database;
mod directory;
mod item;
mod place;
mod reader;
mod rows;
mod schema;
mod selection;
mod writer;

/// The journal of one process, in one directory. It is locked until it is closed.
pub struct SqliteJournal {
    path: PathBuf,
    writer: Writer,
    /// Reads single runs, which steps wait for.
    runs: Reader,
    /// Reads lists and histories, which may take longer.
    lists: Reader,
    columns: Mutex<Arc<Columns>>,
}

/// Why a journal cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory cannot be made or written.
    #[error("DATA_DIR `{}` cannot be written", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// Another process has it open.
    #[error("DATA_DIR `{}` is in use by another process", path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// A newer version of this program made it.
    #[error(
        "the journal `{}` has format {found}, and this version knows formats up to {known}: it was made by a newer version",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format that this version knows.
        known: i64,
    },
    /// The file is another program's.
    #[error("`{}` is another program's database", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The system gives no thread for it.
    #[error("no thread can be started for the journal")]
    Thread(#[source] std::io::Error),
    /// SQLite cannot open it.
    #[error("the journal `{}` cannot be opened", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// SQLite's error.
        source: rusqlite::Error,
    },
}

impl SqliteJournal {
    /// Opens the journal in `directory`, and creates both if missing.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(directory: &Path) -> Result<Self, OpenError> {
        let directory = Directory::lock(directory)?;
        let path = directory.journal();
        let sqlite = |source| OpenError::Sqlite { path: path.clone(), source };
        let connection = Connection::open(&path).map_err(sqlite)?;
        schema::prepare(&connection, &path)?;
        let read_only = || reader::connect(&path).map_err(sqlite);
        let thread = OpenError::Thread;
        Ok(Self {
            runs: Reader::start("journal-runs", read_only()?).map_err(thread)?,
            lists: Reader::start("journal-lists", read_only()?).map_err(thread)?,
            writer: Writer::start(Database::new(connection, directory)).map_err(thread)?,
            columns: Mutex::default(),
            path: path.clone(),
        })
    }

    /// Bounds the file: beyond `pages` of 4 kB nothing is written, as on a full disk.
    pub fn limit_pages(&self, pages: u32) {
        self.writer.send(Job::LimitPages(pages));
    }

    fn columns(&self) -> Arc<Columns> {
        Arc::clone(&self.columns.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Journal for SqliteJournal {
    fn take_over(&self, attributes: &BTreeMap<&'static str, SearchKind>) -> Result<Takeover, JournalError> {
        let columns = Arc::new(Columns::new(attributes));
        let (reply, taken) = std::sync::mpsc::sync_channel(1);
        self.writer.send(Job::TakeOver { columns: Arc::clone(&columns), reply });
        let takeover = taken.recv().unwrap_or_else(|_| Err(closed()))?;
        *self.columns.lock().unwrap_or_else(PoisonError::into_inner) = columns;
        Ok(takeover)
    }

    fn append(&self, batch: Vec<Append>, on_durable: OnDurable) {
        let columns = self.columns();
        let batch = batch.iter().map(|append| Item::of(append, &columns)).collect();
        self.writer.append(batch, on_durable);
    }

    fn load(&self, run: RunRef, reply: Reply<Option<StoredRun>>) {
        let columns = self.columns();
        self.runs.read(move |connection| rows::load(connection, &columns, &run), reply);
    }

    fn row(&self, workflow_id: &str, reply: Reply<Option<Row>>) {
        let (columns, run) = (self.columns(), RunRef::Id(workflow_id.into()));
        self.runs.read(move |connection| rows::row(connection, &columns, &run), reply);
    }

    fn entries(&self, workflow_id: &str, from: u64, limit: usize, reply: Reply<Option<Vec<Entry>>>) {
        let id = workflow_id.to_owned();
        self.lists.read(move |connection| rows::entries_of(connection, &id, from, limit), reply);
    }

    fn list(&self, selection: Selection, reply: Reply<Vec<Row>>) {
        let columns = self.columns();
        self.lists.read(move |connection| selection::list(connection, &columns, &selection), reply);
    }

    fn prune(&self, closed_before_ms: i64, limit: usize, reply: Reply<usize>) {
        self.writer.send(Job::Prune { closed_before_ms, limit, reply });
    }

    fn close(&self) {
        self.runs.close();
        self.lists.close();
        self.writer.close();
    }
}

impl fmt::Debug for SqliteJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteJournal").field("path", &self.path).finish_non_exhaustive()
    }
}

fn closed() -> JournalError {
    JournalError("the journal is closed".to_owned())
}

impl From<rusqlite::Error> for JournalError {
    fn from(error: rusqlite::Error) -> Self {
        Self(error.to_string())
    }
}
