use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{FieldError, Problem, problems};

/// Room for nearly every answer, which then is written without being moved.
const USUAL_BODY_BYTES: usize = 256;

/// Reads a JSON object from a request's body. Fields that `T` does not know are ignored.
///
/// # Errors
/// `malformed_json` when the body is not JSON, `validation_error` naming the field when a value is
/// of the wrong type.
pub fn parse_json<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Problem> {
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => {
            return Err(Problem::new(
                &problems::MALFORMED_JSON,
                "The body is empty, expected a JSON object.",
            ));
        }
        Some(b'{') => {}
        Some(_) if serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok() => {
            let error = FieldError { field: "body".to_owned(), message: "must be a JSON object".to_owned() };
            return Err(Problem::validation(vec![error]));
        }
        Some(_) => {}
    }
    serde_json::from_slice(body).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => wrong_type::<T>(body, &error),
        _ => Problem::new(&problems::MALFORMED_JSON, format!("The body is not valid JSON: {error}.")),
    })
}

/// Reads once more, slower, to learn which field it was.
fn wrong_type<'a, T: Deserialize<'a>>(body: &'a [u8], error: &serde_json::Error) -> Problem {
    let deserializer = &mut serde_json::Deserializer::from_slice(body);
    let (field, message) = match serde_path_to_error::deserialize::<_, T>(deserializer) {
        Err(found) => (found.path().to_string(), found.inner().to_string()),
        Ok(_) => ("body".to_owned(), error.to_string()),
    };
    // Serde appends where in the text it was, which the path tells better.
    let message = message.split(" at line ").next().unwrap_or_default();
    let message = match message.strip_prefix("invalid type: ").and_then(|rest| rest.split_once(", expected "))
    {
        Some((found, expected)) => format!("must be {}, not {found}", in_json(expected)),
        None => message.to_owned(),
    };
    let field = if field == "." { "body".to_owned() } else { field };
    Problem::validation(vec![FieldError { field, message }])
}

/// What Serde expected, in the words of JSON: the names of Rust say nothing to who wrote it.
fn in_json(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" => "a whole number",
        name if name.starts_with("struct ") => "an object",
        other => other,
    }
}

/// `value` as a JSON body.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Bytes, Problem> {
    let mut body = Vec::with_capacity(USUAL_BODY_BYTES);
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
