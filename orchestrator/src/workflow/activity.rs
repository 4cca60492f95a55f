//! Activities: their contract, which workflows know, and their implementation, which workers know.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{AttemptFailure, BoxFuture, Json, Payload};

/// The contract of an activity: a name and two types. A zero-sized marker implements it.
pub trait ActivityDef: 'static {
    /// The name in journals, ids and Temporal's UI; changing it breaks running workflows.
    const NAME: &'static str;
    /// What it is called with.
    type Input: Payload;
    /// What it returns.
    type Output: Payload;
}

/// The implementation of an activity over services `S`, which are gateway ports.
pub trait Activity<S>: ActivityDef {
    /// One attempt. It MUST be idempotent under [`ActivityCtx::idempotency_key`] (or under a key of
    /// its input), since engines run it again after a failure, a time-out or a crash. It may be
    /// dropped at any await.
    ///
    /// # Errors
    /// An [`AttemptFailure`] that says what is known of the effect.
    fn execute(
        services: Arc<S>,
        ctx: ActivityCtx,
        input: Self::Input,
    ) -> impl Future<Output = Result<Self::Output, AttemptFailure>> + Send;
}

/// Where an engine takes activities from, so that their list is written once for every engine.
pub trait ActivityRegistrar<S: Send + Sync + 'static> {
    /// Makes `A` callable by its name, with these options.
    fn add<A: Activity<S>>(&mut self, options: ActivityOptions);
}

/// How an engine runs an activity. The process's own: not journaled, never compared in replay.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivityOptions {
    /// One attempt's limit, from the start of its execution.
    pub start_to_close: Duration,
    /// All attempts' limit, from the scheduling.
    pub schedule_to_close: Option<Duration>,
    /// The longest silence between two heartbeats of an attempt.
    pub heartbeat: Option<Duration>,
    /// When to try again.
    pub retry: RetryPolicy,
    /// What cancelling its scope does to it.
    pub on_cancel: OnCancel,
    /// Whether it is an undo: undos run in a pool of their own, so that forward work cannot starve them.
    pub compensation: bool,
    /// How many attempts of this activity one process runs at once.
    pub concurrency: usize,
}

/// What a cancelled scope does to an activity in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnCancel {
    /// The attempt in flight goes on to its own end, which is the activity's; no other is started.
    FinishAttempt,
    /// The attempt is dropped at once, and the activity fails as cancelled.
    AbandonAttempt,
}

/// When a failed attempt is followed by another. What was rejected never is.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryPolicy {
    /// The wait before the second attempt.
    pub initial: Duration,
    /// What each further wait is multiplied by.
    pub backoff: f64,
    /// The longest wait.
    pub max_interval: Duration,
    /// How many attempts in all; `None` is without limit.
    pub max_attempts: Option<u32>,
    /// Kinds that are not tried again; they name what also is [`Certainty::Rejected`](super::Certainty).
    pub non_retryable: &'static [&'static str],
}

impl RetryPolicy {
    /// The wait after `attempt` attempts (from 1) failed.
    pub fn wait_after(&self, attempt: u32) -> Duration {
        let exponent = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
        let factor = self.backoff.powi(exponent);
        let wait = self.initial.as_secs_f64() * factor;
        if wait.is_finite() && wait < self.max_interval.as_secs_f64() {
            Duration::from_secs_f64(wait)
        } else {
            self.max_interval
        }
    }

    /// Whether another attempt may follow `attempt` attempts.
    pub fn allows_after(&self, attempt: u32) -> bool {
        self.max_attempts.is_none_or(|most| attempt < most)
    }
}

/// Who an attempt is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityInfo {
    /// The run that called it.
    pub workflow_id: String,
    /// See [`WorkflowInfo::run_id`](super::WorkflowInfo).
    pub run_id: String,
    /// `{NAME}:{n-th call of it in the run}`.
    pub activity_id: String,
    /// From 1. An attempt that a crash cut off runs again under its number.
    pub attempt: u32,
}

/// What an engine offers a running attempt. Object-safe, so that activities are not generic over it.
pub trait ActivityHost: Send + Sync {
    /// Who this attempt is.
    fn info(&self) -> &ActivityInfo;
    /// Tells the engine that the attempt lives, with details that it shows and keeps.
    fn heartbeat(&self, details: Json);
    /// The details of the last heartbeat of an earlier attempt, if any is known.
    fn last_heartbeat(&self) -> Option<Json>;
    /// Waits until the activity is asked to stop.
    fn cancelled(&self) -> BoxFuture<'_, ()>;
}

/// What an attempt knows of itself. Cheap to clone.
#[derive(Clone)]
pub struct ActivityCtx(Arc<dyn ActivityHost>);

impl ActivityCtx {
    /// A context over an engine's host.
    pub fn new(host: Arc<dyn ActivityHost>) -> Self {
        Self(host)
    }

    /// Who this attempt is.
    pub fn info(&self) -> &ActivityInfo {
        self.0.info()
    }

    /// From 1.
    pub fn attempt(&self) -> u32 {
        self.info().attempt
    }

    /// `{workflowId}/{runId}/{activityId}`: the same for all attempts, before and after a crash.
    pub fn idempotency_key(&self) -> String {
        let info = self.info();
        format!("{}/{}/{}", info.workflow_id, info.run_id, info.activity_id)
    }

    /// Tells the engine that the attempt lives. Details that are not JSON are sent as `null`.
    pub fn heartbeat<T: Serialize>(&self, details: &T) {
        self.0.heartbeat(Json::of(details).unwrap_or_else(|_| Json::null()));
    }

    /// The details of the last heartbeat of an earlier attempt, if any is known and fits `T`.
    pub fn last_heartbeat<T: DeserializeOwned>(&self) -> Option<T> {
        self.0.last_heartbeat().and_then(|details| details.parse().ok())
    }

    /// Waits until the activity is asked to stop.
    pub async fn cancelled(&self) {
        self.0.cancelled().await;
    }
}

impl fmt::Debug for ActivityCtx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ActivityCtx").field(self.info()).finish()
    }
}
