//! Where the ledgers to judge come from.

mod collected;
mod files;
mod live;
mod notes;

use std::path::PathBuf;

use super::{Evicted, Ledgers};
use live::Live;

pub use notes::{read_decisions, read_restarts};

/// Where ledgers are read from.
#[derive(Debug)]
pub enum Source {
    /// Running backends.
    Live(Live),
    /// Saved ledgers.
    Files(Vec<PathBuf>),
}

/// What was read.
#[derive(Debug)]
pub struct Reading {
    /// The ledgers of the domains that are served, or were saved.
    pub ledgers: Ledgers,
    /// What had left them before, and so cannot be judged.
    pub evicted: Evicted,
    /// The factor for simulated durations; 1 if unknown.
    pub time_scale: f64,
}

/// Why no ledger could be read: one sentence, with what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not a usable URL.
    #[error("`{url}` is not a URL such as http://localhost:3001: {reason}")]
    BadUrl {
        /// The given text.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No backends answer.
    #[error("no backends answer at {url} ({reason})")]
    Unreachable {
        /// The URL.
        url: String,
        /// Why there is no answer.
        reason: String,
    },
    /// Some other service answers.
    #[error("{url} does not answer like the ledger of a chaos backend ({reason})")]
    NotALedger {
        /// The URL of the request.
        url: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// A file cannot be read, or does not contain what it should.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Source {
    /// The backends at `url`.
    ///
    /// # Errors
    /// When it is not an http URL.
    pub fn at(url: &str) -> Result<Self, Error> {
        Live::new(url).map(Self::Live)
    }

    /// Reads the current state of all ledgers.
    ///
    /// # Errors
    /// When one of them cannot be read in full.
    pub async fn read(&self) -> Result<Reading, Error> {
        match self {
            Self::Live(live) => live.read().await,
            Self::Files(paths) => {
                let (ledgers, evicted) = files::read(paths)?;
                Ok(Reading { ledgers, evicted, time_scale: 1.0 })
            }
        }
    }
}
