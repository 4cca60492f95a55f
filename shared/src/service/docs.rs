use std::time::Duration;

use axum::Router;
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response as Answer};
use http::StatusCode;
use utoipa::openapi::path::{Operation as Documented, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{
    ContentBuilder, ObjectBuilder, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder, Type,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

use crate::chaos::{Access, Moment, Operation, ProblemKind, Surface};
use crate::environment::format_duration;
use crate::http::{MAX_KEY_LENGTH, Problem, ProblemBody, problems};

/// Adds to a document what applies to every operation: the errors of every service, and what chaos may
/// do to it. Operations are found by their `operation_id`.
pub fn describe_outcomes(document: &mut OpenApi, operations: &[&'static Operation]) {
    let schemas = &mut document.components.get_or_insert_default().schemas;
    let mut needed = vec![("Problem".to_owned(), <ProblemBody<'_> as utoipa::PartialSchema>::schema())];
    <ProblemBody<'_> as utoipa::ToSchema>::schemas(&mut needed);
    schemas.extend(needed);
    for item in document.paths.paths.values_mut() {
        for documented in [&mut item.get, &mut item.post].into_iter().flatten() {
            let id = documented.operation_id.clone().unwrap_or_default();
            if let Some(operation) = operations.iter().find(|operation| operation.name == id) {
                describe(documented, operation);
            }
        }
    }
}

fn describe(documented: &mut Documented, operation: &'static Operation) {
    let usual: &[(&ProblemKind, &str)] = match operation.access {
        Access::Read => &[],
        Access::Write => &[
            (
                &problems::IDEMPOTENCY_IN_PROGRESS,
                "A request with the same `Idempotency-Key` is still executing.",
            ),
            (&problems::IDEMPOTENCY_KEY_REUSE, "The `Idempotency-Key` was used with another body."),
        ],
    };
    let body: &[(&ProblemKind, &str)] = &[
        (&problems::MALFORMED_JSON, "The body is not JSON."),
        (&problems::VALIDATION_ERROR, "The body breaks a rule; `errors` names each field."),
        (&problems::BODY_TIMEOUT, "The body did not arrive in time."),
        (&problems::BODY_TOO_LARGE, "The body is larger than 1 MiB."),
        (&problems::UNSUPPORTED_MEDIA_TYPE, "The body is not declared to be JSON, or is compressed."),
    ];
    let takes_body = documented.request_body.is_some();
    for (kind, why) in usual.iter().chain(body.iter().filter(|_| takes_body)) {
        add(documented, kind, why);
    }
    if operation.access == Access::Write {
        documented.parameters.get_or_insert_default().push(idempotency_key().into());
    }
    for outcome in operation.possible() {
        let why = || format!("Chaos `{}`: {}", outcome.name, outcome.summary);
        match outcome.surface {
            Surface::Problem(kind) => add(documented, kind, &why()),
            Surface::Garbled => add_line(documented, 200, &why(), broken_response),
            Surface::Answer | Surface::Severed(_) | Surface::Silence => {}
        }
    }
    let text = documented.description.get_or_insert_default();
    text.push_str("\n\nWhat chaos may do, by default `");
    text.push_str(operation.table);
    text.push_str("`:\n\n| outcome | when | what the client sees |\n|---|---|---|\n");
    for outcome in operation.possible() {
        let when = match outcome.moment {
            Moment::Before => "before",
            Moment::Instead => "in place of a success",
            Moment::After | Moment::AfterSuccess => "after",
        };
        let delay = match operation.usual_delay(outcome) {
            Duration::ZERO => String::new(),
            delay => format!(" After {} unless a table says otherwise.", format_duration(delay)),
        };
        text.push_str(&format!("| `{}` | {when} | {}{delay} |\n", outcome.name, outcome.summary));
    }
}

/// One response per status: several reasons share it, one line each.
fn add(documented: &mut Documented, kind: &ProblemKind, why: &str) {
    add_line(documented, kind.status, &format!("`{}`: {why}", kind.code), problem_response);
}

fn add_line(documented: &mut Documented, status: u16, line: &str, response: fn() -> Response) {
    let responses = &mut documented.responses.responses;
    match responses.entry(status.to_string()).or_insert_with(|| RefOr::T(response())) {
        RefOr::T(response) if response.description.is_empty() => response.description = format!("- {line}"),
        RefOr::T(documented) => {
            documented.description.push_str("\n- ");
            documented.description.push_str(line);
            for (media_type, content) in response().content {
                documented.content.entry(media_type).or_insert(content);
            }
        }
        _ => {}
    }
}

fn broken_response() -> Response {
    ResponseBuilder::new().content("application/json", ContentBuilder::new().build()).build()
}

fn idempotency_key() -> Parameter {
    let text =
        ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(MAX_KEY_LENGTH));
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "Identifies the request. A second request with the same key gets what the operation itself answered the first: \
             after an injected 409 `already_captured`, the 200.",
        ))
        .schema(Some(text))
        .build()
}

fn problem_response() -> Response {
    let body = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new().content("application/problem+json", body).build()
}

/// Sets the title and description of the API document of `routes`.
pub fn document<S: Clone + Send + Sync + 'static>(
    routes: &mut OpenApiRouter<S>,
    title: &str,
    description: &str,
) {
    let info = &mut routes.get_openapi_mut().info;
    title.clone_into(&mut info.title);
    env!("CARGO_PKG_VERSION").clone_into(&mut info.version);
    info.description = Some(description.to_owned());
    info.license = None;
    info.contact = None;
}

/// The routes, with their API document at `/api/docs/openapi.json` and Swagger UI at `/api/docs`.
pub fn with_docs(routes: OpenApiRouter) -> Router {
    let (router, document) = routes.split_for_parts();
    let docs = Router::from(SwaggerUi::new("/api/docs").url("/api/docs/openapi.json", document));
    router.merge(docs.layer(map_response(missing)))
}

/// For a file that it does not have, Swagger UI answers a bare 404.
async fn missing(response: Answer) -> Answer {
    if response.status() == StatusCode::NOT_FOUND {
        Problem::new(&problems::NOT_FOUND, "The documentation has no such file.").into_response()
    } else {
        response
    }
}
