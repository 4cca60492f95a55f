//! How attempts, activities, children and workflows fail.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Json;

/// The failure kinds that engines themselves produce. All others are an activity's own.
pub mod kind {
    /// An attempt ran longer than start-to-close.
    pub const ATTEMPT_TIMEOUT: &str = "attempt_timeout";
    /// An attempt did not send a heartbeat in time.
    pub const HEARTBEAT_TIMEOUT: &str = "heartbeat_timeout";
    /// The activity's schedule-to-close ran out.
    pub const ACTIVITY_TIMEOUT: &str = "activity_timeout";
    /// The activity's scope was cancelled.
    pub const CANCELLED: &str = "cancelled";
    /// The process ended while the attempt ran.
    pub const INTERRUPTED: &str = "interrupted";
    /// The attempt panicked.
    pub const PANIC: &str = "panic";
    /// An input or output does not have the expected type.
    pub const CODEC: &str = "codec";
    /// No activity with that name is registered.
    pub const NOT_REGISTERED: &str = "not_registered";
}

/// What is known about the effect of a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// It did not happen and will not: never retried.
    Rejected,
    /// It did not happen; a retry may succeed.
    Unavailable,
    /// It may have happened: only a repeat under the same key can tell.
    Unknown,
}

/// Why one attempt of an activity failed, as reported by the activity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptFailure {
    /// What is known about the effect.
    pub certainty: Certainty,
    /// A stable name to match on, such as `insufficient_funds`.
    pub kind: String,
    /// A sentence for humans.
    pub message: String,
    /// How long the other side asked to wait before a retry, from this failure.
    pub retry_after: Option<Duration>,
}

impl AttemptFailure {
    /// It did not happen and will not.
    pub fn rejected(kind: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Certainty::Rejected, kind, message)
    }

    /// It did not happen; a retry may succeed.
    pub fn unavailable(kind: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Certainty::Unavailable, kind, message)
    }

    /// It may have happened.
    pub fn unknown(kind: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Certainty::Unknown, kind, message)
    }

    /// The same failure, with the wait that the other side asked for.
    #[must_use]
    pub fn retry_after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }

    fn new(certainty: Certainty, kind: impl Into<String>, message: impl Into<String>) -> Self {
        Self { certainty, kind: kind.into(), message: message.into(), retry_after: None }
    }
}

/// Why an activity did not return a value, as its workflow sees it: after all its attempts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActivityError {
    /// What is known about the last attempt's effect.
    pub certainty: Certainty,
    /// The last attempt's kind, or one of [`kind`].
    pub kind: String,
    /// The last attempt's message.
    pub message: String,
    /// Unknown is sticky: true after any attempt that may have happened, unless the last answer
    /// under the activity's key was a rejection. An attempt cut off by a crash counts as Unknown.
    pub may_have_happened: bool,
    /// How many attempts were started.
    pub attempts: u32,
    /// The earliest instant at which the other side accepts a retry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
    /// The last heartbeat of the newest attempt that may have happened. `None` if that attempt sent none,
    /// or if a crash may have lost it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat: Option<Json>,
    /// The last heartbeat of any attempt, unless it is [`heartbeat`](Self::heartbeat).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_heartbeat: Option<Json>,
}

impl ActivityError {
    /// The last heartbeat of any attempt: how far the activity came.
    pub fn progress(&self) -> Option<&Json> {
        self.last_heartbeat.as_ref().or(self.heartbeat.as_ref())
    }

    /// Whether the activity ended because its scope was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.kind == kind::CANCELLED
    }

    /// An engine's error for an activity of which no attempt was started.
    pub(crate) fn not_started(kind: &str, message: String) -> Self {
        Self {
            certainty: Certainty::Unavailable,
            kind: kind.to_owned(),
            message,
            may_have_happened: false,
            attempts: 0,
            retry_at: None,
            heartbeat: None,
            last_heartbeat: None,
        }
    }

    /// An engine's error for an activity that happened, but whose output cannot be read.
    pub(crate) fn unreadable(error: &dyn std::error::Error) -> Self {
        Self {
            certainty: Certainty::Unknown,
            may_have_happened: true,
            attempts: 1,
            ..Self::not_started(kind::CODEC, error.to_string())
        }
    }
}

impl fmt::Display for ActivityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)
    }
}

impl std::error::Error for ActivityError {}

/// The scope that an operation ran in was cancelled.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("cancelled: {reason}")]
pub struct Cancelled {
    /// The reason that the canceller gave.
    pub reason: String,
}

/// Why a child workflow was not started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum ChildError {
    /// A run with that id exists, open or closed: ids are never reused.
    #[error("a workflow with this id already exists")]
    AlreadyExists,
    /// No workflow with that name is registered, or its input does not fit.
    #[error("{0}")]
    Refused(String),
}

/// How a workflow ends when it does not return an output.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{kind}: {message}")]
pub struct WorkflowFailure {
    /// A stable name to match on; [`kind::CANCELLED`] when the run ended because it was cancelled.
    pub kind: String,
    /// A sentence for humans.
    pub message: String,
}

impl From<Cancelled> for WorkflowFailure {
    fn from(cancelled: Cancelled) -> Self {
        Self { kind: kind::CANCELLED.to_owned(), message: cancelled.reason }
    }
}
