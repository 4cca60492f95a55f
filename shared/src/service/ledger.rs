use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Json;
use axum::routing::get;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::openapi::path::{HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{ContentBuilder, Object, Ref, RefOr, ResponseBuilder, Schema};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use crate::http::{Fields, Problem};
use crate::ledger::{Record, Selection};
use crate::way::Way;

const MOST: usize = 1000;
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
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    order_id: Option<String>,
    since: Option<String>,
    cursor: Option<String>,
    limit: Option<String>,
}

/// The route `GET /{domain}/ledger`, which chaos never touches.
pub fn ledger(domain: &'static str, way: &Way) -> OpenApiRouter {
    let path = format!("/{domain}/ledger");
    let routes = axum::Router::new().route(&path, get(page)).with_state(way.clone());
    let mut router = OpenApiRouter::from(routes);
    let document = router.get_openapi_mut();
    document.paths.add_path_operation(path, vec![HttpMethod::Get], describe(domain));
    let mut schemas = vec![("Page".to_owned(), Page::schema())];
    Page::schemas(&mut schemas);
    document.components.get_or_insert_default().schemas.extend(schemas);
    router
}

async fn page(
    State(way): State<Way>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Page>, Problem> {
    let mut fields = Fields::new();
    let Parameters { order_id, since, cursor, limit } = match parameters {
        Ok(Query(parameters)) => parameters,
        Err(rejection) => {
            fields.wrong("query", rejection.body_text());
            Parameters::default()
        }
    };
    let since = read(&mut fields, "since", since, "must be an RFC 3339 time, such as 2026-01-28T10:00:00Z");
    let after = read(&mut fields, "cursor", cursor, "must be the nextCursor of another page");
    let limit = read(&mut fields, "limit", limit, "must be a whole number from 1 to 1000");
    fields.check(limit.is_none_or(|limit| (1..=MOST).contains(&limit)), "limit", "must be from 1 to 1000");
    fields.finish(Some(()))?;
    way.settle();
    let since: Option<Timestamp> = since;
    let selection = Selection { order: order_id.as_deref(), since, after, limit: limit.unwrap_or(USUAL) };
    let (records, next) = way.ledger().page(&selection);
    Ok(Json(Page { success: true, records, next_cursor: next.map(|seq| seq.to_string()) }))
}

fn read<T: std::str::FromStr>(
    fields: &mut Fields,
    name: &str,
    text: Option<String>,
    rule: &str,
) -> Option<T> {
    let value = text?.parse();
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
    OperationBuilder::new()
        .operation_id(Some(format!("{domain}.ledger")))
        .tag(domain)
        .summary(Some("What was asked and what happened, order by order"))
        .parameter(parameter("orderId", "Only the records of this order."))
        .parameter(parameter("since", "Only what happened or arrived from this time on."))
        .parameter(parameter("cursor", "The nextCursor of the page before."))
        .parameter(parameter("limit", "At most so many records: 1 to 1000, usually 100."))
        .response("200", page)
        .response("400", refused)
        .build()
}

fn parameter(name: &str, description: &str) -> Parameter {
    let text = RefOr::T(Schema::Object(Object::with_type(utoipa::openapi::Type::String)));
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .description(Some(description))
        .schema(Some(text))
        .build()
}
