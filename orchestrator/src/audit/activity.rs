//! What is going on in the backends, for whoever waits until nothing is.

use jiff::Timestamp;
use shared::ledger::{Record, Request};

use super::Ledgers;
use crate::words::{count, counted};

/// The time of the last activity.
pub fn last_heard(ledgers: &Ledgers) -> Option<Timestamp> {
    let heard = |record: &Record| match record {
        Record::Request(request) => request.ended_at.unwrap_or(request.started_at),
        Record::Effect(effect) => effect.at,
    };
    ledgers.values().flatten().map(heard).max()
}

/// The requests that are executing now.
pub fn executing(ledgers: &Ledgers) -> impl Iterator<Item = &Request> {
    ledgers.values().flatten().filter_map(|record| match record {
        Record::Request(request) if request.ended_at.is_none() => Some(request),
        _ => None,
    })
}

/// How many requests are executing, and the first of them by name, as a sentence; `None` if there are none.
pub fn executing_now<'a>(mut requests: impl Iterator<Item = &'a Request>) -> Option<String> {
    let first = requests.next()?;
    let order = first.order.as_ref().map_or_else(String::new, |order| format!(" of {order}"));
    let first = format!("{}{order}", first.operation);
    Some(match requests.count() as u64 {
        0 => format!("1 request is executing ({first})"),
        more => {
            format!("{} are executing ({first} and {} more)", counted(more + 1, "request"), count(more))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::story::Story;

    #[test]
    fn the_last_to_be_heard_of_is_the_newest_end_or_effect() {
        let heard = |story| last_heard(&Story::told(story).ledgers).map(Timestamp::as_second);
        assert_eq!(heard(""), None);
        assert_eq!(heard("1s payment.authorize took=9s -> lost\n5s inventory.reserve -> 201"), Some(10));
        assert_eq!(heard("1s payment.authorize -> executing\n5s expired res_1"), Some(5));
    }

    #[test]
    fn of_several_requests_one_is_named() {
        let request = r#"{"kind":"request","seq":1,"operation":"payment.capture","startedAt":"1970-01-01T00:00:00Z","correlationId":"c-1"}"#;
        let requests: Vec<Request> = vec![serde_json::from_str(request).unwrap(); 3];
        let told = |most: usize| executing_now(requests.iter().take(most));
        assert_eq!(told(0), None);
        insta::assert_snapshot!(told(1).unwrap(), @"1 request is executing (payment.capture)");
        insta::assert_snapshot!(told(3).unwrap(), @"3 requests are executing (payment.capture and 2 more)");
    }
}
