//! What handlers take from a request's line: the run it is about, and its query.

use std::ops::RangeInclusive;

use axum::extract::{FromRequestParts, Path, Query};
use http::request::Parts;
use serde::de::DeserializeOwned;
use shared::http::{Fields, Problem, problems};

use super::problems::invalid;
use crate::domain::WORKFLOW_ID_PREFIX;
use crate::workflows::order_fulfillment::workflow_id;

/// The id of an order's run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WorkflowId(pub(super) String);

impl WorkflowId {
    /// A run by its own id, or by that of its order.
    fn named(name: String) -> Self {
        if name.starts_with(WORKFLOW_ID_PREFIX) { Self(name) } else { Self(workflow_id(&name)) }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for WorkflowId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(name) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| {
            Problem::new(&problems::NOT_FOUND, "The workflow's id in the path is not valid text.")
        })?;
        Ok(Self::named(name))
    }
}

/// The query of a request. What it does not know is ignored.
#[derive(Debug)]
pub(super) struct Params<T>(pub(super) T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let parsed = Query::try_from_uri(&parts.uri);
        parsed.map(|Query(query)| Self(query)).map_err(|error| {
            // Every parameter is text, so all that can be wrong is that one is there twice.
            let text = error.body_text();
            invalid("query", text.split_once(": ").map_or(&*text, |(_, reason)| reason))
        })
    }
}

/// A parameter with a value; one that is blank counts as not given, as forms send it.
pub(super) fn given(value: Option<&str>) -> Option<&str> {
    value.map(str::trim).filter(|value| !value.is_empty())
}

/// A whole number within `range`.
pub(super) fn whole_number(
    fields: &mut Fields,
    name: &str,
    value: Option<&str>,
    range: RangeInclusive<u64>,
) -> Option<u64> {
    let number = given(value)?.parse().ok().filter(|number| range.contains(number));
    if number.is_none() {
        fields.wrong(name, format!("must be a whole number from {} to {}", range.start(), range.end()));
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_named_by_its_id_or_its_orders() {
        for name in ["ORD-1", "order-fulfillment-ORD-1"] {
            assert_eq!(WorkflowId::named(name.to_owned()).0, "order-fulfillment-ORD-1");
        }
    }
}
