use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::audit::order::{Call, Ending, Order, Question};
use crate::audit::{Evidence, Kind, Rule};

pub(super) static RULE: Rule = Rule {
    name: "retried_refusal",
    kind: Kind::Behaviour,
    needs: &[],
    lifted_by: None,
    holds: "What was refused for good (a 4xx other than 408, 429, already_*, label_cancelled and idempotency_key_reuse) is \
            not asked again with the same body. The first repeat under its key that is answered by replay is right: the \
            client may have stopped waiting before the answer.",
    cause: "Usually a retry policy that does not look at the error: declined cards, invalid addresses and missing \
            stock are retried like timeouts, which costs time and, at a real provider, the account's standing.",
    judge,
};

fn judge<'a>(order: &Order<'a>) -> Option<Evidence<'a>> {
    if !order.calls.iter().any(is_refusal) {
        return None;
    }
    let mut asked: HashMap<Question<'a>, Vec<&Call<'a>>, RandomState> = HashMap::default();
    for call in &order.calls {
        if let Some(question) = call.question() {
            asked.entry(question).or_default().push(call);
        }
    }
    let refusals = order.calls.iter().filter(|call| is_refusal(call));
    let mut pairs = refusals.filter_map(|refused| {
        let same = asked.get(&refused.question()?)?;
        Some((refused, retry(order, refused, same)?))
    });
    let (refused, again) = pairs.next()?;
    let status = refused.request.status.unwrap_or_default();
    let error = refused.request.error.as_deref().unwrap_or("an error");
    let sentence = format!(
        "{} was asked again after it had been refused with {status} {error}.",
        again.request.operation
    );
    let more = pairs.flat_map(|(refused, again)| [*refused, *again]);
    Some(Evidence::new(sentence).calls(order, [*refused, *again].into_iter().chain(more)))
}

fn is_refusal(call: &Call<'_>) -> bool {
    let may_be_asked_again = call.request.error.as_deref().is_some_and(|error| {
        // A key of its own, and a label of its own, are what these ask for.
        error.starts_with("already_") || matches!(error, "idempotency_key_reuse" | "label_cancelled")
    });
    call.ending == Ending::Rejected && call.operation.is_write() && !may_be_asked_again
}

/// The first of the calls that ask the `same`, in time order, that the refusal should have prevented.
fn retry<'o, 'a>(order: &Order<'a>, refused: &Call<'a>, same: &[&'o Call<'a>]) -> Option<&'o Call<'a>> {
    let ended_at = refused.request.ended_at?;
    let from = same.partition_point(|call| call.request.started_at < ended_at);
    let later = same[from..].iter().filter(|later| later.came_after(refused)).enumerate();
    let mut retries = later.filter(|(nth, later)| {
        // A client that gave up just before the answer repeats once, and is told by the replay.
        let unheard = *nth == 0 && later.request.replay && later.has_key_of(refused);
        !unheard && !order.is_first_since_restart(refused, later)
    });
    retries.next().map(|(_, later)| *later)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::audit::story::judged;
    use insta::assert_snapshot;

    fn after_refusal(story: &str) -> Option<String> {
        judged(&RULE, &format!("0s payment.authorize took=50ms -> 402 insufficient_funds\n{story}"))
    }

    #[test]
    fn a_refusal_is_asked_again_under_its_key_or_another() {
        assert_snapshot!(after_refusal("1s payment.authorize -> 201; held auth_1 100").unwrap(), @"payment.authorize was asked again after it had been refused with 402 insufficient_funds.");
        assert!(after_refusal("1s payment.authorize key=other -> lost").is_some());
        assert!(after_refusal("1s payment.authorize key=none -> 201").is_some());
    }

    #[test]
    fn a_client_that_did_not_hear_the_answer_is_told_by_one_replay() {
        let replayed = "1s payment.authorize replay -> 402 insufficient_funds\n";
        assert_eq!(after_refusal(replayed), None);
        assert!(after_refusal(&format!("{replayed}{replayed}")).is_some());
        assert!(after_refusal(&format!("{replayed}2s payment.authorize key=other -> 201")).is_some());
    }

    #[test]
    fn other_bodies_other_operations_and_requests_that_overlap_are_right() {
        assert_eq!(after_refusal(""), None);
        assert_eq!(after_refusal("1s payment.authorize key=b body=b -> 201; held auth_1 50"), None);
        assert_eq!(
            after_refusal("1s inventory.reserve body=payment.authorize/ -> 201; reserved res_1"),
            None
        );
        assert_eq!(after_refusal("20ms payment.authorize key=b -> 201; held auth_1 100"), None);
        assert_eq!(after_refusal("50ms payment.authorize -> 409 idempotency_in_progress"), None);
        assert!(after_refusal("51ms payment.authorize -> 409 idempotency_in_progress").is_some());
        let unread = "0s payment.capture auth_1 body=none -> 413 body_too_large\n";
        assert_eq!(judged(&RULE, &format!("{unread}{}", unread.replace("0s", "1s"))), None);
    }

    #[test]
    fn what_says_that_it_is_done_or_may_be_is_no_refusal() {
        for answer in
            ["409 already_captured", "408 timeout", "503 unavailable", "409 idempotency_in_progress", "lost"]
        {
            let story = format!("0s payment.capture auth_1 -> {answer}\n1s payment.capture auth_1 -> 200");
            assert_eq!(judged(&RULE, &story), None, "{answer}");
        }
        let reads = "0s payment.status auth_1 -> 404 not_found\n1s payment.status auth_1 -> 404 not_found";
        assert_eq!(judged(&RULE, reads), None);
    }

    #[test]
    fn what_is_right_under_another_key_may_be_asked_there() {
        for (asked, refusal) in [
            ("payment.authorize", "422 idempotency_key_reuse"),
            ("shipping.create_label", "409 label_cancelled"),
        ] {
            let story = format!("0s {asked} key=a -> {refusal}\n1s {asked} key=b -> 201");
            assert_eq!(judged(&RULE, &story), None, "{refusal}");
        }
    }

    #[test]
    fn a_client_that_was_restarted_may_ask_once_under_the_same_key() {
        let again = "500ms restart\n1s payment.authorize replay -> 402 insufficient_funds\n";
        assert_eq!(after_refusal(again), None);
        let twice = format!("{again}2s payment.authorize replay -> 402 insufficient_funds");
        assert!(after_refusal(&twice).is_some());
        assert!(after_refusal("500ms restart\n1s payment.authorize key=other -> lost").is_some());
        assert!(after_refusal("1s payment.authorize key=other -> lost\n1500ms restart").is_some());
    }
}
