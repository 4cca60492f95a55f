use std::sync::Arc;

use tokio::sync::oneshot;

use crate::engine::embedded::event::ActivityId;
use crate::engine::embedded::journal::{AppendError, JournalError, Outcome, RunKey, RunRef, StoredRun};
use crate::engine::embedded::run::AttemptResult;
use crate::workflow::{ClientError, Json, Reception, Start, Started};

/// A message to the engine's task.
pub(crate) enum Message {
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
    /// Say at once whether the run is in memory, and so has not ended; and later, that it has ended.
    AwaitEnd {
        workflow_id: Arc<str>,
        is_resident: oneshot::Sender<bool>,
        end: oneshot::Sender<Outcome>,
    },
    /// Describe the attempts in flight.
    Attempts {
        workflow_id: Arc<str>,
        reply: oneshot::Sender<Vec<RunningAttempt>>,
    },
    AttemptEnded {
        run: RunKey,
        id: ActivityId,
        attempt: u32,
        serial: u64,
        end: AttemptResult,
    },
    Durable {
        sent: Vec<Option<RunKey>>,
        results: Vec<Result<(), AppendError>>,
    },
    Loaded {
        run: RunRef,
        stored: Box<Result<Option<StoredRun>, JournalError>>,
    },
    ChildLookedUp {
        parent: RunKey,
        workflow_id: Arc<str>,
        exists: Result<bool, JournalError>,
    },
    Pruned(Result<usize, JournalError>),
    Shutdown(oneshot::Sender<()>),
    /// Check whether the engine was killed.
    Wake,
}

/// An attempt in flight, for those who describe its run.
#[derive(Clone, Debug)]
pub(crate) struct RunningAttempt {
    pub(crate) activity_id: ActivityId,
    pub(crate) attempt: u32,
    pub(crate) heartbeat: Option<Json>,
}
