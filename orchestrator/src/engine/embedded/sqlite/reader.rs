use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use rusqlite::{Connection, OpenFlags};

use super::closed;
use crate::engine::embedded::journal::{JournalError, Reply};
use crate::workflow::guard::guarded;

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

    /// Answers `reply` with what `query` reads. Every reply is answered: a run whose journal was asked for
    /// waits for it.
    pub(super) fn read<T: 'static>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, JournalError> + Send + 'static,
        reply: Reply<T>,
    ) {
        let thread = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*thread {
            // The thread outlives its queue, since no query ends it.
            Some((jobs, _)) => drop(jobs.send(Box::new(move |connection| {
                let read = guarded(|| query(connection));
                reply(read.unwrap_or_else(|panicked| Err(JournalError(panicked))));
            }))),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_that_panics_is_answered_and_does_not_end_the_reader() {
        let reader = Reader::start("test", Connection::open_in_memory().unwrap()).unwrap();
        let (tell, told) = channel();
        for result in [None, Some(7)] {
            let tell = tell.clone();
            let query = move |_: &Connection| Ok(result.expect("as planted"));
            reader.read(query, Box::new(move |read| tell.send(read).unwrap()));
        }
        assert_eq!(told.recv().unwrap().unwrap_err().to_string(), "panicked: as planted");
        assert_eq!(told.recv().unwrap().unwrap(), 7);
        reader.close();
    }
}
