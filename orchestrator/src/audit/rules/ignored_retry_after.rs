use jiff::{SignedDuration, Timestamp};

use crate::audit::order::{Call, Order};
use crate::audit::{Evidence, Kind, Rule};

pub(super) static RULE: Rule = Rule {
    name: "ignored_retry_after",
    kind: Kind::Behaviour,
    needs: &[],
    lifted_by: None,
    holds: "What was answered with retryAfterMs is not asked again sooner than 90 % of it.",
    cause: "Usually a fixed or exponential backoff that ignores the Retry-After header; at a real provider that turns \
            a short overload into a long one.",
    judge,
};

fn judge<'a>(order: &Order<'a>) -> Option<Evidence<'a>> {
    let (told, again) = order.calls.iter().enumerate().find_map(|(nth, told)| {
        let wait_ends = earliest(told)?;
        let later = order.calls[nth + 1..].iter().take_while(|later| later.request.started_at < wait_ends);
        let too_soon = later.into_iter().find(|later| {
            later.asks_the_same_as(told)
                && later.came_after(told)
                && !order.is_first_since_restart(told, later)
        });
        Some((told, too_soon?))
    })?;
    let waited = again.request.started_at.duration_since(told.request.ended_at?).as_millis();
    let asked = told.request.retry_after_ms?;
    let sentence = format!(
        "{} was asked again after {waited} ms, though the answer had asked for {asked} ms.",
        again.request.operation
    );
    Some(Evidence::new(sentence).calls(order, [*told, *again]))
}

/// From when on it may be asked again, if the client got an answer that tells.
fn earliest(told: &Call<'_>) -> Option<Timestamp> {
    let request = told.request;
    let answered = request.status.is_some() && !request.abandoned;
    let millis = request.retry_after_ms.filter(|_| answered)?;
    let wait = SignedDuration::from_millis(i64::try_from(millis.saturating_mul(9) / 10).unwrap_or(i64::MAX));
    Some(request.ended_at?.saturating_add(wait).unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::audit::story::judged;
    use insta::assert_snapshot;

    fn told_to_wait(story: &str) -> Option<String> {
        let told = "0s shipping.create_label took=1s retry=2s -> 503 carrier_error\n";
        judged(&RULE, &format!("{told}{story}"))
    }

    #[test]
    fn it_was_asked_again_too_soon() {
        assert_snapshot!(told_to_wait("2799ms shipping.create_label -> 201").unwrap(), @"shipping.create_label was asked again after 1799 ms, though the answer had asked for 2000 ms.");
        assert!(told_to_wait("1s shipping.create_label key=other -> 201").is_some());
        let read = "0s payment.status auth_1 retry=1s -> 503 unavailable\n100ms payment.status auth_1 -> 200";
        assert!(judged(&RULE, read).is_some());
    }

    #[test]
    fn ninety_percent_are_enough() {
        assert_eq!(told_to_wait("2800ms shipping.create_label -> 201"), None);
        assert_eq!(told_to_wait(""), None);
    }

    #[test]
    fn another_request_an_earlier_one_and_an_answer_nobody_read_are_right() {
        assert_eq!(told_to_wait("2s shipping.create_label key=b body=b -> 201"), None);
        assert_eq!(told_to_wait("500ms shipping.create_label key=b -> 201"), None);
        let left = "0s payment.release auth_1 retry=1s -> 503 abandoned\n1ms payment.release auth_1 -> 200";
        assert_eq!(judged(&RULE, left), None);
        assert_eq!(judged(&RULE, &left.replace("503 abandoned", "lost")), None);
        let other = "0s payment.status auth_1 retry=1s -> 503 unavailable\n1ms payment.status auth_2 -> 200";
        assert_eq!(judged(&RULE, other), None);
    }

    #[test]
    fn a_client_that_was_restarted_may_ask_once_under_the_same_key() {
        assert_eq!(told_to_wait("1500ms restart\n2s shipping.create_label -> 201"), None);
        assert!(told_to_wait("1500ms restart\n2s shipping.create_label key=other -> 201").is_some());
    }
}
