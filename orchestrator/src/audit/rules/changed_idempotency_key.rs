use std::collections::HashMap;

use foldhash::fast::RandomState;
use jiff::Timestamp;

use crate::audit::order::{Call, Ending, Operation, Order, Question};
use crate::audit::{Evidence, Kind, Rule};

pub(super) static RULE: Rule = Rule {
    name: "changed_idempotency_key",
    kind: Kind::Behaviour,
    needs: &[],
    lifted_by: None,
    holds: "A request that may have happened, and of which the client has not found out (by a definite answer, or by \
            its resource's own id), is repeated under its own idempotency key, not under another.",
    cause: "Usually the key is made where the request is sent, so that every retry makes a new one, or it was not \
            written down before the request, so that a restart forgot it. The effect may then happen twice.",
    judge,
};

fn judge<'a>(order: &Order<'a>) -> Option<Evidence<'a>> {
    if !has_two_keys(order) {
        return None;
    }
    let definite = definite(&order.calls);
    let mut asked: HashMap<Question<'a>, Vec<Open<'_, 'a>>, RandomState> = HashMap::default();
    let writes = order.calls.iter().filter(|call| call.operation.is_write() && call.key().is_some());
    let (open, again) = writes.into_iter().find_map(|again| {
        let earlier = asked.entry(again.question()?).or_default();
        let now = again.request.started_at;
        earlier.retain(|open| open.known_at.is_none_or(|known_at| known_at > now));
        let open = earlier.iter().map(|open| open.call).find(|call| !call.has_key_of(again));
        earlier.push(Open { call: again, known_at: known_at(order, &definite, again) });
        Some((open?, again))
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

/// Whether anything was asked for under two keys, which is rare.
fn has_two_keys(order: &Order<'_>) -> bool {
    let mut first = HashMap::<_, _, RandomState>::default();
    let mut keyed = order.calls.iter().filter(|call| call.operation.is_write() && call.key().is_some());
    keyed.any(|call| {
        let question = call.question();
        question.is_some_and(|question| *first.entry(question).or_insert(call.key()) != call.key())
    })
}

/// A request, and when its client knew what had become of it.
struct Open<'o, 'a> {
    call: &'o Call<'a>,
    known_at: Option<Timestamp>,
}

/// When the client knew what had become of `call`, or that nothing had.
fn known_at(
    order: &Order<'_>,
    definite: &HashMap<Intent<'_>, Timestamp, RandomState>,
    call: &Call<'_>,
) -> Option<Timestamp> {
    if call.ending == Ending::Unavailable {
        return call.request.ended_at;
    }
    let answered = definite.get(&intent(call)).copied();
    if call.ending.is_definite() { answered } else { answered.into_iter().chain(order.told_of(call)).min() }
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
        for answer in ["408 timeout", "500 internal_error", "200 garbled", "abandoned", "executing"] {
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
    fn what_did_not_happen_may_be_asked_again_under_any_key() {
        assert_eq!(after("503 unavailable"), None);
        assert_eq!(after("429 rate_limited"), None);
        let lost_before = "0s payment.authorize key=a -> lost\n1s payment.authorize key=a -> 503 unavailable
            2s payment.authorize key=b -> 201";
        assert!(judged(&RULE, lost_before).is_some());
        let overlapping =
            "0s payment.authorize key=a took=2s -> 503 unavailable\n1s payment.authorize key=b -> 201";
        assert!(judged(&RULE, overlapping).is_some());
    }

    #[test]
    fn what_the_client_has_found_out_is_known() {
        let capture = |read: &str| {
            let asked = "0s payment.capture auth_1 key=a -> 408 timeout";
            judged(
                &RULE,
                &format!("{asked}\n{read}\n2s payment.capture auth_1 key=b -> 200; captured auth_1 100"),
            )
        };
        assert_eq!(capture("1s payment.status auth_1 -> 200"), None);
        assert!(capture("1s payment.status auth_1 -> 503 unavailable").is_some());
        assert!(capture("1s payment.status auth_2 -> 200").is_some());
        let label =
            "0s shipping.create_label key=a took=6s -> abandoned; generating lbl_1; abandoned lbl_1 @8s
            8s shipping.cancel lbl_1 -> 409 already_cancelled
            9s shipping.create_label key=b -> 201; generated lbl_2";
        assert_eq!(judged(&RULE, label), None);
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
