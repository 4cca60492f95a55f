use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use shared::http::Problem;
use smol_str::SmolStr;
use tokio_util::sync::CancellationToken;

use super::problems::refused;
use crate::domain::{CompensationStatus, NeedsAttention, OrderStatus, WorkflowState};
use crate::workflow::{Json, Payload, Reception, RunDescription, WorkflowClient};
use crate::workflows::order_fulfillment::{GET_ORDER_STATUS, Timings};

/// Why an order failed whose run was ended from outside.
pub(super) const TERMINATED: &str = "terminated";

/// The runs of orders behind whichever engine there is, with its refusals as answers to clients. Every
/// request clones it several times.
#[derive(Clone)]
pub(super) struct Orders(Arc<Inner>);

struct Inner {
    client: Arc<dyn WorkflowClient>,
    timings: Timings,
    stop: CancellationToken,
}

impl Orders {
    pub(super) fn new(client: Arc<dyn WorkflowClient>, timings: Timings, stop: CancellationToken) -> Self {
        Self(Arc::new(Inner { client, timings, stop }))
    }

    /// Cancelled when the process is asked to stop.
    pub(super) fn stop(&self) -> &CancellationToken {
        &self.0.stop
    }

    pub(super) fn client(&self) -> &dyn WorkflowClient {
        &*self.0.client
    }

    /// How long orders that are placed now will wait.
    pub(super) fn timings(&self) -> Timings {
        self.0.timings
    }

    /// The state of a run, open or ended.
    pub(super) async fn state(&self, id: &str) -> Result<WorkflowState, Problem> {
        let answer = self.client().query(id, GET_ORDER_STATUS, Json::null()).await;
        read(&answer.map_err(|error| refused(id, error))?)
    }

    /// What is known of a run beside its state.
    pub(super) async fn describe(&self, id: &str) -> Result<RunDescription, Problem> {
        self.client().describe(id).await.map_err(|error| refused(id, error))
    }

    /// What is known of a run beside `state`, which was read before. If the run was ended from outside, its
    /// state becomes that of an order that failed.
    pub(super) async fn describe_with(
        &self,
        id: &str,
        state: &mut WorkflowState,
    ) -> Result<RunDescription, Problem> {
        let run = self.describe(id).await?;
        if run.summary.closed_at.is_some() && !is_over(state) {
            // Or it has just ended by itself.
            *state = self.state(id).await?;
            if !is_over(state) {
                terminate(state);
            }
        }
        Ok(run)
    }

    /// Sends a decision to a run.
    pub(super) async fn tell<T: Serialize>(
        &self,
        id: &str,
        signal: &str,
        decision: &T,
    ) -> Result<Reception, Problem> {
        self.client().signal(id, signal, write(decision)?).await.map_err(|error| refused(id, error))
    }
}

impl fmt::Debug for Orders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Orders").field("timings", &self.0.timings).finish_non_exhaustive()
    }
}

/// Whether a run in this state has nothing left to do. One that needs attention shows how its order ended,
/// but waits for `retry`.
pub(super) fn is_over(state: &WorkflowState) -> bool {
    state.status.is_final() && state.needs_attention.is_empty()
}

/// Nothing will change any more: neither the order goes on, nor is it undone.
fn terminate(state: &mut WorkflowState) {
    let reason = "the run was ended from outside; whatever was not undone by then stays as it is";
    state.end(OrderStatus::Failed);
    state.error.get_or_insert_with(|| SmolStr::new_static(TERMINATED));
    for undo in state.compensations.iter_mut().filter(|undo| undo.status == CompensationStatus::Running) {
        undo.status = CompensationStatus::Failed;
        undo.detail = Some(TERMINATED.to_owned());
    }
    state.needs_attention.push(NeedsAttention { name: TERMINATED.to_owned(), reason: reason.to_owned() });
}

/// `value` for an engine.
pub(super) fn write<T: Serialize>(value: &T) -> Result<Json, Problem> {
    Json::of(value).map_err(|error| Problem::bug(format!("a payload cannot be written: {error}")))
}

/// What an engine kept for us.
pub(super) fn read<T: Payload>(json: &Json) -> Result<T, Problem> {
    json.value().map_err(|error| Problem::bug(format!("a payload cannot be read: {error}")))
}
