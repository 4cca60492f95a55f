//! The entries of a run's journal.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::workflow::{ActivityError, Certainty, ChildError, Json};

/// `{NAME}:{n-th call of it in the run}`.
pub type ActivityId = Arc<str>;

/// One entry of a run's journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// When it was journaled, in epoch milliseconds.
    pub at_ms: i64,
    /// What happened.
    pub event: Event,
    /// The commands that the workflow issued in response.
    pub commands: Vec<Recorded>,
}

/// Everything that can happen to a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Event {
    /// The first event of every run.
    Started {
        /// The workflow's input.
        input: Json,
        /// The seed of the run's random numbers.
        seed: u64,
    },
    /// An activity returned a value.
    ActivityCompleted {
        /// Which activity.
        id: ActivityId,
        /// The number of the attempt that returned it.
        attempt: u32,
        /// The value.
        output: Json,
        /// The attempt's last heartbeat.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        heartbeat: Option<Json>,
    },
    /// An activity failed for good.
    ActivityFailed {
        /// Which activity.
        id: ActivityId,
        /// Why.
        error: ActivityError,
    },
    /// An attempt failed, and another follows. The workflow does not see it.
    AttemptFailed(FailedAttempt),
    /// A timer was due.
    TimerFired {
        /// Its number.
        timer: u32,
    },
    /// A child was started, or could not be.
    ChildStarted {
        /// The child's id.
        workflow_id: Arc<str>,
        /// Why it could not be started, if so.
        result: Result<(), ChildError>,
    },
    /// The workflow accepted a signal.
    SignalAccepted {
        /// Its name.
        name: String,
        /// Its payload.
        payload: Json,
    },
    /// The engine was asked to cancel the run.
    CancelRequested {
        /// Why.
        reason: String,
    },
}

/// The record of a failed attempt that is followed by another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FailedAttempt {
    /// Which activity.
    pub id: ActivityId,
    /// From 1.
    pub attempt: u32,
    /// What is known about its effect.
    pub certainty: Certainty,
    /// Its failure's kind.
    pub kind: String,
    /// Its failure's message.
    pub message: String,
    /// Its last heartbeat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat: Option<Json>,
    /// An earlier execution of the same attempt that a crash cut off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interrupted: Option<Interrupted>,
    /// When the next attempt is due, in epoch milliseconds.
    pub next_try_ms: i64,
    /// The earliest instant at which the other side accepts a retry, in epoch milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at_ms: Option<i64>,
}

/// An attempt that a crash cut off: it is unknown how far it came.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Interrupted {
    /// Its last heartbeat, if that was stored before the crash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat: Option<Json>,
}

/// A command as the journal keeps it: its fingerprint, and when a timer is due.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Recorded {
    /// An activity was scheduled.
    Activity(ActivityId),
    /// An activity was cancelled.
    CancelActivity(ActivityId),
    /// A timer was started.
    Timer {
        /// Its number.
        timer: u32,
        /// When it is due, in epoch milliseconds. Not part of the fingerprint.
        due_ms: i64,
    },
    /// A timer was cancelled.
    CancelTimer(u32),
    /// A child was to be started.
    Child(Arc<str>),
    /// Search attributes were set.
    SearchAttributes,
    /// The code knows this patch. Not part of the fingerprint.
    Patch(String),
    /// The workflow returned an output.
    Complete,
    /// The workflow failed.
    Fail,
}

impl Recorded {
    /// Whether replay accepts `self` for `other`: the same kind of command, with the same id.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Timer { timer, .. }, Self::Timer { timer: of, .. }) => timer == of,
            (mine, theirs) => mine == theirs,
        }
    }
}

impl fmt::Display for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Activity(id) => write!(f, "schedule activity {id}"),
            Self::CancelActivity(id) => write!(f, "cancel activity {id}"),
            Self::Timer { timer, due_ms } => write!(f, "start timer {timer} until {}", timestamp(*due_ms)),
            Self::CancelTimer(timer) => write!(f, "cancel timer {timer}"),
            Self::Child(id) => write!(f, "start child {id}"),
            Self::SearchAttributes => f.write_str("set search attributes"),
            Self::Patch(id) => write!(f, "mark patch {id}"),
            Self::Complete => f.write_str("complete"),
            Self::Fail => f.write_str("fail"),
        }
    }
}

/// `epoch_ms` as the port shows instants; the nearest valid one for numbers out of range.
pub(super) fn timestamp(epoch_ms: i64) -> Timestamp {
    let nearest = if epoch_ms < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_millisecond(epoch_ms).unwrap_or(nearest)
}
