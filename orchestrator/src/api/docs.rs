//! The parts of the API document at `/api/docs` that several operations share.

use std::collections::BTreeMap;

use shared::chaos::ProblemKind;
use shared::http::{ProblemBody, problems};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, ResponseBuilder};
use utoipa::{IntoResponses, PartialSchema, ToSchema};

use super::problems::{
    ENGINE_UNAVAILABLE, ORDER_CONFLICT, QUARANTINED, RESULT_TIMEOUT, TOO_LATE, TOO_MANY_SIGNALS,
};

type Responses = BTreeMap<String, RefOr<utoipa::openapi::Response>>;
type Errors<'a> = &'a [(&'a ProblemKind, &'a str)];

const BAD_BODY: Errors<'static> = &[
    (&problems::MALFORMED_JSON, "The body is not JSON."),
    (&problems::VALIDATION_ERROR, "The body breaks a rule; `errors` names each field."),
    (&problems::BODY_TIMEOUT, "The body did not arrive within 30 seconds."),
    (&problems::BODY_TOO_LARGE, "The body is larger than 1 MiB."),
    (&problems::UNSUPPORTED_MEDIA_TYPE, "The body is not declared to be JSON."),
];
const BAD_QUERY: Errors<'static> =
    &[(&problems::VALIDATION_ERROR, "A parameter breaks a rule; `errors` names each.")];
const NO_SUCH_RUN: Errors<'static> = &[(&problems::NOT_FOUND, "The workflow does not exist.")];
const QUARANTINE: Errors<'static> =
    &[(&QUARANTINED, "The run's journal does not fit this version of the program; a fixed one resumes it.")];
const NO_ENGINE: Errors<'static> =
    &[(&ENGINE_UNAVAILABLE, "The engine cannot accept work now; `retryAfterMs` says when to retry.")];

/// The errors of placing an order.
pub(super) struct PlaceErrors;

impl IntoResponses for PlaceErrors {
    fn responses() -> Responses {
        responses(&[
            BAD_BODY,
            &[(&ORDER_CONFLICT, "The order was already placed with another body.")],
            NO_ENGINE,
        ])
    }
}

/// The errors of a decision.
pub(super) struct DecisionErrors;

impl IntoResponses for DecisionErrors {
    fn responses() -> Responses {
        let late: Vec<_> = TOO_LATE.iter().map(|(kind, why)| (kind, *why)).collect();
        let many: Errors<'_> =
            &[(&TOO_MANY_SIGNALS, "The run has already accepted the maximum number of decisions.")];
        responses(&[BAD_BODY, NO_SUCH_RUN, &late, QUARANTINE, many, NO_ENGINE])
    }
}

/// The errors of reading a run.
pub(super) struct ReadErrors;

impl IntoResponses for ReadErrors {
    fn responses() -> Responses {
        responses(&[NO_SUCH_RUN, QUARANTINE, NO_ENGINE])
    }
}

/// The errors of reading a run page by page.
pub(super) struct PageErrors;

impl IntoResponses for PageErrors {
    fn responses() -> Responses {
        responses(&[BAD_QUERY, NO_SUCH_RUN, NO_ENGINE])
    }
}

/// The errors of listing runs.
pub(super) struct ListErrors;

impl IntoResponses for ListErrors {
    fn responses() -> Responses {
        responses(&[BAD_QUERY, NO_ENGINE])
    }
}

/// The errors of waiting for a run's end.
pub(super) struct ResultErrors;

impl IntoResponses for ResultErrors {
    fn responses() -> Responses {
        let timeout: Errors<'_> = &[(&RESULT_TIMEOUT, "The order has not ended yet; ask again.")];
        responses(&[BAD_QUERY, NO_SUCH_RUN, timeout, QUARANTINE, NO_ENGINE])
    }
}

/// One response per status: kinds that share it get a line each.
fn responses(errors: &[Errors<'_>]) -> Responses {
    let mut lines: BTreeMap<u16, Vec<String>> = BTreeMap::new();
    for (kind, why) in errors.iter().copied().flatten() {
        lines.entry(kind.status).or_default().push(format!("- `{}`: {why}", kind.code));
    }
    let response = |lines: Vec<String>| {
        let body = Content::new(Some(Ref::from_schema_name("Problem")));
        ResponseBuilder::new().description(lines.join("\n")).content("application/problem+json", body)
    };
    lines.into_iter().map(|(status, lines)| (status.to_string(), response(lines).build().into())).collect()
}

/// Adds the schema that all errors reference.
pub(super) fn add_problem_schema(document: &mut OpenApi) {
    let schemas = &mut document.components.get_or_insert_default().schemas;
    let mut needed = vec![("Problem".to_owned(), <ProblemBody<'_> as PartialSchema>::schema())];
    <ProblemBody<'_> as ToSchema>::schemas(&mut needed);
    schemas.extend(needed);
}
