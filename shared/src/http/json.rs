mod mistakes;
mod object;

use std::{fmt, io};

use bytes::Bytes;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;

use super::{FieldError, Problem, problems};

pub use object::Object;

/// Enough for nearly every answer, which is then written without being moved.
const TYPICAL_BODY_BYTES: usize = 256;

/// Reads a JSON object from a request's body, and makes of it what `prepare` says. Fields that `T` does not
/// know are ignored.
///
/// # Errors
/// `malformed_json` when the body is not JSON; `validation_error` naming each field that is of the wrong type or
/// given twice, or breaks a rule of `prepare`.
pub(crate) fn prepare_json<T: DeserializeOwned, R>(
    body: &[u8],
    prepare: impl FnOnce(T) -> Result<R, Problem>,
) -> Result<R, Problem> {
    require_object(body)?;
    let text = std::str::from_utf8(body).map_err(|error| malformed(&error))?;
    let error = match serde_json::from_str(text) {
        Ok(value) => return prepare(value),
        Err(error) => error,
    };
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| malformed(&error))?;
    let (mut mistakes, rest) = mistakes::named::<T>(body, &error);
    if let Some(Err(problem)) = rest.map(prepare) {
        let known = mistakes.len();
        for other in problem.errors() {
            if !mistakes[..known].iter().any(|mistake| is_part(&other.field, &mistake.field)) {
                mistakes.push(other.clone());
            }
        }
    }
    Err(Problem::validation(mistakes))
}

/// Whether `field` is `whole`, or within it.
fn is_part(field: &str, whole: &str) -> bool {
    field.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// A request's body as a JSON object that is read member by member.
///
/// # Errors
/// `malformed_json` when the body is not JSON, `validation_error` when it is no object.
pub(crate) fn parse_raw(body: &[u8]) -> Result<&RawValue, Problem> {
    require_object(body)?;
    serde_json::from_slice(body).map_err(|error| malformed(&error))
}

fn require_object(body: &[u8]) -> Result<(), Problem> {
    let is_json = || serde_json::from_slice::<IgnoredAny>(body).is_ok();
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => Err(Problem::new(&problems::MALFORMED_JSON, "The body is empty, expected a JSON object.")),
        Some(b'{') => Ok(()),
        Some(_) if is_json() => Err(Problem::validation(vec![FieldError {
            field: "body".to_owned(),
            message: "must be a JSON object".to_owned(),
        }])),
        Some(_) => Ok(()),
    }
}

fn malformed(error: &dyn fmt::Display) -> Problem {
    Problem::new(&problems::MALFORMED_JSON, format!("The body is not valid JSON: {error}."))
}

/// `value` as a JSON body.
///
/// # Errors
/// A [bug](Problem::bug), when `value` is not JSON.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Bytes, Problem> {
    let mut body = Vec::with_capacity(TYPICAL_BODY_BYTES);
    write_json(&mut body, value)?;
    Ok(body.into())
}

/// Writes `value` as a JSON body.
pub(crate) fn write_json<T: Serialize + ?Sized>(body: impl io::Write, value: &T) -> Result<(), Problem> {
    serde_json::to_writer(body, value)
        .map_err(|error| Problem::bug(format!("an answer could not be written: {error}")))
}
