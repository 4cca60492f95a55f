use crate::audit::order::Order;
use crate::audit::{Domain, Evidence, Kind, Rule};

pub(super) static RULE: Rule = Rule {
    name: "shipped_unpaid",
    kind: Kind::Invariant,
    needs: &[Domain::Payment, Domain::Shipping],
    lifted_by: None,
    holds: "An order with a live label is captured, and not refunded in full.",
    cause: "Usually a label that was being made when the order was cancelled, or whose answer was lost, was forgotten \
            when the money went back; or the capture's failure was not noticed.",
    judge,
};

fn judge<'a>(order: &Order<'a>) -> Option<Evidence<'a>> {
    let label = order.live_labels().next()?;
    let holds = &order.resources.holds;
    if holds.iter().any(|hold| hold.is_kept()) {
        return None;
    }
    let because = match holds.iter().find(|hold| hold.captured.is_some()) {
        Some(hold) => format!("what was captured ({}) is refunded in full", hold.id),
        None => "nothing was captured".to_owned(),
    };
    let evidence = Evidence::new(format!("The label {} is live, but {because}.", label.id));
    Some(evidence.resources(order, holds.iter().map(|hold| hold.id).chain([label.id])))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::audit::story::judged;
    use insta::assert_snapshot;

    const LABEL: &str = "0s payment.authorize -> 201; held auth_1 100
        2s shipping.create_label took=20s -> 201; generated lbl_1 @22s\n";
    const CAPTURE: &str = "1s payment.capture auth_1 -> 200; captured auth_1 100\n";

    #[test]
    fn nothing_was_captured_or_all_went_back() {
        assert_snapshot!(judged(&RULE, LABEL).unwrap(), @"The label lbl_1 is live, but nothing was captured.");
        let refunded = format!("{LABEL}{CAPTURE}30s payment.refund auth_1 -> 200; refunded auth_1 100");
        assert_snapshot!(judged(&RULE, &refunded).unwrap(), @"The label lbl_1 is live, but what was captured (auth_1) is refunded in full.");
    }

    #[test]
    fn paid_for_is_right_even_if_a_part_went_back() {
        assert_eq!(judged(&RULE, &format!("{LABEL}{CAPTURE}")), None);
        let goodwill = format!("{LABEL}{CAPTURE}30s payment.refund auth_1 -> 200; refunded auth_1 20");
        assert_eq!(judged(&RULE, &goodwill), None);
        let second_hold = "30s payment.authorize key=b -> 201; held auth_2 100";
        assert_eq!(judged(&RULE, &format!("{LABEL}{CAPTURE}{second_hold}")), None);
    }

    #[test]
    fn a_label_that_is_not_live_need_not_be_paid() {
        assert_eq!(judged(&RULE, &format!("{LABEL}30s shipping.cancel lbl_1 -> 200; cancelled lbl_1")), None);
        assert_eq!(judged(&RULE, "0s shipping.create_label -> abandoned; generating lbl_1"), None);
    }
}
