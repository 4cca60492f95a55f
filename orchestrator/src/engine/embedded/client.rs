//! The handle through which the rest of the process uses an engine.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::{SemaphorePermit, mpsc, oneshot};
use tokio::time::timeout;

use super::describe::{activities, history_event};
use super::driver::{Driver, Message};
use super::journal::{Journal, JournalError, Outcome, Reply, Row, RunKey, RunRef, Selection};
use super::options::EngineOptions;
use super::registry::Registry;
use super::shared::Shared;
use crate::workflow::{
    BoxFuture, ClientError, Closed, Filter, HistoryPage, Json, Page, Reception, RunDescription, Start,
    Started, WorkflowClient,
};

/// The most runs or events on one page.
const MAX_PAGE: usize = 1_000;

/// A handle on an embedded engine. Clones are handles on the same engine, which runs until it is shut
/// down or killed.
#[derive(Clone)]
pub struct Engine(Arc<Shared>);

impl Engine {
    /// Starts an engine on its own thread. Attempts run on `attempts`.
    ///
    /// # Errors
    /// When the journal cannot be taken over, or the thread cannot be started.
    pub fn start_on_thread<S: Send + Sync + 'static>(
        journal: Arc<dyn Journal>,
        registry: Registry<S>,
        options: EngineOptions,
        attempts: Handle,
    ) -> Result<Self, StartError> {
        let (engine, inbox) = Self::new(journal, registry, options);
        let shared = Arc::clone(&engine.0);
        let runtime = Builder::new_current_thread().enable_time().build()?;
        let (ready, is_ready) = std::sync::mpsc::sync_channel(1);
        std::thread::Builder::new().name("workflow-engine".to_owned()).spawn(move || {
            match Driver::new(shared, inbox, attempts) {
                Ok(driver) => {
                    drop(ready.send(Ok(())));
                    runtime.block_on(driver.run());
                }
                Err(error) => drop(ready.send(Err(error))),
            }
        })?;
        is_ready.recv().unwrap_or_else(|_| Err(JournalError("the engine's thread ended".to_owned())))?;
        Ok(engine)
    }

    /// Starts an engine as a task of the caller's `LocalSet`, and attempts as tasks of its runtime:
    /// on a paused runtime everything follows virtual time.
    ///
    /// # Errors
    /// When the journal cannot be taken over.
    pub fn start_local<S: Send + Sync + 'static>(
        journal: Arc<dyn Journal>,
        registry: Registry<S>,
        options: EngineOptions,
    ) -> Result<Self, StartError> {
        let (engine, inbox) = Self::new(journal, registry, options);
        let driver = Driver::new(Arc::clone(&engine.0), inbox, Handle::current())?;
        tokio::task::spawn_local(driver.run());
        Ok(engine)
    }

    fn new<S: Send + Sync + 'static>(
        journal: Arc<dyn Journal>,
        registry: Registry<S>,
        options: EngineOptions,
    ) -> (Self, mpsc::UnboundedReceiver<Message>) {
        let (sender, inbox) = mpsc::unbounded_channel();
        let catalogue = Arc::new(registry.into_catalogue());
        (Self(Arc::new(Shared::new(journal, catalogue, options, sender))), inbox)
    }

    /// Stops: attempts are dropped, nothing is journaled for them, and what was appended becomes
    /// durable. The next engine runs the attempts again.
    pub async fn shutdown(&self) {
        let (reply, stopped) = oneshot::channel();
        self.0.send(Message::Shutdown(reply));
        // If the engine is gone, it has stopped.
        drop(stopped.await);
    }

    /// Resolves when the engine has stopped, for whatever reason: another one may have taken over its journal.
    pub async fn stopped(&self) {
        self.0.stopped().await;
    }

    /// Stops as `kill -9` would: nothing is finished, nothing is answered.
    pub fn kill(&self) {
        self.0.kill();
    }

    async fn ask<T>(&self, message: impl FnOnce(oneshot::Sender<T>) -> Message) -> Result<T, ClientError> {
        let _permit = self.permit()?;
        let (reply, answer) = oneshot::channel();
        self.0.send(message(reply));
        answer.await.map_err(|_| stopped())
    }

    /// What the journal answers.
    async fn read<T: Send + 'static>(&self, ask: impl FnOnce(Reply<T>)) -> Result<T, ClientError> {
        let _permit = self.permit()?;
        let (reply, answer) = oneshot::channel();
        ask(Box::new(move |result| drop(reply.send(result))));
        match answer.await {
            Ok(result) => result.map_err(|error| unavailable(error.to_string())),
            Err(_) => Err(stopped()),
        }
    }

    /// Leave to have the engine or its journal do something: so many clients may wait for them.
    fn permit(&self) -> Result<SemaphorePermit<'_>, ClientError> {
        let permit = self.0.requests.try_acquire();
        permit.map_err(|_| unavailable("too many requests wait for the engine".to_owned()))
    }

    async fn row(&self, workflow_id: &str) -> Result<Row, ClientError> {
        let row = self.read(|reply| self.0.journal.row(workflow_id, reply)).await?;
        row.ok_or(ClientError::NotFound)
    }

    async fn result_of(&self, workflow_id: &str, limit: Duration) -> Result<Option<Closed>, ClientError> {
        let (end, told) = oneshot::channel();
        // Subscribed before the row is read, so that an end in between is not missed.
        let ask = |is_resident| Message::AwaitEnd { workflow_id: workflow_id.into(), is_resident, end };
        if !self.ask(ask).await?
            && let Some(ending) = self.row(workflow_id).await?.ending
        {
            return Ok(Some(closed(ending.outcome)));
        }
        match timeout(limit, told).await {
            Ok(Ok(outcome)) => Ok(Some(closed(outcome))),
            Ok(Err(_)) => Err(stopped()),
            Err(_) => Ok(None),
        }
    }

    async fn described(&self, workflow_id: &str) -> Result<RunDescription, ClientError> {
        let running = self.ask(|reply| Message::Attempts { workflow_id: workflow_id.into(), reply }).await?;
        let run = RunRef::Id(workflow_id.into());
        let stored =
            self.read(|reply| self.0.journal.load(run, reply)).await?.ok_or(ClientError::NotFound)?;
        let activities = activities(&stored.entries, &stored.row.heartbeats, running);
        let input = stored.input();
        let quarantine = stored.row.quarantine.clone().or_else(|| stored.require_whole().err());
        Ok(RunDescription { summary: stored.row.summary(), input, quarantine, activities })
    }

    async fn page(&self, filter: &Filter) -> Result<Page, ClientError> {
        let known = self.0.catalogue.search_attributes();
        if let Some(unknown) = filter.conditions.iter().find(|wanted| !known.contains_key(wanted.attribute)) {
            return Err(ClientError::Invalid(format!("`{}` is not a search attribute", unknown.attribute)));
        }
        let before = filter.cursor.as_deref().map(parse_cursor).transpose()?;
        let limit = filter.limit.clamp(1, MAX_PAGE);
        let selection = Selection {
            conditions: filter.conditions.clone(),
            needs_attention: filter.needs_attention,
            before,
            limit: limit + 1,
        };
        let mut rows = self.read(|reply| self.0.journal.list(selection, reply)).await?;
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| has_more).map(|row| row.key.to_string());
        Ok(Page { runs: rows.into_iter().map(Row::summary).collect(), next_cursor })
    }

    async fn events(&self, workflow_id: &str, after: u64, limit: usize) -> Result<HistoryPage, ClientError> {
        let limit = limit.clamp(1, MAX_PAGE);
        let entries = self.read(|reply| self.0.journal.entries(workflow_id, after, limit + 1, reply)).await?;
        let entries = entries.ok_or(ClientError::NotFound)?;
        let next = (entries.len() > limit).then(|| after + limit as u64);
        let numbered = entries.iter().take(limit).zip(after..);
        Ok(HistoryPage { events: numbered.map(|(entry, id)| history_event(id + 1, entry)).collect(), next })
    }

    async fn queried(&self, workflow_id: &str, name: &str, argument: &Json) -> Result<Json, ClientError> {
        let row = self.row(workflow_id).await?;
        let workflow = self.0.catalogue.workflow(&row.start.workflow).map_err(ClientError::Quarantined)?;
        (workflow.query)(&row.state, name, argument)
    }
}

