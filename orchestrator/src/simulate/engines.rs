use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::engine::embedded::Engine;
use crate::workflow::{
    BoxFuture, ClientError, Closed, Filter, HistoryPage, Json, Page, Reception, RunDescription, Start,
    Started, WorkflowClient,
};

/// The address of the orchestrator, at which one process answers after another.
#[derive(Debug, Default)]
pub(super) struct Engines(Mutex<Option<Engine>>);

impl Engines {
    /// From now on, `engine` answers.
    pub(super) fn set(&self, engine: Engine) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(engine);
    }

    fn present(&self) -> Result<Engine, ClientError> {
        let engine = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        engine.ok_or_else(|| ClientError::Unavailable {
            reason: "nothing is started yet".to_owned(),
            retry_after: Duration::from_secs(1),
        })
    }
}

impl WorkflowClient for Engines {
    fn start(&self, start: Start) -> BoxFuture<'_, Result<Started, ClientError>> {
        Box::pin(async move { self.present()?.start(start).await })
    }

    fn signal<'a>(
        &'a self,
        workflow_id: &'a str,
        name: &'a str,
        payload: Json,
    ) -> BoxFuture<'a, Result<Reception, ClientError>> {
        Box::pin(async move { self.present()?.signal(workflow_id, name, payload).await })
    }

    fn query<'a>(
        &'a self,
        workflow_id: &'a str,
        name: &'a str,
        argument: Json,
    ) -> BoxFuture<'a, Result<Json, ClientError>> {
        Box::pin(async move { self.present()?.query(workflow_id, name, argument).await })
    }

    fn describe<'a>(&'a self, workflow_id: &'a str) -> BoxFuture<'a, Result<RunDescription, ClientError>> {
        Box::pin(async move { self.present()?.describe(workflow_id).await })
    }

    fn cancel<'a>(&'a self, workflow_id: &'a str, reason: &'a str) -> BoxFuture<'a, Result<(), ClientError>> {
        Box::pin(async move { self.present()?.cancel(workflow_id, reason).await })
    }

    fn result<'a>(
        &'a self,
        workflow_id: &'a str,
        timeout: Duration,
    ) -> BoxFuture<'a, Result<Option<Closed>, ClientError>> {
        Box::pin(async move { self.present()?.result(workflow_id, timeout).await })
    }

    fn list<'a>(&'a self, filter: &'a Filter) -> BoxFuture<'a, Result<Page, ClientError>> {
        Box::pin(async move { self.present()?.list(filter).await })
    }

    fn history<'a>(
        &'a self,
        workflow_id: &'a str,
        after: u64,
        limit: usize,
    ) -> BoxFuture<'a, Result<HistoryPage, ClientError>> {
        Box::pin(async move { self.present()?.history(workflow_id, after, limit).await })
    }

    fn health(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move { self.present().map_err(|error| error.to_string())?.health().await })
    }
}
