use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use jiff::Timestamp;
use orchestrator::domain::WorkflowState;
use orchestrator::gateways::{InProcess, Transport};
use orchestrator::workflow::{
    BoxFuture, ClientError, Closed, Filter, HistoryPage, Json, Page, Reception, RunDescription, RunSummary,
    Start, Started, WorkflowClient,
};

use super::client::{Client, deps};

/// An engine that knows one run at most, and refuses all else in one way.
struct Fake {
    error: ClientError,
    run: Option<(WorkflowState, RunDescription)>,
}

/// A client of an orchestrator whose engine refuses everything with `error`.
pub(crate) fn client_of_engine_that(error: ClientError) -> Client {
    Client::of(deps(Arc::new(Fake { error, run: None }), no_backends()))
}

/// A client of an orchestrator with one run, in this state and quarantined.
pub(crate) fn client_of_quarantined(state: WorkflowState, reason: &str) -> Client {
    let run = RunDescription { quarantine: Some(reason.to_owned()), ..run(None) };
    let error = ClientError::Quarantined(reason.to_owned());
    Client::of(deps(Arc::new(Fake { error, run: Some((state, run)) }), no_backends()))
}

/// A client of an orchestrator with one run, which was ended from outside in this state.
pub(crate) fn client_of_terminated(state: WorkflowState) -> Client {
    let run = Some((state, run(Some(Timestamp::UNIX_EPOCH))));
    Client::of(deps(Arc::new(Fake { error: ClientError::NotFound, run }), no_backends()))
}

fn run(closed_at: Option<Timestamp>) -> RunDescription {
    let summary = RunSummary {
        workflow_id: "order-fulfillment-A".to_owned(),
        run_id: "run".to_owned(),
        started_at: Timestamp::UNIX_EPOCH,
        closed_at,
        needs_attention: false,
        search_attributes: Vec::new(),
    };
    RunDescription { summary, input: Json::null(), quarantine: None, activities: Vec::new() }
}

/// Backends that know no route.
pub(crate) fn no_backends() -> Arc<dyn Transport> {
    Arc::new(InProcess::new(Router::new()))
}

impl Fake {
    fn refuse<T: Send + 'static>(&self) -> BoxFuture<'_, Result<T, ClientError>> {
        self.answer(None)
    }

    fn answer<T: Send + 'static>(&self, known: Option<T>) -> BoxFuture<'_, Result<T, ClientError>> {
        Box::pin(std::future::ready(known.ok_or_else(|| self.error.clone())))
    }
}

impl WorkflowClient for Fake {
    fn start(&self, _: Start) -> BoxFuture<'_, Result<Started, ClientError>> {
        self.refuse()
    }

    fn signal<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
        _: Json,
    ) -> BoxFuture<'a, Result<Reception, ClientError>> {
        self.refuse()
    }

    fn query<'a>(&'a self, _: &'a str, _: &'a str, _: Json) -> BoxFuture<'a, Result<Json, ClientError>> {
        self.answer(self.run.as_ref().map(|(state, _)| Json::of(state).unwrap()))
    }

    fn describe<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<RunDescription, ClientError>> {
        self.answer(self.run.as_ref().map(|(_, run)| run.clone()))
    }

    fn cancel<'a>(&'a self, _: &'a str, _: &'a str) -> BoxFuture<'a, Result<(), ClientError>> {
        self.refuse()
    }

    fn result<'a>(&'a self, _: &'a str, _: Duration) -> BoxFuture<'a, Result<Option<Closed>, ClientError>> {
        self.answer(self.run.as_ref().map(|_| None))
    }

    fn list<'a>(&'a self, _: &'a Filter) -> BoxFuture<'a, Result<Page, ClientError>> {
        self.refuse()
    }

    fn history<'a>(
        &'a self,
        _: &'a str,
        _: u64,
        _: usize,
    ) -> BoxFuture<'a, Result<HistoryPage, ClientError>> {
        self.refuse()
    }

    fn health(&self) -> BoxFuture<'_, Result<(), String>> {
        let is_well = self.error == ClientError::NotFound;
        Box::pin(std::future::ready(if is_well { Ok(()) } else { Err(self.error.to_string()) }))
    }
}

/// An engine that is well, and knows no run.
pub(crate) fn healthy_engine() -> Arc<dyn WorkflowClient> {
    Arc::new(Fake { error: ClientError::NotFound, run: None })
}
