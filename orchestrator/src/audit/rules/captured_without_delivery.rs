use crate::audit::order::{Hold, Operation, Order};
use crate::audit::{Domain, Evidence, Kind, Rule};

pub(super) static RULE: Rule = Rule {
    name: "captured_without_delivery",
    kind: Kind::Invariant,
    needs: &[Domain::Payment, Domain::Shipping],
    lifted_by: None,
    holds: "Captured money is either for an order with a live label, or refunded in full.",
    cause: "Usually a step after the capture failed and nothing refunded it, or the capture's own answer was taken \
            for a failure: a lost answer, or 409 already_captured, which says that the money is captured.",
    judge,
};

fn judge<'a>(order: &Order<'a>) -> Option<Evidence<'a>> {
    if order.is_shipped() {
        return None;
    }
    let hold = order.resources.holds.iter().find(|hold| hold.is_kept())?;
    let Hold { id, refunded, .. } = hold;
    let back = if refunded.is_zero() {
        "nothing of it was refunded".to_owned()
    } else {
        format!("only {refunded} of it was refunded")
    };
    let sentence =
        format!("{} was captured ({id}) and {back}, yet the order has no live label.", hold.amount());
    let evidence = Evidence::new(sentence).resources(order, [*id]);
    Some(evidence.operation(order, Operation::CreateLabel).operation(order, Operation::CancelLabel))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::audit::story::judged;
    use insta::assert_snapshot;

    const CAPTURED: &str = "0s payment.authorize -> 201; held auth_1 100
        1s payment.capture auth_1 -> 200; captured auth_1 100\n";

    fn after_capture(story: &str) -> Option<String> {
        judged(&RULE, &format!("{CAPTURED}{story}"))
    }

    #[test]
    fn money_is_kept_for_nothing() {
        assert_snapshot!(after_capture("").unwrap(), @"100 was captured (auth_1) and nothing of it was refunded, yet the order has no live label.");
        assert_snapshot!(after_capture("2s payment.refund auth_1 -> 200; refunded auth_1 99.99").unwrap(), @"100 was captured (auth_1) and only 99.99 of it was refunded, yet the order has no live label.");
    }

    #[test]
    fn a_label_that_was_cancelled_or_never_finished_is_no_delivery() {
        let cancelled = "2s shipping.create_label -> 201; generated lbl_1
            3s shipping.cancel lbl_1 -> 200; cancelled lbl_1";
        assert!(after_capture(cancelled).is_some());
        let abandoned = "2s shipping.create_label -> abandoned; generating lbl_1; abandoned lbl_1 @7s";
        assert!(after_capture(abandoned).is_some());
    }

    #[test]
    fn delivered_refunded_and_never_captured_are_right() {
        assert_eq!(after_capture("2s shipping.create_label -> 201; generated lbl_1"), None);
        let in_parts = "2s payment.refund auth_1 key=a body=40 -> 200; refunded auth_1 40
            3s payment.refund auth_1 key=b body=60 -> 200; refunded auth_1 60.00";
        assert_eq!(after_capture(in_parts), None);
        assert_eq!(judged(&RULE, "0s payment.authorize -> 201; held auth_1 100"), None);
    }
}
