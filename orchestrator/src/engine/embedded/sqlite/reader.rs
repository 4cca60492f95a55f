use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use rusqlite::{Connection, OpenFlags};

use super::closed;
use crate::engine::embedded::journal::{JournalError, Reply};

type Job = Box<dyn FnOnce(&Connection) + Send>;

/// A thread that reads, with its own connection.
pub(super) struct Reader(Mutex<Option<(Sender<Job>, JoinHandle<()>)>>);

/// A connection that can only read.
pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

impl Reader {
    pub(super) fn start(name: &str, connection: Connection) -> std::io::Result<Self> {
        let (jobs, queue) = channel::<Job>();
        let thread = Builder::new().name(name.to_owned()).spawn(move || {
            for job in queue {
                job(&connection);
            }
        })?;
        Ok(Self(Mutex::new(Some((jobs, thread)))))
    }

    /// Answers `reply` with what `query` reads.
    pub(super) fn read<T: 'static>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, JournalError> + Send + 'static,
        reply: Reply<T>,
    ) {
        let thread = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*thread {
            // The queue outlives its sender, so this cannot fail.
            Some((jobs, _)) => drop(jobs.send(Box::new(move |connection| reply(query(connection))))),
            None => {
                drop(thread);
                reply(Err(closed()));
            }
        }
    }

    /// Ends the thread when it has answered what is queued.
    pub(super) fn close(&self) {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((jobs, thread)) = open {
            drop(jobs);
            // A reader that panicked has nothing left to end.
            drop(thread.join());
        }
    }
}
