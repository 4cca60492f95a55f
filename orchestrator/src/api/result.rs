use std::pin::pin;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use futures_util::future::{Either, select};
use serde::{Deserialize, Serialize};
use shared::http::{Fields, Params, Problem, given};
use tokio::time::sleep;
use utoipa::{IntoParams, ToSchema};

use super::docs::ResultErrors;
use super::extract::WorkflowId;
use super::orders::{Orders, read};
use super::problems::{RESULT_TIMEOUT, refused};
use crate::domain::WorkflowState;
use crate::workflow::{ClientError, Closed};

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_TIMEOUT: f64 = 300.0;
/// A run that needs attention has its final state but stays open, so no event announces it. The
/// interval doubles from poll to poll, since some engines must ask another process.
const FIRST_POLL: Duration = Duration::from_secs(1);
const MAX_POLL_INTERVAL: Duration = Duration::from_secs(5);

/// How long to wait.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WaitParams {
    /// Seconds to wait for the end.
    #[param(value_type = Option<f64>, minimum = 0, maximum = 300, default = 30)]
    timeout: Option<String>,
}

/// How an order ended.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Always true: the order has ended, however it did.
    #[schema(example = true)]
    pub success: bool,
    /// The order's run.
    #[schema(example = "order-fulfillment-ORD-123")]
    pub workflow_id: String,
    /// Its final state.
    pub result: WorkflowState,
}

/// Wait for the end of an order
///
/// Answers at once if it has ended, also if it only waits for `retry`.
#[utoipa::path(get, path = "/{id}/result", operation_id = "result", tag = "orders",
    params(WorkflowId, WaitParams),
    responses((status = 200, body = Outcome, description = "How the order ended."), ResultErrors))]
pub(super) async fn result(
    State(orders): State<Orders>,
    id: WorkflowId,
    Params(wait): Params<WaitParams>,
) -> Result<Json<Outcome>, Problem> {
    let timeout = wait.timeout()?;
    let mut end = orders.client().result(&id.0, timeout);
    let mut look_again = FIRST_POLL;
    loop {
        let state = orders.state(&id.0).await?;
        if state.status.is_final() {
            return Ok(answer(&id, state));
        }
        let wait = orders.stop().run_until_cancelled(sleep(look_again));
        let end = match select(&mut end, pin!(wait)).await {
            Either::Left((end, _)) => end,
            Either::Right((Some(()), _)) => {
                look_again = (look_again * 2).min(MAX_POLL_INTERVAL);
                continue;
            }
            Either::Right((None, _)) => {
                return Err(Problem::new(&RESULT_TIMEOUT, "The orchestrator is shutting down; try again."));
            }
        };
        let closed = end.map_err(|error| refused(&id.0, error))?;
        if let Some(Closed::Completed(output)) = &closed {
            return Ok(answer(&id, read(output)?));
        }
        let mut state = orders.state(&id.0).await?;
        let run = orders.describe_with(&id.0, &mut state).await?;
        return if closed.is_some() || state.status.is_final() {
            Ok(answer(&id, state))
        } else if let Some(reason) = run.quarantine {
            Err(refused(&id.0, ClientError::Quarantined(reason)))
        } else {
            let detail =
                format!("The order has not ended after {} seconds; ask again later.", timeout.as_secs_f64());
            Err(Problem::new(&RESULT_TIMEOUT, detail))
        };
    }
}

fn answer(id: &WorkflowId, result: WorkflowState) -> Json<Outcome> {
    Json(Outcome { success: true, workflow_id: id.0.clone(), result })
}

impl WaitParams {
    fn timeout(&self) -> Result<Duration, Problem> {
        let Some(text) = given(self.timeout.as_deref()) else { return Ok(DEFAULT_TIMEOUT) };
        let seconds = text.parse::<f64>().ok().filter(|seconds| (0.0..=MAX_TIMEOUT).contains(seconds));
        let mut fields = Fields::new();
        fields.check(seconds.is_some(), "timeout", "must be a number of seconds from 0 to 300");
        fields.finish(seconds.map(Duration::from_secs_f64))
    }
}
