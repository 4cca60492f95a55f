use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::http::{Params, Problem};
use utoipa::ToSchema;

mod query;

use super::docs::ListErrors;
use super::orders::Orders;
use super::problems::{invalid, refused};
use crate::workflow::{ClientError, RunSummary, SearchValue};
use crate::workflows::order_fulfillment::{
    CUSTOMER_ID, ORDER_CREATED_AT, ORDER_ID, ORDER_STATUS, TOTAL_AMOUNT,
};
use query::ListQuery;

/// A page of orders, newest first.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderList {
    /// Always true.
    #[schema(example = true)]
    pub success: bool,
    /// The runs that match every filter.
    pub workflows: Vec<OrderSummary>,
    /// The cursor of the next page; absent after the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// An order as its search attributes describe it.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderSummary {
    /// The order's run.
    #[schema(example = "order-fulfillment-ORD-123")]
    pub workflow_id: String,
    /// The engine's id of the run.
    pub run_id: String,
    /// The order.
    #[schema(example = "ORD-123")]
    pub order_id: Option<String>,
    /// Who placed it.
    #[schema(example = "CUST-456")]
    pub customer_id: Option<String>,
    /// Its status; `pending` while it waits for approval.
    #[schema(example = "shipped")]
    pub order_status: Option<String>,
    /// What is charged.
    #[schema(example = 109.97)]
    pub total_amount: Option<f64>,
    /// When it was placed.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When its run ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Timestamp>,
    /// Whether it needs a person's attention.
    pub needs_attention: bool,
}

impl From<RunSummary> for OrderSummary {
    fn from(run: RunSummary) -> Self {
        let text = |name| match attribute(&run, name) {
            Some(SearchValue::Keyword(text)) => Some(text.to_string()),
            // Untyped storage may read text that looks like a time as a time.
            Some(SearchValue::Datetime(at)) => Some(at.to_string()),
            _ => None,
        };
        let number = |name| match attribute(&run, name) {
            Some(SearchValue::Float(number)) => Some(*number),
            Some(SearchValue::Int(number)) => Some(*number as f64),
            _ => None,
        };
        let time = |name| match attribute(&run, name) {
            Some(SearchValue::Datetime(at)) => Some(*at),
            _ => None,
        };
        Self {
            order_id: text(ORDER_ID),
            customer_id: text(CUSTOMER_ID),
            order_status: text(ORDER_STATUS),
            total_amount: number(TOTAL_AMOUNT),
            created_at: time(ORDER_CREATED_AT).unwrap_or(run.started_at),
            closed_at: run.closed_at,
            needs_attention: run.needs_attention,
            run_id: run.run_id,
            workflow_id: run.workflow_id,
        }
    }
}

fn attribute<'a>(run: &'a RunSummary, name: &str) -> Option<&'a SearchValue> {
    run.search_attributes.iter().find(|set| set.name == name).map(|set| &set.value)
}

/// Find orders
///
/// Those that match every given filter, newest first.
#[utoipa::path(get, path = "/", operation_id = "list", tag = "orders", params(ListQuery),
    responses((status = 200, body = OrderList, description = "A page of orders, newest first."), ListErrors))]
pub(super) async fn list(
    State(orders): State<Orders>,
    Params(query): Params<ListQuery>,
) -> Result<Json<OrderList>, Problem> {
    let filter = query.filter()?;
    let page = orders.client().list(&filter).await.map_err(|error| match error {
        // Everything else in the filter was already checked.
        ClientError::Invalid(_) => invalid("cursor", "must be the nextCursor of the previous page"),
        error => refused("", error),
    })?;
    let workflows = page.runs.into_iter().map(OrderSummary::from).collect();
    Ok(Json(OrderList { success: true, workflows, next_cursor: page.next_cursor }))
}
