//! The client through which the rest of the process uses a cluster.

use std::fmt;
use std::time::Duration;

use shared::time::Clock;
use temporalio_client::errors::{
    WorkflowGetResultError, WorkflowInteractionError, WorkflowQueryError, WorkflowStartError,
    WorkflowUpdateError,
};
use temporalio_client::{
    Client, WorkflowCancelOptions, WorkflowExecuteUpdateOptions, WorkflowGetResultOptions, WorkflowHandle,
    WorkflowIdConflictPolicy, WorkflowIdReusePolicy, WorkflowQueryOptions, WorkflowStartOptions,
};
use temporalio_common::error::IncomingError;
use tokio::time::timeout;

use super::answer::{CALL_TIMEOUT, read, refused, unavailable, within};
use super::names::{Message, Workflow};
use super::payload::{Wire, first_of};
use super::reception::{Answer, RECEPTION, Told};
use super::registry::{Catalogue, Registry};
use crate::workflow::{
    BoxFuture, ClientError, Closed, Filter, HistoryPage, Json, Page, Reception, RunDescription, Start,
    Started, WorkflowClient, WorkflowFailure, kind,
};

/// The kind of an end that neither the run nor its client chose.
const TERMINATED: &str = "terminated";

/// A client of the runs on one task queue. Cheap to clone.
#[derive(Clone)]
pub struct TemporalClient {
    pub(super) client: Client,
    pub(super) task_queue: String,
    pub(super) catalogue: Catalogue,
    pub(super) clock: Clock,
}

type Handle = WorkflowHandle<Client, Workflow>;

impl TemporalClient {
    pub(super) fn new<S: Send + Sync + 'static>(
        client: Client,
        task_queue: String,
        registry: &Registry<S>,
    ) -> Self {
        Self { client, task_queue, catalogue: registry.catalogue(), clock: registry.clock() }
    }

    pub(super) fn handle(&self, workflow_id: &str) -> Handle {
        self.client.get_workflow_handle(workflow_id)
    }

    async fn begin(&self, start: Start) -> Result<Started, ClientError> {
        let options = WorkflowStartOptions::new(self.task_queue.clone(), start.workflow_id)
            .id_reuse_policy(WorkflowIdReusePolicy::RejectDuplicate)
            .id_conflict_policy(WorkflowIdConflictPolicy::Fail)
            .build();
        let started = self.client.start_workflow(Workflow(start.workflow), Wire(start.input), options);
        match within(CALL_TIMEOUT, started).await? {
            Ok(handle) => Ok(Started { run_id: handle.run_id().unwrap_or_default().to_owned() }),
            Err(WorkflowStartError::AlreadyStarted { run_id, .. }) => {
                Err(ClientError::AlreadyStarted { run_id: run_id.unwrap_or_default() })
            }
            Err(WorkflowStartError::PayloadConversion(error)) => Err(ClientError::Invalid(error.to_string())),
            Err(WorkflowStartError::Rpc(status)) => Err(refused(&status)),
            Err(error) => Err(unavailable(error.to_string())),
        }
    }

    /// Sends a signal as an update, which answers.
    async fn tell(&self, workflow_id: &str, name: &str, payload: Json) -> Result<Reception, ClientError> {
        let handle = self.handle(workflow_id);
        let options = WorkflowExecuteUpdateOptions::default();
        let answer = handle.execute_update(Message(name.to_owned()), Wire(payload.clone()), options);
        match within(CALL_TIMEOUT, answer).await? {
            Ok(Wire(answer)) => Answer::read(&answer.parse::<String>().unwrap_or_default()).into_result(),
            Err(WorkflowUpdateError::Failed(refusal)) => Answer::read(&refusal.message).into_result(),
            Err(WorkflowUpdateError::NotFound(_)) => self.tell_ended(&handle, name, payload).await,
            Err(WorkflowUpdateError::Rpc(status)) => Err(refused(&status)),
            Err(error) => Err(unavailable(error.to_string())),
        }
    }

    /// A run that has ended accepts no updates, but can still be queried for its answer.
    async fn tell_ended(&self, handle: &Handle, name: &str, payload: Json) -> Result<Reception, ClientError> {
        let told = Told { signal: name.to_owned(), payload };
        let told = Json::of(&told).map_err(|error| ClientError::Invalid(error.to_string()))?;
        let answer: String = read(&self.ask(handle, RECEPTION, told).await?)?;
        Answer::read(&answer).into_result().map(Reception::after_end)
    }

    async fn ask(&self, handle: &Handle, name: &str, argument: Json) -> Result<Json, ClientError> {
        let answer = handle.query(Message(name.to_owned()), Wire(argument), WorkflowQueryOptions::default());
        match within(CALL_TIMEOUT, answer).await? {
            Ok(Wire(answer)) => Ok(answer),
            Err(WorkflowQueryError::PayloadConversion(error)) => Err(ClientError::Invalid(error.to_string())),
            Err(WorkflowQueryError::NotFound(status) | WorkflowQueryError::Rpc(status)) => {
                Err(refused(&status))
            }
            Err(error) => Err(unavailable(error.to_string())),
        }
    }

    async fn request_cancel(&self, workflow_id: &str, reason: &str) -> Result<(), ClientError> {
        let handle = self.handle(workflow_id);
        let options = WorkflowCancelOptions::builder().reason(reason).build();
        match within(CALL_TIMEOUT, handle.cancel(options)).await? {
            Ok(()) => Ok(()),
            // A run that has ended needs no cancel.
            Err(WorkflowInteractionError::NotFound(_)) => self.row(workflow_id).await.map(drop),
            Err(WorkflowInteractionError::Rpc(status)) => Err(refused(&status)),
            Err(error) => Err(unavailable(error.to_string())),
        }
    }

    async fn end_of(&self, workflow_id: &str, limit: Duration) -> Result<Option<Closed>, ClientError> {
        let handle = self.handle(workflow_id);
        let result = || handle.get_result(WorkflowGetResultOptions::default());
        let end = match timeout(limit, result()).await {
            Ok(end) => end,
            // However short the wait, an end that has come is reported, and so is a missing run.
            Err(_) if self.row(workflow_id).await?.close_time.is_none() => return Ok(None),
            Err(_) => within(CALL_TIMEOUT, result()).await?,
        };
        let failed = |kind: &str, message: String| {
            Ok(Some(Closed::Failed(WorkflowFailure { kind: kind.to_owned(), message })))
        };
        match end {
            Ok(Wire(output)) => Ok(Some(Closed::Completed(output))),
            Err(WorkflowGetResultError::Failed(error)) => match *error {
                IncomingError::Application(failure) => {
                    failed(failure.type_name().unwrap_or_default(), failure.to_string())
                }
                error => failed(TERMINATED, error.to_string()),
            },
            Err(WorkflowGetResultError::Cancelled { details }) => {
                let reason = first_of(details.raw()).and_then(|reason| reason.parse().ok());
                failed(kind::CANCELLED, reason.unwrap_or_default())
            }
            Err(WorkflowGetResultError::NotFound(status) | WorkflowGetResultError::Rpc(status)) => {
                Err(refused(&status))
            }
            Err(error) => failed(TERMINATED, error.to_string()),
        }
    }
}

