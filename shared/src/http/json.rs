mod mistakes;
mod object;

use bytes::Bytes;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;

use super::{FieldError, Problem, problems};

pub use object::Object;

/// Enough for nearly every answer, which is then written without being moved.
const TYPICAL_BODY_BYTES: usize = 256;

/// Reads a JSON object from a request's body. Fields that `T` does not know are ignored.
///
/// # Errors
/// `malformed_json` when the body is not JSON, `validation_error` naming each field that is of
/// the wrong type.
pub fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    require_object(body)?;
    serde_json::from_slice(body).map_err(|error| match serde_json::from_slice::<IgnoredAny>(body) {
        Ok(IgnoredAny) => Problem::validation(mistakes::named::<T>(body, &error)),
        Err(malformed_later) => malformed(&malformed_later),
    })
}

/// A request's body as a JSON object that is read member by member.
///
/// # Errors
/// As [`parse_json`].
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

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(&problems::MALFORMED_JSON, format!("The body is not valid JSON: {error}."))
}

/// `value` as a JSON body.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Bytes, Problem> {
    let mut body = Vec::with_capacity(TYPICAL_BODY_BYTES);
    match serde_json::to_writer(&mut body, value) {
        Ok(()) => Ok(body.into()),
        Err(error) => Err(Problem::bug(format!("an answer could not be written: {error}"))),
    }
}
