use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::http::Problem;
use tokio_util::sync::CancellationToken;

use super::problems::{bug, refused};
use crate::domain::WorkflowState;
use crate::workflow::{Json, Reception, RunDescription, WorkflowClient};
use crate::workflows::order_fulfillment::{GET_ORDER_STATUS, Timings};

/// The runs of orders behind whichever engine there is, with its refusals as answers to clients.
#[derive(Clone)]
pub(super) struct Orders {
    client: Arc<dyn WorkflowClient>,
    timings: Timings,
    stop: CancellationToken,
}

impl Orders {
    pub(super) fn new(client: Arc<dyn WorkflowClient>, timings: Timings, stop: CancellationToken) -> Self {
        Self { client, timings, stop }
    }

    /// Cancelled when the process is asked to stop.
    pub(super) fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    pub(super) fn client(&self) -> &dyn WorkflowClient {
        &*self.client
    }

    /// How long orders that are placed now will wait.
    pub(super) fn timings(&self) -> Timings {
        self.timings
    }

    /// The state of a run, open or ended.
    pub(super) async fn state(&self, id: &str) -> Result<WorkflowState, Problem> {
        let answer = self.client.query(id, GET_ORDER_STATUS, Json::null()).await;
        read(&answer.map_err(|error| refused(id, error))?)
    }

    /// What is known of a run beside its state.
    pub(super) async fn describe(&self, id: &str) -> Result<RunDescription, Problem> {
        self.client.describe(id).await.map_err(|error| refused(id, error))
    }

    /// Sends a decision to a run.
    pub(super) async fn tell<T: Serialize>(
        &self,
        id: &str,
        signal: &str,
        decision: &T,
    ) -> Result<Reception, Problem> {
        self.client.signal(id, signal, write(decision)?).await.map_err(|error| refused(id, error))
    }
}

impl fmt::Debug for Orders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Orders").field("timings", &self.timings).finish_non_exhaustive()
    }
}

/// `value` for an engine.
pub(super) fn write<T: Serialize>(value: &T) -> Result<Json, Problem> {
    Json::of(value).map_err(|error| bug(&format!("a payload cannot be written: {error}")))
}

/// What an engine kept for us.
pub(super) fn read<T: DeserializeOwned>(json: &Json) -> Result<T, Problem> {
    json.parse().map_err(|error| bug(&format!("a payload cannot be read: {error}")))
}