impl WorkflowClient for TemporalClient {
    fn start(&self, start: Start) -> BoxFuture<'_, Result<Started, ClientError>> {
        Box::pin(self.begin(start))
    }

    fn signal<'a>(
        &'a self,
        workflow_id: &'a str,
        name: &'a str,
        payload: Json,
    ) -> BoxFuture<'a, Result<Reception, ClientError>> {
        Box::pin(self.tell(workflow_id, name, payload))
    }

    fn query<'a>(
        &'a self,
        workflow_id: &'a str,
        name: &'a str,
        argument: Json,
    ) -> BoxFuture<'a, Result<Json, ClientError>> {
        Box::pin(async move { self.ask(&self.handle(workflow_id), name, argument).await })
    }

    fn describe<'a>(&'a self, workflow_id: &'a str) -> BoxFuture<'a, Result<RunDescription, ClientError>> {
        Box::pin(self.described(workflow_id))
    }

    fn cancel<'a>(&'a self, workflow_id: &'a str, reason: &'a str) -> BoxFuture<'a, Result<(), ClientError>> {
        Box::pin(self.request_cancel(workflow_id, reason))
    }

    fn result<'a>(
        &'a self,
        workflow_id: &'a str,
        timeout: Duration,
    ) -> BoxFuture<'a, Result<Option<Closed>, ClientError>> {
        Box::pin(self.end_of(workflow_id, timeout))
    }

    fn list<'a>(&'a self, filter: &'a Filter) -> BoxFuture<'a, Result<Page, ClientError>> {
        Box::pin(self.page(filter))
    }

    fn history<'a>(
        &'a self,
        workflow_id: &'a str,
        after: u64,
        limit: usize,
    ) -> BoxFuture<'a, Result<HistoryPage, ClientError>> {
        Box::pin(self.events(workflow_id, after, limit))
    }

    fn health(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(self.pollers())
    }
}

impl fmt::Debug for TemporalClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemporalClient").field("task_queue", &self.task_queue).finish_non_exhaustive()
    }
}
