use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::http::{Fields, Params, Problem, given, whole_number};
use utoipa::{IntoParams, ToSchema};

use super::docs::PageErrors;
use super::extract::WorkflowId;
use super::orders::Orders;
use super::problems::refused;
use crate::workflow::{self, HistoryEvent};

const DEFAULT_LIMIT: u64 = 100;
const MAX_LIMIT: u64 = 1000;

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HistoryQuery {
    /// The `nextCursor` of the previous page.
    cursor: Option<String>,
    /// At most this many events.
    #[param(value_type = Option<u64>, minimum = 1, maximum = 1000, default = 100)]
    limit: Option<String>,
}

/// The journal of a run, oldest event first.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct History {
    /// Always true.
    #[schema(example = true)]
    pub success: bool,
    /// The order's run.
    #[schema(example = "order-fulfillment-ORD-123")]
    pub workflow_id: String,
    /// The events.
    pub events: Vec<Event>,
    /// The cursor of the next page; absent after the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// One entry of a journal.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// From 1.
    #[schema(example = 2)]
    pub id: u64,
    /// When it was journaled.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What happened.
    #[schema(example = "activity_completed")]
    pub event: String,
    /// What the event carries.
    #[schema(value_type = Object)]
    pub details: workflow::Json,
    /// The commands that the workflow issued in response.
    pub commands: Vec<String>,
}

impl From<HistoryEvent> for Event {
    fn from(event: HistoryEvent) -> Self {
        let HistoryEvent { id, at, event, details, commands } = event;
        Self { id, at, event, details, commands }
    }
}

/// The journal of a run, event by event
#[utoipa::path(get, path = "/{id}/history", operation_id = "history", tag = "orders",
    params(WorkflowId, HistoryQuery),
    responses((status = 200, body = History, description = "A page of the journal."), PageErrors))]
pub(super) async fn history(
    State(orders): State<Orders>,
    id: WorkflowId,
    Params(query): Params<HistoryQuery>,
) -> Result<Json<History>, Problem> {
    let mut fields = Fields::new();
    let after = given(query.cursor.as_deref()).map(str::parse);
    fields.check(!matches!(after, Some(Err(_))), "cursor", "must be the nextCursor of the previous page");
    let after = after.and_then(Result::ok).unwrap_or(0);
    let limit =
        whole_number(&mut fields, "limit", query.limit.as_deref(), 1..=MAX_LIMIT).unwrap_or(DEFAULT_LIMIT);
    let limit = fields.finish(usize::try_from(limit).ok())?;
    let page = orders.client().history(&id.0, after, limit).await.map_err(|error| refused(&id.0, error))?;
    Ok(Json(History {
        success: true,
        workflow_id: id.0,
        events: page.events.into_iter().map(Event::from).collect(),
        next_cursor: page.next.map(|next| next.to_string()),
    }))
}
