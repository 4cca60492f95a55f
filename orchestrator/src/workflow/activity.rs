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
    /// Its input.
    type Input: Payload;
    /// Its output.
    type Output: Payload;
}

/// The implementation of an activity over services `S`, which are gateway ports.
pub trait Activity<S>: ActivityDef {
    /// One attempt. It MUST be idempotent under [`ActivityCtx::idempotency_key`] (or under a key of
    /// its input), since engines run it again after a failure, a timeout or a crash. It may be
    /// dropped at any await.
    ///
    /// # Errors
    /// An [`AttemptFailure`] that says what is known about the effect.
    fn execute(
        services: Arc<S>,
        ctx: ActivityCtx,
        input: Self::Input,
    ) -> impl Future<Output = Result<Self::Output, AttemptFailure>> + Send;
}

/// Receives the activities of an engine, so that their list is written once for all engines.
pub trait ActivityRegistrar<S: Send + Sync + 'static> {
    /// Makes `A` callable by its name, with these options.
    fn add<A: Activity<S>>(&mut self, options: ActivityOptions);
}

/// How an engine runs an activity. Local to the process: not journaled, never compared in replay.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivityOptions {
    /// The timeout of one attempt, from the start of its execution.
    pub start_to_close: Duration,
    /// The timeout of all attempts, from the scheduling.
    pub schedule_to_close: Option<Duration>,
    /// The longest silence between two heartbeats of an attempt.
    pub heartbeat: Option<Duration>,
    /// When to retry.
    pub retry: RetryPolicy,
    /// The effect of cancelling its scope.
    pub on_cancel: OnCancel,
    /// Whether it is an undo: undos run in their own pool, so that forward work cannot starve them.
    pub compensation: bool,
    /// How many attempts of this activity one process runs at once.
    pub concurrency: usize,
}

/// What a cancelled scope does to an activity in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnCancel {
    /// The attempt in flight runs to its end, which is the activity's end; no other is started.
    FinishAttempt,
    /// The attempt is dropped at once, and the activity fails as cancelled.
    AbandonAttempt,
}

/// When a failed attempt is followed by another. A rejected one never is.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryPolicy {
    /// The wait before the second attempt.
    pub initial: Duration,
    /// The factor for each further wait.
    pub backoff: f64,
    /// The longest wait.
    pub max_interval: Duration,
    /// The most attempts in all; `None` means no limit.
    pub max_attempts: Option<u32>,
    /// Kinds that are not retried; all of them are also [`Certainty::Rejected`](super::Certainty).
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

/// Identifies an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityInfo {
    /// The run that called it.
    pub workflow_id: Arc<str>,
    /// See [`WorkflowInfo::run_id`](super::WorkflowInfo).
    pub run_id: Arc<str>,
    /// `{NAME}:{n-th call of it in the run}`.
    pub activity_id: Arc<str>,
    /// From 1. An attempt that a crash cut off runs again under the same number.
    pub attempt: u32,
}

/// What an engine offers a running attempt. Object-safe, so that activities are not generic over it.
pub trait ActivityHost: Send + Sync {
    /// The identity of this attempt.
    fn info(&self) -> &ActivityInfo;
    /// Tells the engine that the attempt is alive, with details that it shows and keeps.
    fn heartbeat(&self, details: Json);
    /// The details of the last heartbeat of an earlier attempt, if any is known.
    fn last_heartbeat(&self) -> Option<Json>;
    /// Waits until the activity is asked to stop.
    fn cancelled(&self) -> BoxFuture<'_, ()>;
}

/// What an attempt knows about itself. Cheap to clone.
#[derive(Clone)]
pub struct ActivityCtx(Arc<dyn ActivityHost>);

impl ActivityCtx {
    /// A context over an engine's host.
    pub fn new(host: Arc<dyn ActivityHost>) -> Self {
        Self(host)
    }

    /// The identity of this attempt.
    pub fn info(&self) -> &ActivityInfo {
        self.0.info()
    }

    /// From 1.
    pub fn attempt(&self) -> u32 {
        self.info().attempt
    }

    /// `{workflowId}/{runId}/{activityId}`: the same for all attempts, before and after a crash. A workflow
    /// that may be reset on a Temporal cluster chooses its keys itself, by
    /// [`WorkflowInfo::key_of`](super::WorkflowInfo::key_of).
    pub fn idempotency_key(&self) -> String {
        let info = self.info();
        format!("{}/{}/{}", info.workflow_id, info.run_id, info.activity_id)
    }

    /// Tells the engine that the attempt is alive. Details that are not JSON are sent as `null`.
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
