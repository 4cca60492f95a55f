use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Error;
use super::collected::{Collected, Page};
use crate::audit::{Decision, Domain, Evicted, Ledgers};

/// The ledgers in these files: saved answers of `GET /{domain}/ledger`, or records, one per line or in
/// an array.
pub(super) fn read(paths: &[PathBuf]) -> Result<(Ledgers, Evicted), Error> {
    let mut collected = Collected::default();
    for path in paths {
        let text = text_of(path)?;
        add(&mut collected, domain_in_name(path), &text).map_err(|reason| in_file(path, reason))?;
    }
    let named = paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
    collected.finish().map_err(|reason| Error::File { path: named, reason })
}

fn add(collected: &mut Collected, domain: Option<Domain>, text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        let valid = "the answer of GET /{domain}/ledger, or its records, one per line or in an array";
        return Err(format!("the file is empty; expected {valid}"));
    }
    let values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    for (nth, value) in values.enumerate() {
        let value = value.map_err(|error| format!("not JSON: {error}"))?.get();
        add_value(collected, domain, value).map_err(|reason| format!("value {}: {reason}", nth + 1))?;
    }
    Ok(())
}

/// The kind of a value, recognized by members that no other kind has.
#[derive(Deserialize)]
struct Shape<'a> {
    #[serde(borrow)]
    records: Option<&'a RawValue>,
}

fn add_value(collected: &mut Collected, domain: Option<Domain>, value: &str) -> Result<(), String> {
    if value.starts_with('[') {
        let records = parsed(value)?;
        return collected.page(domain, Page { domain: None, records, next_cursor: None, evicted_orders: 0 });
    }
    match parsed(value)? {
        Shape { records: Some(_) } => collected.page(domain, parsed(value)?),
        Shape { records: None } => collected.record(domain, parsed(value)?),
    }
}

fn parsed<'a, T: Deserialize<'a>>(value: &'a str) -> Result<T, String> {
    serde_json::from_str(value).map_err(|error| match holds_decisions(value) {
        true => "these are decisions, not a ledger: give them with --decisions".to_owned(),
        false => format!("not a ledger: {error}"),
    })
}

fn holds_decisions(value: &str) -> bool {
    let decision = serde_json::from_str::<Decision>(value);
    decision.is_ok() || serde_json::from_str::<Vec<Decision>>(value).is_ok()
}

/// The domain after which a file is named, such as `payment.json` or `ledger-payment-2.jsonl`.
fn domain_in_name(path: &Path) -> Option<Domain> {
    let name = path.file_stem()?.to_str()?;
    Domain::ALL.into_iter().find(|domain| name.contains(domain.name()))
}

pub(super) fn text_of(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|error| in_file(path, error.to_string()))
}

