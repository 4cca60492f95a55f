use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use orchestrator::gateways::{InProcess, Transport};
use orchestrator::workflow::{
    BoxFuture, ClientError, Closed, Filter, HistoryPage, Json, Page, Reception, RunDescription, Start,
    Started, WorkflowClient,
};

use super::client::{Client, deps};

/// An engine that refuses everything, in one way.
struct Refusing(ClientError);

/// A client of an orchestrator whose engine refuses everything with `error`.
pub(crate) fn client_of_engine_that(error: ClientError) -> Client {
    Client::of(deps(Arc::new(Refusing(error)), no_backends()))
}

/// Backends that know no route.
pub(crate) fn no_backends() -> Arc<dyn Transport> {
    Arc::new(InProcess::new(Router::new()))
}

impl Refusing {
    fn refuse<T: Send + 'static>(&self) -> BoxFuture<'_, Result<T, ClientError>> {
        Box::pin(std::future::ready(Err(self.0.clone())))
    }
}

impl WorkflowClient for Refusing {
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
        self.refuse()
    }

    fn describe<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<RunDescription, ClientError>> {
        self.refuse()
    }

    fn cancel<'a>(&'a self, _: &'a str, _: &'a str) -> BoxFuture<'a, Result<(), ClientError>> {
        self.refuse()
    }

    fn result<'a>(&'a self, _: &'a str, _: Duration) -> BoxFuture<'a, Result<Option<Closed>, ClientError>> {
        self.refuse()
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
        let is_well = self.0 == ClientError::NotFound;
        Box::pin(std::future::ready(if is_well { Ok(()) } else { Err(self.0.to_string()) }))
    }
}

/// An engine that is well, and knows no run.
pub(crate) fn healthy_engine() -> Arc<dyn WorkflowClient> {
    Arc::new(Refusing(ClientError::NotFound))
}
