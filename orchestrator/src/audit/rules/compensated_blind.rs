use std::cell::LazyCell;

use crate::audit::order::{Call, Ending, Fact, Order};
use crate::audit::{Evidence, Kind, Rule};

pub(super) static RULE: Rule = Rule {
    name: "compensated_blind",
    kind: Kind::Behaviour,
    needs: &[],
    lifted_by: None,
    holds: "Before anything of an order is undone, and before it ends, the client has found out what became of each \
            authorize, reserve, capture and create-label whose answer was lost or did not tell (408, 500): it repeated it \
            under its key until the answer was definite, read its state, or undid it by its own id.",
    cause: "Usually a timeout, a server error or a broken connection is taken for \"it did not happen\". It may have \
            happened: then money, stock or a parcel is left behind that nobody knows of.",
    judge,
};

fn judge<'a>(order: &Order<'a>) -> Option<Evidence<'a>> {
    let unknown =
        order.calls.iter().filter(|call| call.ending == Ending::Unknown && call.operation.commits());
    let (open, undo) = unknown.filter_map(|call| Some((call, blind_moment(order, call)?))).next()?;
    let operation = &open.request.operation;
    let what = match undo {
        Some(undo) => format!("{} was {}", undo.effect.resource, undo.effect.effect),
        None => "the order ended".to_owned(),
    };
    let sentence = format!("{operation} {}, and its outcome was still unknown when {what}.", answer(open));
    let same_key = order.calls.iter().copied().filter(|call| call.has_key_of(open));
    let evidence = Evidence::new(sentence).calls(order, [*open]).calls(order, same_key);
    Some(match undo {
        Some(undo) => evidence.resources(order, [&*undo.effect.resource]),
        None => evidence,
    })
}

/// What its client got to see.
fn answer(open: &Call<'_>) -> String {
    let request = open.request;
    let Some(status) = request.status.filter(|_| !request.abandoned) else {
        return "got no answer".to_owned();
    };
    let body = if request.garbled { "in broken JSON" } else { request.error.as_deref().unwrap_or_default() };
    let answered = format!("was answered {status} {body}");
    format!("{}, which does not tell whether it happened", answered.trim_end())
}

