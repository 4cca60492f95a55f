use std::ops::RangeInclusive;

use axum::extract::{FromRequestParts, Query};
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::{FieldError, Fields, Problem};

/// The query of a request, whose parameters are all text. `T` MUST refuse unknown ones: a mistyped filter
/// that is ignored selects everything.
#[derive(Debug)]
pub struct Params<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let parsed = Query::try_from_uri(&parts.uri);
        parsed.map(|Query(query)| Self(query)).map_err(|error| {
            let text = error.body_text();
            Problem::validation(vec![mistake(text.split_once(": ").map_or(&*text, |(_, reason)| reason))])
        })
    }
}

/// What serde found wrong, in which backticks quote names.
fn mistake(reason: &str) -> FieldError {
    let mut names = reason.split('`').skip(1).step_by(2);
    let name = names.next().unwrap_or("query").to_owned();
    let message = if reason.contains("duplicate field ") {
        "must not be given twice".to_owned()
    } else if reason.contains("unknown field ") {
        format!("is not known here; there are {}", names.collect::<Vec<_>>().join(", "))
    } else {
        reason.to_owned()
    };
    FieldError { field: name, message }
}

/// A parameter with a value; a blank one counts as absent, because forms send such.
pub fn given(value: Option<&str>) -> Option<&str> {
    value.map(str::trim).filter(|value| !value.is_empty())
}

/// A whole number within `range`.
pub fn whole_number(
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
