//! What reaches a run, and what its clients are answered.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::engine::embedded::event::ActivityId;
use crate::engine::embedded::record::AttemptEnd;
use crate::workflow::{ClientError, Json, Reception, Started};

/// An input that has reached a run and has not been applied.
pub(crate) enum Input {
    Start {
        input: Json,
        seed: u64,
        reply: Option<oneshot::Sender<Result<Started, ClientError>>>,
    },
    /// Another start with the same id.
    StartAgain(oneshot::Sender<Result<Started, ClientError>>),
    Signal {
        name: String,
        payload: Json,
        reply: oneshot::Sender<Result<Reception, ClientError>>,
    },
    Cancel {
        reason: String,
        reply: oneshot::Sender<Result<(), ClientError>>,
    },
    AttemptEnded {
        id: ActivityId,
        attempt: u32,
        serial: u64,
        end: AttemptResult,
    },
    NotRegistered(ActivityId),
    ChildLookedUp {
        workflow_id: Arc<str>,
        exists: bool,
    },
}

/// An attempt's output with its last heartbeat, or its failure.
pub(crate) type AttemptResult = Result<(Json, Option<Json>), AttemptEnd>;

/// An answer that is sent once its content is durable.
pub(crate) enum Answer {
    Start(oneshot::Sender<Result<Started, ClientError>>, Result<Started, ClientError>),
    Signal(oneshot::Sender<Result<Reception, ClientError>>, Result<Reception, ClientError>),
    Cancel(oneshot::Sender<Result<(), ClientError>>),
}

// A client that no longer waits needs no answer, so failed sends are ignored here.
impl Answer {
    pub(crate) fn give(self) {
        match self {
            Self::Start(reply, result) => drop(reply.send(result)),
            Self::Signal(reply, result) => drop(reply.send(result)),
            Self::Cancel(reply) => drop(reply.send(Ok(()))),
        }
    }

    pub(crate) fn refuse(self, error: ClientError) {
        match self {
            Self::Start(reply, _) => drop(reply.send(Err(error))),
            Self::Signal(reply, _) => drop(reply.send(Err(error))),
            Self::Cancel(reply) => drop(reply.send(Err(error))),
        }
    }
}

impl Input {
    /// Answers a client's message with an error; returns any other input.
    pub(crate) fn refuse(self, error: ClientError) -> Option<Self> {
        match self {
            Self::Start { reply: Some(reply), .. } | Self::StartAgain(reply) => drop(reply.send(Err(error))),
            Self::Signal { reply, .. } => drop(reply.send(Err(error))),
            Self::Cancel { reply, .. } => drop(reply.send(Err(error))),
            internal => return Some(internal),
        }
        None
    }
}