impl WorkflowClient for Engine {
    fn start(&self, start: Start) -> BoxFuture<'_, Result<Started, ClientError>> {
        Box::pin(async { self.ask(|reply| Message::Start { start, reply }).await? })
    }

    fn signal<'a>(
        &'a self,
        workflow_id: &'a str,
        name: &'a str,
        payload: Json,
    ) -> BoxFuture<'a, Result<Reception, ClientError>> {
        let (workflow_id, name) = (workflow_id.into(), name.to_owned());
        Box::pin(async { self.ask(|reply| Message::Signal { workflow_id, name, payload, reply }).await? })
    }

    fn query<'a>(
        &'a self,
        workflow_id: &'a str,
        name: &'a str,
        argument: Json,
    ) -> BoxFuture<'a, Result<Json, ClientError>> {
        Box::pin(async move { self.queried(workflow_id, name, &argument).await })
    }

    fn describe<'a>(&'a self, workflow_id: &'a str) -> BoxFuture<'a, Result<RunDescription, ClientError>> {
        Box::pin(self.described(workflow_id))
    }

    fn cancel<'a>(&'a self, workflow_id: &'a str, reason: &'a str) -> BoxFuture<'a, Result<(), ClientError>> {
        let (workflow_id, reason) = (workflow_id.into(), reason.to_owned());
        Box::pin(async { self.ask(|reply| Message::Cancel { workflow_id, reason, reply }).await? })
    }

    fn result<'a>(
        &'a self,
        workflow_id: &'a str,
        timeout: Duration,
    ) -> BoxFuture<'a, Result<Option<Closed>, ClientError>> {
        Box::pin(self.result_of(workflow_id, timeout))
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
        Box::pin(std::future::ready(self.0.health()))
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("options", &self.0.options).finish_non_exhaustive()
    }
}

/// Why an engine could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The journal cannot be taken over.
    #[error("the journal cannot be taken over")]
    Journal(#[from] JournalError),
    /// The engine's thread cannot be started.
    #[error("the engine's thread cannot be started")]
    Thread(#[from] std::io::Error),
}

fn parse_cursor(cursor: &str) -> Result<RunKey, ClientError> {
    cursor.parse().map(RunKey).map_err(|_| ClientError::Invalid("invalid cursor".to_owned()))
}

fn closed(outcome: Outcome) -> Closed {
    match outcome {
        Ok(output) => Closed::Completed(output),
        Err(failure) => Closed::Failed(failure),
    }
}

fn stopped() -> ClientError {
    unavailable("the engine has stopped".to_owned())
}

fn unavailable(reason: String) -> ClientError {
    ClientError::Unavailable { reason, retry_after: Duration::from_secs(1) }
}
