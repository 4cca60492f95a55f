//! The inbound side: all that the HTTP API and the command line know about an engine.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{BoxFuture, Filter, Json, Reception, SearchAttribute, WorkflowFailure};

/// Starts, queries and signals runs, by name and JSON. Object-safe: one `Arc<dyn WorkflowClient>`
/// serves every handler, whichever engine is behind it.
///
/// # Durability
/// A method that answers `Ok` MUST have made durable what it answers: a start or signal that was
/// acknowledged survives a crash of the process, and a read never shows what a crash could undo.
pub trait WorkflowClient: Send + Sync {
    /// Starts a run. Ids are never reused: a second start of an id, also of one that has ended, is
    /// [`ClientError::AlreadyStarted`], as long as the run is kept.
    fn start(&self, start: Start) -> BoxFuture<'_, Result<Started, ClientError>>;

    /// Sends a signal, also to a run that is not waiting for it yet.
    ///
    /// A repeat of an accepted signal is `Duplicate` as long as the run is kept, ended or not; a signal
    /// that an ended run had not accepted is `TooLate` with the workflow's own reason.
    fn signal<'a>(
        &'a self,
        workflow_id: &'a str,
        name: &'a str,
        payload: Json,
    ) -> BoxFuture<'a, Result<Reception, ClientError>>;

    /// Queries a run, open or ended.
    fn query<'a>(
        &'a self,
        workflow_id: &'a str,
        name: &'a str,
        argument: Json,
    ) -> BoxFuture<'a, Result<Json, ClientError>>;

    /// What is known about a run and its activities.
    fn describe<'a>(&'a self, workflow_id: &'a str) -> BoxFuture<'a, Result<RunDescription, ClientError>>;

    /// The engine's own cancel: cancels the run's root scope. The workflow decides what follows.
    fn cancel<'a>(&'a self, workflow_id: &'a str, reason: &'a str) -> BoxFuture<'a, Result<(), ClientError>>;

    /// Waits for a run to end, for at most `timeout`; `None` if it has not ended by then.
    fn result<'a>(
        &'a self,
        workflow_id: &'a str,
        timeout: Duration,
    ) -> BoxFuture<'a, Result<Option<Closed>, ClientError>>;

    /// Runs that match a filter, newest first.
    fn list<'a>(&'a self, filter: &'a Filter) -> BoxFuture<'a, Result<Page, ClientError>>;

    /// A run's journal from event `after` (0 is the beginning), at most `limit` events.
    fn history<'a>(
        &'a self,
        workflow_id: &'a str,
        after: u64,
        limit: usize,
    ) -> BoxFuture<'a, Result<HistoryPage, ClientError>>;

    /// Whether the engine can accept work now; if not, the reason.
    fn health(&self) -> BoxFuture<'_, Result<(), String>>;
}

/// What to start.
#[derive(Clone, Debug)]
pub struct Start {
    /// The [`NAME`](super::WorkflowDef::NAME) of the workflow.
    pub workflow: &'static str,
    /// The id of the run, chosen by the client.
    pub workflow_id: String,
    /// The workflow's input.
    pub input: Json,
}

/// A run that was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// The id that the engine gave the run.
    pub run_id: String,
}

/// Why an engine refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// A run of this id exists.
    #[error("the workflow has already been started")]
    AlreadyStarted {
        /// The existing run's id.
        run_id: String,
    },
    /// No run of this id exists.
    #[error("no such workflow")]
    NotFound,
    /// The workflow does not know the message, or its payload does not fit.
    #[error("{0}")]
    Invalid(String),
    /// The run has accepted the maximum number of signals.
    #[error("the workflow has already accepted {limit} signals, the maximum")]
    TooManySignals {
        /// The maximum.
        limit: usize,
    },
    /// The run's journal does not fit its code; a fixed binary resumes it.
    #[error("the workflow is quarantined: {0}")]
    Quarantined(String),
    /// The engine cannot do it now; the sentence says why.
    #[error("{reason}")]
    Unavailable {
        /// Why.
        reason: String,
        /// When to retry.
        retry_after: Duration,
    },
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Closed {
    /// With an output.
    Completed(Json),
    /// Without one.
    Failed(WorkflowFailure),
}

/// A run as [`WorkflowClient::describe`] shows it.
#[derive(Clone, Debug)]
pub struct RunDescription {
    /// Its entry in [`WorkflowClient::list`].
    pub summary: RunSummary,
    /// Its input.
    pub input: Json,
    /// Why its replay failed, if it did.
    pub quarantine: Option<String>,
    /// Its activities, in the order they were scheduled.
    pub activities: Vec<ActivityView>,
}

/// A run as [`WorkflowClient::list`] shows it.
#[derive(Clone, Debug)]
pub struct RunSummary {
    /// The id that its client chose.
    pub workflow_id: String,
    /// The id that the engine gave it.
    pub run_id: String,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it ended, if it has.
    pub closed_at: Option<Timestamp>,
    /// Whether it needs a person's attention.
    pub needs_attention: bool,
    /// Its search attributes, by name.
    pub search_attributes: Vec<SearchAttribute>,
}

/// One activity of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActivityView {
    /// `{NAME}:{n}`.
    pub activity_id: String,
    /// The activity's name.
    pub name: String,
    /// Its status.
    pub state: ActivityState,
    /// How many attempts were started.
    pub attempts: u32,
    /// When the workflow scheduled it.
    pub scheduled_at: Timestamp,
    /// When it ended, if it has.
    pub ended_at: Option<Timestamp>,
    /// When its next attempt is due, while it waits for one.
    pub next_attempt_at: Option<Timestamp>,
    /// `kind: message` of the last failed attempt.
    pub last_failure: Option<String>,
    /// The details of the last heartbeat.
    pub last_heartbeat: Option<Json>,
}

/// The status of an activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivityState {
    /// An attempt runs, or waits for a free slot.
    Running,
    /// Waiting for its next attempt.
    BackingOff,
    /// It returned a value.
    Completed,
    /// It failed for good.
    Failed,
}

/// A page of [`WorkflowClient::list`].
#[derive(Clone, Debug)]
pub struct Page {
    /// The runs, newest first.
    pub runs: Vec<RunSummary>,
    /// The cursor of the next page; `None` after the last.
    pub next_cursor: Option<String>,
}

/// A page of [`WorkflowClient::history`].
#[derive(Clone, Debug)]
pub struct HistoryPage {
    /// The events, oldest first.
    pub events: Vec<HistoryEvent>,
    /// What to pass as `after` for the next page; `None` after the last.
    pub next: Option<u64>,
}

/// One entry of a run's journal.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEvent {
    /// From 1.
    pub id: u64,
    /// When it was journaled.
    pub at: Timestamp,
    /// What happened, such as `activity_completed`.
    pub event: String,
    /// What the event carries.
    pub details: Json,
    /// The commands that the workflow issued in response.
    pub commands: Vec<String>,
}
