//! The engine in this process: durable in one journal, with no server to install.
//!
//! A run is a *machine* (`machine`): an event goes in, it polls the workflow once and gives the
//! commands that answer the event. Around the machines is a *driver* (`driver`), one task on one
//! thread: it steps the runs that have pending inputs, appends what they did to a *journal*, and
//! executes their commands only when those are durable. The same code runs in production, on its own
//! thread over SQLite, and in simulations, as a task in virtual time over memory.
//!
//! ```text
//!   clients, timers, attempts -> driver -> machine.apply(event) -> commands
//!                                  |                                  |
//!                                  `--- journal.append(entries) <-----'
//!                                                 |
//!                                   durable: answer, start attempts
//! ```

mod attempt;
mod client;
mod command;
mod context;
mod describe;
mod driver;
mod event;
mod journal;
mod machine;
mod memory;
mod open;
mod operations;
mod options;
mod record;
mod recorded_run;
mod registry;
mod run;
mod scope;
mod shared;
mod sqlite;

pub use client::{Engine, StartError};
pub use event::{ActivityId, Entry, Event, FailedAttempt, Interrupted, Recorded};
pub use journal::{
    Append, AppendError, Ending, Heartbeat, Heartbeats, Journal, JournalError, OnDurable, Outcome, Reply,
    Row, RowUpdate, RunKey, RunRef, RunStart, Selection, StoredRun, Takeover,
};
pub use memory::MemoryJournal;
pub use options::EngineOptions;
pub use recorded_run::RecordedRun;
pub use registry::Registry;
pub use sqlite::{OpenError, SqliteJournal};
