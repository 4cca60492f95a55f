use std::cell::LazyCell;
use std::collections::HashMap;

use foldhash::fast::RandomState;
use jiff::Timestamp;

use crate::audit::order::{Call, Operation, Order, Question};
use crate::audit::{Evidence, Kind, Rule};

pub(super) static RULE: Rule = Rule {
    name: "changed_idempotency_key",
    kind: Kind::Behaviour,
    needs: &[],
    lifted_by: None,
    holds: "A request that has no definite answer yet (a readable 2xx, or a refusal) is repeated under its own \
            idempotency key, not under another.",
    cause: "Usually the key is made where the request is sent, so that every retry makes a new one, or it was not \
            written down before the request, so that a restart forgot it. The effect may then happen twice.",
    judge,
};

fn judge<'a>(order: &Order<'a>) -> Option<Evidence<'a>> {
    let definite = LazyCell::new(|| definite(&order.calls));
    let (open, again) = order.calls.iter().enumerate().find_map(|(nth, again)| {
        let mut earlier = order.calls[..nth].iter();
        let open = earlier.find(|earlier| {
            let answered =
                || definite.get(&intent(earlier)).is_some_and(|at| *at <= again.request.started_at);
            changes_key(earlier, again) && !answered()
        })?;
        Some((open, again))
    })?;
    let sentence = format!(
        "{} was sent again under another key ({}) while the outcome of the first ({}) was unknown.",
        again.request.operation,
        again.request.idempotency_key.as_deref()?,
        open.request.idempotency_key.as_deref()?,
    );
    let keys = order.calls.iter().copied().filter(|call| call.has_key_of(open) || call.has_key_of(again));
    Some(Evidence::new(sentence).calls(order, keys))
}

/// Whether `again` asks for the same as `earlier` under another key.
fn changes_key(earlier: &Call<'_>, again: &Call<'_>) -> bool {
    again.key().is_some()
        && earlier.key().is_some()
        && !again.has_key_of(earlier)
        && again.asks_the_same_as(earlier)
}

/// What a request asks for under which key. A key with another body is another request: what it is
/// answered tells nothing of this one.
type Intent<'a> = (Option<(Operation<'a>, &'a str)>, Option<Question<'a>>);

fn intent<'a>(call: &Call<'a>) -> Intent<'a> {
    (call.key(), call.question())
}

/// When there was first a definite answer to each request.
fn definite<'a>(calls: &[Call<'a>]) -> HashMap<Intent<'a>, Timestamp, RandomState> {
    let mut first = HashMap::default();
    for call in calls.iter().filter(|call| call.ending.is_definite()) {
        if let Some(at) = call.request.ended_at {
            let first = first.entry(intent(call)).or_insert(at);
            *first = at.min(*first);
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::audit::story::judged;
    use insta::assert_snapshot;

    fn after(answer: &str) -> Option<String> {
        judged(
            &RULE,
            &format!(
                "0s payment.authorize key=a took=2s -> {answer}
                5s payment.authorize key=b -> 201; held auth_2 100"
            ),
        )
    }

    #[test]
    fn an_open_request_was_repeated_under_a_new_key() {
        assert_snapshot!(after("lost").unwrap(), @"payment.authorize was sent again under another key (b) while the outcome of the first (a) was unknown.");
        for answer in
            ["408 timeout", "500 internal_error", "200 garbled", "503 unavailable", "abandoned", "executing"]
        {
            assert!(after(answer).is_some(), "{answer}");
        }
        let overlapping = "0s payment.authorize key=a took=2s -> 201\n1s payment.authorize key=b -> 201";
        assert!(judged(&RULE, overlapping).is_some());
    }

    #[test]
    fn a_restart_excuses_nothing() {
        let forgotten =
            "0s payment.authorize key=a -> abandoned\n1s restart\n2s payment.authorize key=b -> 201";
        assert!(judged(&RULE, forgotten).is_some());
    }

    #[test]
    fn after_a_definite_answer_it_is_a_new_request() {
        assert_eq!(after("201"), None);
        assert_eq!(after("402 insufficient_funds"), None);
        let at_once =
            "0s payment.authorize key=a took=5s -> 402 insufficient_funds\n5s payment.authorize key=b -> 201";
        assert_eq!(judged(&RULE, at_once), None);
        let repeated = "0s payment.authorize key=a -> lost
            1s payment.authorize key=a -> 402 insufficient_funds
            2s payment.authorize key=b -> 201";
        assert_eq!(judged(&RULE, repeated), None);
        let told_by_the_repeat = "0s payment.authorize key=a took=9s -> 402 insufficient_funds
            1s payment.authorize key=a -> 402 insufficient_funds
            2s payment.authorize key=b -> 201";
        assert_eq!(judged(&RULE, told_by_the_repeat), None);
    }

    #[test]
    fn a_request_without_a_key_hides_no_other() {
        for requests in [["none", "a", "b"], ["a", "none", "b"]] {
            let story = requests.map(|key| format!("0s payment.authorize key={key} -> lost\n")).concat();
            assert!(judged(&RULE, &story).is_some(), "{story}");
        }
    }

    #[test]
    fn a_refused_reuse_of_the_key_tells_nothing_of_the_first_request() {
        for refusal in ["422 idempotency_key_reuse", "400 malformed_json"] {
            let reused = format!(
                "0s payment.authorize key=a -> lost; held auth_1 100
                1s payment.authorize key=a body=other -> {refusal}
                2s payment.authorize key=b -> 201; held auth_2 100"
            );
            assert!(judged(&RULE, &reused).is_some(), "{refusal}");
        }
    }

    #[test]
    fn the_same_key_and_another_body_are_right() {
        let same = "0s payment.authorize -> lost\n1s payment.authorize -> 201";
        assert_eq!(judged(&RULE, same), None);
        let other =
            "0s payment.refund auth_1 key=a body=a -> lost\n1s payment.refund auth_1 key=b body=b -> 200";
        assert_eq!(judged(&RULE, other), None);
    }
}
