use std::borrow::Cow;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::error::Category;
use serde_json::value::RawValue;
use serde_path_to_error::{Path, Segment};

use super::{FieldError, Problem, problems};

/// Enough for nearly every answer, which is then written without being moved.
const TYPICAL_BODY_BYTES: usize = 256;

/// The most fields of the wrong type that are named: each takes another parse.
const MAX_NAMED: usize = 20;

/// Reads a JSON object from a request's body. Fields that `T` does not know are ignored.
///
/// # Errors
/// `malformed_json` when the body is not JSON, `validation_error` naming each field that is of
/// the wrong type.
pub fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    require_object(body)?;
    serde_json::from_slice(body).map_err(|error| match error.classify() {
        Category::Data => Problem::validation(wrong_types::<T>(body, &error)),
        _ => malformed(&error),
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
    let is_json = || serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok();
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

/// Parses repeatedly, each time without the field that was found to be wrong, to name them all.
fn wrong_types<T: DeserializeOwned>(body: &[u8], error: &serde_json::Error) -> Vec<FieldError> {
    let mut wrong: Vec<FieldError> = Vec::new();
    let mut rest = Cow::Borrowed(body);
    while wrong.len() < MAX_NAMED {
        let deserializer = &mut serde_json::Deserializer::from_slice(&rest);
        let Err(found) = serde_path_to_error::deserialize::<_, T>(deserializer) else { break };
        let path = found.path().to_string();
        let field = if path == "." { "body".to_owned() } else { path };
        if wrong.iter().any(|error| error.field == field) {
            break;
        }
        wrong.push(FieldError { field, message: in_json(&found.inner().to_string()) });
        match without(&rest, found.path()) {
            Some(less) => rest = Cow::Owned(less),
            None => break,
        }
    }
    if wrong.is_empty() {
        wrong.push(FieldError { field: "body".to_owned(), message: in_json(&error.to_string()) });
    }
    wrong
}

/// The body with `null` in the place of one value.
fn without(body: &[u8], path: &Path) -> Option<Vec<u8>> {
    let mut json: Value = serde_json::from_slice(body).ok()?;
    let value = path.iter().try_fold(&mut json, |json, segment| match segment {
        Segment::Map { key } => json.get_mut(key),
        Segment::Seq { index } => json.get_mut(index),
        Segment::Enum { .. } | Segment::Unknown => None,
    })?;
    *value = Value::Null;
    serde_json::to_vec(&json).ok()
}

/// Serde's message in terms of JSON: the author of the body does not know Rust's type names.
fn in_json(message: &str) -> String {
    // Serde appends the position in the text, which the path shows better.
    let message = message.split(" at line ").next().unwrap_or_default();
    let wrong_type = message.strip_prefix("invalid type: ").and_then(|rest| rest.split_once(", expected "));
    let Some((found, expected)) = wrong_type else { return message.to_owned() };
    let expected = match expected {
        "u8" | "u16" | "u32" | "u64" => "a whole number",
        "a sequence" => "a list",
        name if name.starts_with("struct ") => "an object",
        other => other,
    };
    format!("must be {expected}, not {found}")
}

/// `value` as a JSON body.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Bytes, Problem> {
    let mut body = Vec::with_capacity(TYPICAL_BODY_BYTES);
    match serde_json::to_writer(&mut body, value) {
        Ok(()) => Ok(body.into()),
        Err(error) => {
            Err(Problem::new(&problems::PANIC, format!("The answer could not be written: {error}.")))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Order {
        #[expect(dead_code, reason = "only whether it can be read matters")]
        items: Vec<Item>,
    }

    #[derive(Debug, Deserialize)]
    struct Item {
        #[expect(dead_code, reason = "only whether it can be read matters")]
        quantity: u32,
    }

    #[test]
    fn a_wrong_type_is_told_in_words_of_json() {
        let wrong = |body: &str| parse_json::<Order>(body.as_bytes()).unwrap_err().detail().to_owned();
        insta::assert_snapshot!(wrong(r#"{"items":[1]}"#), @"items[0] must be an object, not integer `1`");
        insta::assert_snapshot!(wrong(r#"{"items":[{"quantity":"2"}]}"#), @r#"items[0].quantity must be a whole number, not string "2""#);
    }
}
