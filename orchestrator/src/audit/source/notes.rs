//! What a ledger cannot know: the orchestrator's decisions, and when the client was restarted.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use smol_str::SmolStr;

use super::Error;
use super::files::{in_file, text_of};
use crate::audit::Decision;

/// Decisions, one per line or in an array, by order.
///
/// # Errors
/// When the file cannot be read, or contains an order twice.
pub fn read_decisions(path: &Path) -> Result<BTreeMap<SmolStr, Decision>, Error> {
    let text = text_of(path)?;
    let parsed = if text.trim_start().starts_with('[') {
        serde_json::from_str::<Vec<Decision>>(&text)
    } else {
        serde_json::Deserializer::from_str(&text).into_iter().collect()
    };
    let mut decisions = BTreeMap::new();
    for decision in parsed.map_err(|error| in_file(path, format!("not a list of decisions: {error}")))? {
        let id = decision.order_id.clone();
        if decisions.insert(id.clone(), decision).is_some() {
            return Err(in_file(path, format!("order {id} is listed twice")));
        }
    }
    Ok(decisions)
}

/// Times such as `2026-01-28T10:00:00.250Z`, one per line.
///
/// # Errors
/// When the file cannot be read, or a line is not a time.
pub fn read_restarts(path: &Path) -> Result<Vec<Timestamp>, Error> {
    let text = text_of(path)?;
    let lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
    let times = lines.map(|(nth, line)| {
        line.parse()
            .map_err(|error| in_file(path, format!("line {}: `{line}` is not a time: {error}", nth + 1)))
    });
    times.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Verb;
    use crate::domain::OrderStatus;

    fn with_file<T>(text: &str, read: impl FnOnce(&Path) -> Result<T, Error>) -> Result<T, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes");
        std::fs::write(&path, text).unwrap();
        read(&path).map_err(|error| error.to_string().replace(&folder.path().display().to_string(), ""))
    }

    #[test]
    fn decisions_are_read_from_lines_and_arrays() {
        let one = r#"{"orderId":"ORD-1","accepted":["approve","cancel"],"status":"cancelled"}"#;
        let other = r#"{"orderId":"ORD-2"}"#;
        for text in [format!("{one}\n{other}\n"), format!("[{one},{other}]")] {
            let decisions = with_file(&text, read_decisions).unwrap();
            assert_eq!(decisions["ORD-1"].accepted, [Verb::Approve, Verb::Cancel]);
            assert_eq!(decisions["ORD-1"].status, Some(OrderStatus::Cancelled));
            assert_eq!((decisions["ORD-2"].accepted.len(), decisions["ORD-2"].status), (0, None));
        }
    }

    #[test]
    fn restarts_are_read_line_by_line() {
        let times = with_file("1970-01-01T00:00:01Z\n\n1970-01-01T00:00:02.5Z\n", read_restarts).unwrap();
        assert_eq!(times.iter().map(|time| time.as_millisecond()).collect::<Vec<_>>(), [1000, 2500]);
    }

    #[test]
    fn what_is_wrong_is_said_with_the_file() {
        let wrong = |text: &str| with_file(text, read_decisions).unwrap_err();
        insta::assert_snapshot!(wrong(r#"{"orderId":"ORD-1"}{"orderId":"ORD-1"}"#), @"/notes: order ORD-1 is listed twice");
        insta::assert_snapshot!(wrong(r#"{"orderId":"ORD-1","accepted":["maybe"]}"#), @"/notes: not a list of decisions: unknown variant `maybe`, expected one of `approve`, `reject`, `cancel` at line 1 column 38");
        insta::assert_snapshot!(wrong(r#"{"orderId":"ORD-1","state":"shipped"}"#), @"/notes: not a list of decisions: unknown field `state`, expected one of `orderId`, `accepted`, `status` at line 1 column 26");
        insta::assert_snapshot!(with_file("yesterday", read_restarts).unwrap_err(), @"/notes: line 1: `yesterday` is not a time: failed to parse four digit integer as year: invalid digit, expected 0-9 but got y");
    }
}