/// When something was undone, or at the end (`None`), while nobody knew what became of `open`.
fn blind_moment<'a, 'o>(order: &'o Order<'a>, open: &Call<'a>) -> Option<Option<&'o Fact<'a>>> {
    let known_at = LazyCell::new(|| order.told_of(open).min());
    let came_later =
        |fact: &&Fact<'a>| open.began_before(fact, order.one_sequence) && open.ended_by(fact.at());
    let mut undos = order.facts.iter().filter(|fact| fact.is_undo()).filter(came_later);
    match undos.find(|undo| known_at.is_none_or(|known_at| undo.at() < known_at)) {
        Some(undo) => Some(Some(undo)),
        None if order.told_of(open).next().is_some() => None,
        None => Some(None),
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::audit::story::judged;
    use insta::assert_snapshot;

    const RESERVE: &str = "0s inventory.reserve took=4s -> 408 timeout; reserved res_1\n";
    const RELEASE_HOLD: &str = "6s payment.release auth_1 -> 200; released auth_1 100\n";

    #[test]
    fn an_order_was_undone_while_nobody_knew_of_a_reservation() {
        assert_snapshot!(judged(&RULE, &format!("{RESERVE}{RELEASE_HOLD}")).unwrap(), @"inventory.reserve was answered 408 timeout, which does not tell whether it happened, and its outcome was still unknown when auth_1 was released.");
        let too_late = format!("{RESERVE}{RELEASE_HOLD}7s inventory.release res_1 -> 200; released res_1");
        assert!(judged(&RULE, &too_late).is_some());
        let not_made = RESERVE.replace("; reserved res_1", "");
        assert!(judged(&RULE, &format!("{not_made}{RELEASE_HOLD}")).is_some());
    }

    #[test]
    fn what_was_answered_is_said() {
        let answered = |answer: &str| judged(&RULE, &format!("0s payment.authorize -> {answer}")).unwrap();
        assert_snapshot!(answered("500 internal_error"), @"payment.authorize was answered 500 internal_error, which does not tell whether it happened, and its outcome was still unknown when the order ended.");
        assert_snapshot!(answered("502"), @"payment.authorize was answered 502, which does not tell whether it happened, and its outcome was still unknown when the order ended.");
        assert_snapshot!(answered("201 garbled"), @"payment.authorize was answered 201 in broken JSON, which does not tell whether it happened, and its outcome was still unknown when the order ended.");
        assert_snapshot!(answered("201 abandoned"), @"payment.authorize got no answer, and its outcome was still unknown when the order ended.");
    }

    #[test]
    fn an_order_ended_while_nobody_knew_of_a_hold() {
        assert_snapshot!(judged(&RULE, "0s payment.authorize -> lost; held auth_1 100").unwrap(), @"payment.authorize got no answer, and its outcome was still unknown when the order ended.");
        let new_key =
            "0s payment.authorize key=a -> lost\n1s payment.authorize key=b -> 201; held auth_2 100";
        assert!(judged(&RULE, new_key).is_some());
    }

    #[test]
    fn a_repeat_that_tells_nothing_does_not_count() {
        for answer in ["lost", "503 unavailable", "409 idempotency_in_progress", "abandoned"] {
            let story = format!("{RESERVE}5s inventory.reserve -> {answer}\n{RELEASE_HOLD}");
            assert!(judged(&RULE, &story).is_some(), "{answer}");
        }
        let another_body = "1s payment.authorize key=a body=other -> 422 idempotency_key_reuse";
        let reused = format!("0s payment.authorize key=a -> lost; held auth_1 100\n{another_body}");
        assert!(judged(&RULE, &reused).is_some());
        let still_asking = format!("{RESERVE}5s inventory.reserve took=2s replay -> 201\n{RELEASE_HOLD}");
        assert!(judged(&RULE, &still_asking).is_some());
    }

    #[test]
    fn what_was_asked_after_the_undo_is_right_within_a_millisecond_too() {
        let again = "1s inventory.release res_1 -> 200; released res_1
                     1s inventory.reserve key=b -> lost; reserved res_2
                     2s inventory.reserve key=b replay -> 201";
        assert_eq!(judged(&RULE, &format!("0s inventory.reserve -> 201; reserved res_1\n{again}")), None);
        let before = "1s inventory.reserve -> lost; reserved res_1\n1s payment.release auth_1 -> 200; released auth_1 100\n";
        assert_eq!(judged(&RULE, &format!("{before}2s inventory.reserve replay -> 201")), None, "who knows");
        let same_domain = "1s inventory.reserve -> lost; reserved res_1\n1s inventory.release res_0 -> 200; released res_0\n";
        assert!(judged(&RULE, &format!("{same_domain}2s inventory.reserve replay -> 201")).is_some());
    }

    #[test]
    fn repeated_until_it_was_known_is_right() {
        for answer in ["201", "409 out_of_stock"] {
            let story = format!(
                "{RESERVE}5s inventory.reserve -> lost
                5500ms inventory.reserve -> {answer}
                {RELEASE_HOLD}"
            );
            assert_eq!(judged(&RULE, &story), None, "{answer}");
        }
    }

    #[test]
    fn a_capture_that_was_read_is_right_and_one_read_too_early_is_not() {
        let captured = |read: &str| {
            let story = format!(
                "0s payment.capture auth_1 took=3s -> lost; captured auth_1 100 @2s
                {read}
                6s payment.refund auth_1 -> 200; refunded auth_1 100"
            );
            judged(&RULE, &story)
        };
        assert_eq!(captured("5s payment.status auth_1 -> 200"), None);
        assert_eq!(captured("5s payment.status auth_1 -> 503 unavailable"), None, "undone by its own id");
        let stock_first = "5s inventory.release res_1 -> 200; released res_1";
        assert!(captured(stock_first).is_some());
        assert!(captured(&format!("1s payment.status auth_1 -> 200\n{stock_first}")).is_some());
    }

    #[test]
    fn a_read_tells_of_a_request_whose_client_left_while_it_ran_but_of_none_to_come() {
        let left = "1s payment.capture auth_1 took=9s -> abandoned; captured auth_1 100\n";
        assert_eq!(judged(&RULE, &format!("{left}2s payment.status auth_1 -> 200")), None);
        assert!(judged(&RULE, &format!("0s payment.status auth_1 -> 200\n{left}")).is_some());
    }

    #[test]
    fn a_request_whose_body_never_arrived_was_repeated_under_its_key() {
        let half = "0s inventory.reserve key=a body=none -> abandoned\n";
        assert!(judged(&RULE, half).is_some());
        let repeated =
            |key: &str| judged(&RULE, &format!("{half}1s inventory.reserve {key} -> 201; reserved res_1"));
        assert_eq!(repeated("key=a"), None);
        assert!(repeated("key=b").is_some());
    }

    #[test]
    fn a_label_read_while_it_was_made_is_right_once_it_was_there() {
        let read = |time: &str| {
            judged(
                &RULE,
                &format!(
                    "0s shipping.create_label took=6s -> 408 timeout; generating lbl_1; generated lbl_1 @4s
                    {time} shipping.status lbl_1 -> 200"
                ),
            )
        };
        assert_eq!(read("5s"), None);
        assert!(read("3s").is_some());
    }

    #[test]
    fn a_label_undone_by_the_id_that_its_progress_named_is_right() {
        let abandoned = "0s shipping.create_label -> lost
            2s shipping.create_label took=6s -> abandoned; generating lbl_2; abandoned lbl_2 @8s
            8s shipping.cancel lbl_2 -> 409 already_cancelled
            9s payment.refund auth_1 -> 200; refunded auth_1 100";
        assert_eq!(judged(&RULE, abandoned), None);
        let then_repeated = "0s shipping.create_label took=6s -> lost; generating lbl_1
            8s shipping.create_label -> lost
            9s shipping.cancel lbl_1 -> 409 already_cancelled
            10s payment.refund auth_1 -> 200; refunded auth_1 100";
        assert!(judged(&RULE, then_repeated).is_some());
    }

    #[test]
    fn what_time_undid_and_what_failed_before_it_are_right() {
        let expired = format!("{RESERVE}6s expired auth_1 100\n7s inventory.reserve -> 201");
        assert_eq!(judged(&RULE, &expired), None);
        let undone_before = "0s payment.release auth_1 -> 200; released auth_1 100
            1s payment.authorize key=b -> lost; held auth_2 100
            2s payment.authorize key=b -> 201";
        assert_eq!(judged(&RULE, undone_before), None);
        assert_eq!(judged(&RULE, "0s notification.send -> lost"), None);
        assert_eq!(judged(&RULE, "0s payment.authorize -> 503 unavailable"), None);
    }
}