pub(super) fn in_file(path: &Path, reason: String) -> Error {
    Error::File { path: path.display().to_string(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::executing;
    use crate::audit::story::Story;
    use shared::ledger::Record;

    /// The ledgers in files of these names and texts, by domain, or what is wrong with them.
    fn read_files(files: &[(&str, &str)]) -> Result<Vec<(Domain, usize)>, String> {
        let folder = tempfile::tempdir().unwrap();
        let paths = files.iter().map(|(name, text)| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        });
        let ledgers = read(&paths.collect::<Vec<_>>());
        let count = |(ledgers, _): (Ledgers, _)| {
            ledgers.into_iter().map(|(domain, records)| (domain, records.len())).collect()
        };
        ledgers
            .map(count)
            .map_err(|error| error.to_string().replace(&folder.path().display().to_string(), ""))
    }

    fn lines(records: &[Record]) -> String {
        records.iter().map(|record| serde_json::to_string(record).unwrap() + "\n").collect()
    }

    fn payment() -> Vec<Record> {
        let story = Story::told("0s payment.authorize -> 201; held auth_1 109.97");
        story.ledgers[&Domain::Payment].clone()
    }

    #[test]
    fn answers_arrays_and_lines_are_read_alike() {
        let records = payment();
        let array = serde_json::to_string(&records).unwrap();
        let answer = format!(r#"{{"success":true,"records":{array}}}"#);
        for text in [lines(&records), array, answer] {
            assert_eq!(read_files(&[("a.json", &text)]).unwrap(), [(Domain::Payment, 2)], "{text}");
        }
    }

    #[test]
    fn an_empty_ledger_is_served_if_the_page_or_the_name_tells_whose_it_is() {
        let empty = r#"{"success":true,"records":[]}"#;
        assert_eq!(read_files(&[("shipping.json", empty)]).unwrap(), [(Domain::Shipping, 0)]);
        assert_eq!(read_files(&[("shipping.jsonl", "[]")]).unwrap(), [(Domain::Shipping, 0)]);
        let named = r#"{"domain":"inventory","records":[]}"#;
        assert_eq!(read_files(&[("a.json", named)]).unwrap(), [(Domain::Inventory, 0)]);
    }

    #[test]
    fn a_ledger_saved_twice_counts_once() {
        let text = lines(&payment());
        assert_eq!(read_files(&[("a.json", &text), ("b.json", &text)]).unwrap(), [(Domain::Payment, 2)]);
    }

    #[test]
    fn a_request_that_ended_between_two_saves_has_ended_whichever_is_read_last() {
        let saved = |answer: &str| {
            let story = Story::told(&format!("0s payment.authorize -> {answer}"));
            lines(&story.ledgers[&Domain::Payment])
        };
        let folder = tempfile::tempdir().unwrap();
        let save = |name: &str, text: String| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let older = save("payment-9.json", saved("executing"));
        let newer = save("payment-10.json", saved("201"));
        for files in [[older.clone(), newer.clone()], [newer, older]] {
            let (ledgers, _) = read(&files).unwrap();
            assert_eq!(executing(&ledgers).count(), 0);
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_the_file() {
        let wrong = |name: &str, text: &str| read_files(&[(name, text)]).unwrap_err();
        insta::assert_snapshot!(wrong("payment.json", ""), @"/payment.json: the file is empty; expected the answer of GET /{domain}/ledger, or its records, one per line or in an array");
        insta::assert_snapshot!(wrong("a.json", r#"{"success":true,"records":[]}"#), @"/a.json: value 1: nothing in it says which domain's ledger it is; name the file after the domain, such as payment.json");
        let cut = r#"{"records":[],"nextCursor":"7"}"#;
        insta::assert_snapshot!(wrong("payment.json", cut), @"/payment.json: the last page of payment's ledger is missing: follow nextCursor until there is none");
        insta::assert_snapshot!(wrong("a.json", "{"), @"/a.json: not JSON: EOF while parsing an object at line 1 column 1");
        insta::assert_snapshot!(wrong("a.json", "{}\n"), @"/a.json: value 1: not a ledger: missing field `kind` at line 1 column 2");
        let decision = r#"{"orderId":"ORD-1","accepted":["cancel"],"status":"cancelled"}"#;
        insta::assert_snapshot!(wrong("a.jsonl", decision), @"/a.jsonl: value 1: these are decisions, not a ledger: give them with --decisions");
        assert_eq!(wrong("a.jsonl", &format!("[{decision}]")), wrong("a.jsonl", decision));
        let other_run = lines(&payment()).replace("ORD-1", "ORD-2");
        let both = format!("{}{other_run}", lines(&payment()));
        insta::assert_snapshot!(wrong("a.json", &both), @"/a.json: value 3: payment has two records with number 1; are these ledgers of different runs?");
        let shifted = lines(&payment()[1..]).replace(r#""seq":2"#, r#""seq":1"#);
        assert_eq!(wrong("a.json", &format!("{}{shifted}", lines(&payment()))), wrong("a.json", &both));
        let foreign = lines(&payment()).replace("auth_1", "ch-1");
        insta::assert_snapshot!(wrong("a.json", &foreign), @"/a.json: value 2: record 2 does not show its domain; name the file after the domain, such as payment.json");
        assert!(read(&[PathBuf::from("/no/such/file")]).is_err());
    }

    #[test]
    fn a_saved_answer_says_what_had_left_the_ledger() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("payment.json");
        std::fs::write(&path, r#"{"success":true,"records":[],"evictedOrders":12}"#).unwrap();
        let (_, evicted) = read(std::slice::from_ref(&path)).unwrap();
        assert_eq!(evicted, Evicted::from([(Domain::Payment, 12)]));
        std::fs::write(&path, "[]").unwrap();
        assert_eq!(read(&[path]).unwrap().1, Evicted::new(), "records alone say nothing of others");
    }

    #[test]
    fn a_name_that_contradicts_the_records_is_refused() {
        let shipped = Story::told(
            "0s payment.authorize -> 201; held auth_1 100
            1s shipping.create_label -> 201; generated lbl_1",
        );
        let records: Vec<_> = shipped.ledgers.into_values().flatten().collect();
        let array = serde_json::to_string(&records).unwrap();
        let answer = format!(r#"{{"success":true,"records":{array}}}"#);
        for text in [lines(&records), array.clone(), answer] {
            let refused = read_files(&[("payment-flow.json", &text)]).unwrap_err();
            assert!(refused.ends_with("record 3 is from shipping, not from payment; name the file after its domain, or after none if it holds several"), "{refused}");
        }
        let both = [(Domain::Payment, 2), (Domain::Shipping, 2)];
        assert_eq!(read_files(&[("flow.json", &array)]).unwrap(), both);
    }
}
