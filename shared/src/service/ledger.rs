use std::str::FromStr;

use axum::extract::State;
use axum::response::Json;
use axum::routing::get;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::openapi::path::{HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{ContentBuilder, KnownFormat, ObjectBuilder, Ref, ResponseBuilder, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use crate::http::{Fields, Params, Problem, given, whole_number};
use crate::ledger::{Record, Selection};
use crate::pipeline::Pipeline;

const MAX_LIMIT: u64 = 1000;
const USUAL: usize = 100;

/// A page of a ledger.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    /// Always true.
    success: bool,
    /// The records, in order.
    records: Vec<Record>,
    /// What to pass as `cursor` for the next page; absent after the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    /// How many orders have left this ledger to make room (`LEDGER_CAPACITY`); absent if none has.
    #[serde(skip_serializing_if = "Option::is_none")]
    evicted_orders: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Parameters {
    order_id: Option<String>,
    since: Option<String>,
    cursor: Option<String>,
    limit: Option<String>,
}

/// The route `GET /{domain}/ledger`, which chaos never touches.
pub fn ledger(domain: &'static str, pipeline: &Pipeline) -> OpenApiRouter {
    let path = format!("/{domain}/ledger");
    let routes = axum::Router::new().route(&path, get(page)).with_state(pipeline.clone());
    let mut router = OpenApiRouter::from(routes);
    let document = router.get_openapi_mut();
    document.paths.add_path_operation(path, vec![HttpMethod::Get], describe(domain));
    let mut schemas = vec![("Page".to_owned(), Page::schema())];
    Page::schemas(&mut schemas);
    document.components.get_or_insert_default().schemas.extend(schemas);
    router
}

async fn page(
    State(pipeline): State<Pipeline>,
    Params(asked): Params<Parameters>,
) -> Result<Json<Page>, Problem> {
    let mut fields = Fields::new();
    let since: Option<Timestamp> = read(
        &mut fields,
        "since",
        asked.since.as_deref(),
        "must be an RFC 3339 time, such as 2026-01-28T10:00:00Z",
    );
    let after =
        read(&mut fields, "cursor", asked.cursor.as_deref(), "must be the nextCursor of another page");
    let limit = whole_number(&mut fields, "limit", asked.limit.as_deref(), 1..=MAX_LIMIT);
    fields.finish(Some(()))?;
    pipeline.settle();
    let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(USUAL);
    // Not trimmed: an id may have blanks at its ends.
    let order = asked.order_id.as_deref().filter(|id| !id.trim().is_empty());
    let selection = Selection { order, since, after, limit: Some(limit) };
    let ledger = pipeline.ledger();
    let (records, next) = ledger.page(&selection);
    let next_cursor = next.map(|seq| seq.to_string());
    let evicted_orders = Some(ledger.evicted_orders()).filter(|evicted| *evicted > 0);
    Ok(Json(Page { success: true, records, next_cursor, evicted_orders }))
}

fn read<T: FromStr>(fields: &mut Fields, name: &str, text: Option<&str>, rule: &str) -> Option<T> {
    let value = given(text)?.parse();
    if value.is_err() {
        fields.wrong(name, rule);
    }
    value.ok()
}

fn describe(domain: &str) -> utoipa::openapi::path::Operation {
    let body = ContentBuilder::new().schema(Some(Ref::from_schema_name("Page"))).build();
    let page =
        ResponseBuilder::new().description("A page of records").content("application/json", body).build();
    let body = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let refused = ResponseBuilder::new()
        .description("- `validation_error`")
        .content("application/problem+json", body)
        .build();
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let time = text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
    let limit = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(MAX_LIMIT));
    OperationBuilder::new()
        .operation_id(Some(format!("{domain}.ledger")))
        .tag(domain)
        .summary(Some("What was requested and what happened, per order"))
        .parameter(parameter("orderId", text(), "Only the records of this order."))
        .parameter(parameter("since", time, "Only what happened or arrived since this time."))
        .parameter(parameter("cursor", text(), "The nextCursor of the previous page."))
        .parameter(parameter("limit", limit, "At most this many records, by default 100."))
        .response("200", page)
        .response("400", refused)
        .build()
}

fn parameter(name: &str, schema: ObjectBuilder, description: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}
