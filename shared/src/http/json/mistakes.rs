//! Says what serde did not like about a body that is JSON, in words of JSON: its author does not know Rust.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::{Path, Segment};

use crate::http::FieldError;

/// How often a body is parsed to find more mistakes.
const MAX_PARSES: usize = 40;
const TWICE: &str = "must not be given twice";

/// Parses repeatedly, each time without the mistake that was found, to name them all; also returns what
/// remains without them. `error` is that of the first parse.
pub(super) fn named<T: DeserializeOwned>(
    body: &[u8],
    error: &serde_json::Error,
) -> (Vec<FieldError>, Option<T>) {
    let mut mistakes: Vec<FieldError> = Vec::new();
    let mut rest = Cow::Borrowed(body);
    for _ in 0..MAX_PARSES {
        let deserializer = &mut serde_json::Deserializer::from_slice(&rest);
        let found = match serde_path_to_error::deserialize(deserializer) {
            Ok(value) => return (mistakes, Some(value)),
            Err(found) => found,
        };
        let mistake = mistake(found.path(), &found.inner().to_string());
        let known = mistakes.iter().any(|known| known.field == mistake.field);
        let other = match mistake.message.as_str() {
            TWICE => None,
            // What may not be `null` either may be an empty object.
            _ if known => Some(Value::Object(Map::new())),
            _ => Some(Value::Null),
        };
        if !known {
            mistakes.push(mistake);
        }
        match with(&rest, found.path(), other) {
            Some(other) if other != *rest => rest = Cow::Owned(other),
            _ => break,
        }
    }
    if mistakes.is_empty() {
        mistakes.push(FieldError { field: "body".to_owned(), message: error.to_string() });
    }
    (mistakes, None)
}

/// The body with another value in the place of one, if there is another. What is given twice in it is
/// given once.
fn with(body: &[u8], path: &Path, other: Option<Value>) -> Option<Vec<u8>> {
    let mut json: Value = serde_json::from_slice(body).ok()?;
    if let Some(other) = other {
        *path.iter().try_fold(&mut json, |json, segment| match segment {
            Segment::Map { key } => json.get_mut(key),
            Segment::Seq { index } => json.get_mut(index),
            Segment::Enum { .. } | Segment::Unknown => None,
        })? = other;
    }
    serde_json::to_vec(&json).ok()
}

fn mistake(path: &Path, message: &str) -> FieldError {
    // Serde appends the position in the text, which the path shows better.
    let message = message.split(" at line ").next().unwrap_or_default();
    let path = Some(path.to_string()).filter(|path| path != ".");
    if let Some(name) = message.strip_prefix("duplicate field `").and_then(|rest| rest.strip_suffix('`')) {
        let field = path.map_or_else(|| name.to_owned(), |path| format!("{path}.{name}"));
        return FieldError { field, message: TWICE.to_owned() };
    }
    let wrong_type = message.strip_prefix("invalid type: ").and_then(|rest| rest.split_once(", expected "));
    let message = match wrong_type {
        Some((found, expected)) => {
            format!("must be {}, not {}", expected_in_json(expected), found_in_json(found))
        }
        None => message.to_owned(),
    };
    FieldError { field: path.unwrap_or_else(|| "body".to_owned()), message }
}

fn expected_in_json(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" => "a whole number",
        "a sequence" => "a list",
        name if name.starts_with("struct ") => "an object",
        other => other,
    }
}

fn found_in_json(found: &str) -> String {
    match found.split_once(' ') {
        Some(("integer", number)) => format!("the number {}", number.trim_matches('`')),
        Some(("floating", rest)) => {
            format!("the number {}", rest.trim_start_matches("point ").trim_matches('`'))
        }
        Some(("boolean", value)) => value.trim_matches('`').to_owned(),
        Some(("string", text)) => format!("the string {text}"),
        _ if found == "sequence" => "a list".to_owned(),
        _ if found == "map" => "an object".to_owned(),
        _ => found.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use crate::http::json::{Object, prepare_json};

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only whether it can be read matters")]
    struct Order {
        items: Vec<Object<Item>>,
        note: Option<String>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only whether it can be read matters")]
    struct Item {
        quantity: u32,
    }

    fn refused(body: &str) -> String {
        let problem = prepare_json::<Order, _>(body.as_bytes(), Ok).unwrap_err();
        format!("{}: {}", problem.kind().code, problem.detail())
    }

    #[test]
    fn a_wrong_type_is_told_in_words_of_json() {
        insta::assert_snapshot!(refused(r#"{"items":[1]}"#), @"validation_error: items[0] must be an object, not the number 1");
        insta::assert_snapshot!(refused(r#"{"items":[[1]]}"#), @"validation_error: items[0] must be an object, not a list");
        insta::assert_snapshot!(refused(r#"{"items":[true,null,1.5,"a",{"quantity":"2"}]}"#), @"validation_error: items[0] must be an object, not true");
        insta::assert_snapshot!(refused(r#"{"items":[{"quantity":{}}],"note":["a"]}"#), @"validation_error: items[0].quantity must be a whole number, not an object");
        insta::assert_snapshot!(refused(r#"{"items":{}}"#), @"validation_error: items must be a list, not an object");
    }

    #[test]
    fn what_is_given_twice_is_named_beside_what_is_wrong() {
        insta::assert_snapshot!(refused(r#"{"items":[],"note":"a","items":[]}"#), @"validation_error: items must not be given twice");
        insta::assert_snapshot!(refused(r#"{"items":[{"quantity":1,"quantity":2}],"note":7}"#), @"validation_error: items[0].quantity must not be given twice; note must be a string, not the number 7");
    }

    #[test]
    fn a_body_that_is_not_json_is_not_judged_by_its_types() {
        insta::assert_snapshot!(refused(r#"{"items":[1}"#), @"malformed_json: The body is not valid JSON: expected `,` or `]` at line 1 column 12.");
        insta::assert_snapshot!(refused(r#"{"note":7,"items":[[["#), @"malformed_json: The body is not valid JSON: EOF while parsing a list at line 1 column 21.");
    }
}
