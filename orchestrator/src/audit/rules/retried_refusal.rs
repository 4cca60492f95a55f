use crate::audit::order::{Call, Ending, Order};
use crate::audit::{Evidence, Kind, Rule};

pub(super) static RULE: Rule = Rule {
    name: "retried_refusal",
    kind: Kind::Behaviour,
    needs: &[],
    lifted_by: None,
    holds: "What was refused for good (a 4xx other than 408, 429 and already_*) is not asked again with the same body.",
    cause: "Usually a retry policy that does not look at the error: declined cards, invalid addresses and missing \
            stock are retried like timeouts, which costs time and, at a real provider, the account's standing.",
    judge,
};

fn judge<'a>(order: &Order<'a>) -> Option<Evidence<'a>> {
    let pairs = order.calls.iter().enumerate().filter(|(_, call)| is_refusal(call));
    let mut pairs = pairs.filter_map(|(nth, refused)| {
        let again = order.calls[nth + 1..].iter().find(|later| retries(order, later, refused))?;
        Some((refused, again))
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
    let already = call.request.error.as_deref().is_some_and(|error| error.starts_with("already_"));
    call.ending == Ending::Rejected && call.operation.is_write() && !already
}

fn retries(order: &Order<'_>, later: &Call<'_>, refused: &Call<'_>) -> bool {
    later.asks_the_same_as(refused)
        && later.came_after(refused)
        && !order.is_first_since_restart(refused, later)
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
        assert!(after_refusal("1s payment.authorize replay -> 402 insufficient_funds").is_some());
        assert!(after_refusal("1s payment.authorize key=other -> lost").is_some());
        assert!(after_refusal("1s payment.authorize key=none -> 201").is_some());
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
    fn a_client_that_was_restarted_may_ask_once_under_the_same_key() {
        let again = "500ms restart\n1s payment.authorize replay -> 402 insufficient_funds\n";
        assert_eq!(after_refusal(again), None);
        let twice = format!("{again}2s payment.authorize replay -> 402 insufficient_funds");
        assert!(after_refusal(&twice).is_some());
        assert!(after_refusal("500ms restart\n1s payment.authorize key=other -> lost").is_some());
        assert!(
            after_refusal("1s payment.authorize replay -> 402 insufficient_funds\n1500ms restart").is_some()
        );
    }
}
