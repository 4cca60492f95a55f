use crate::audit::order::Order;
use crate::audit::{Evidence, Kind, Rule};

pub(super) static RULE: Rule = Rule {
    name: "reused_idempotency_key",
    kind: Kind::Behaviour,
    needs: &[],
    lifted_by: None,
    holds: "No key is sent with two different requests: the second is refused with 422 idempotency_key_reuse.",
    cause: "Usually the key does not name the order, so that all orders share it, or the body has something in it \
            that every try makes anew, such as a time.",
    judge,
};

fn judge<'a>(order: &Order<'a>) -> Option<Evidence<'a>> {
    let is_reuse = |error: Option<&str>| error == Some("idempotency_key_reuse");
    let reuse = order.calls.iter().find(|call| is_reuse(call.request.error.as_deref()))?;
    let operation = &reuse.request.operation;
    let key = reuse.request.idempotency_key.as_deref()?;
    let sentence =
        format!("{operation} was refused, because its key ({key}) had been sent with another request.");
    // The other request may be another order's.
    let same_key = order.calls.iter().copied().filter(|call| call.has_key_of(reuse));
    Some(Evidence::new(sentence).calls(order, same_key))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::audit::story::judged;
    use insta::assert_snapshot;

    #[test]
    fn a_key_was_sent_with_two_requests() {
        let of_another_order = "0s payment.authorize key=authorize -> 422 idempotency_key_reuse";
        assert_snapshot!(judged(&RULE, of_another_order).unwrap(), @"payment.authorize was refused, because its key (authorize) had been sent with another request.");
        let of_its_own = "0s payment.authorize key=a -> 201; held auth_1 100
            1s payment.authorize key=a body=other -> 422 idempotency_key_reuse";
        assert!(judged(&RULE, of_its_own).is_some());
    }

    #[test]
    fn a_repeat_and_other_refusals_are_right() {
        let repeat =
            "0s payment.authorize key=a -> lost; held auth_1 100\n1s payment.authorize key=a replay -> 201";
        assert_eq!(judged(&RULE, repeat), None);
        let in_progress = "0s payment.authorize key=a took=2s -> 201
            1s payment.authorize key=a -> 409 idempotency_in_progress";
        assert_eq!(judged(&RULE, in_progress), None);
    }
}
