use crate::audit::order::Order;
use crate::audit::{Decision, Domain, Evidence, Kind, Rule, Verb};
use crate::domain::OrderStatus;

pub(super) static RULE: Rule = Rule {
    name: "decision_ignored",
    kind: Kind::Decision,
    needs: &[Domain::Shipping],
    lifted_by: None,
    holds: "An order whose cancel or reject was accepted is not shipped, and one whose approval alone was accepted does \
            not end rejected.",
    cause: "Usually the decision was answered at once and looked at only between steps, so that one that came while a \
            label was being made was forgotten.",
    judge,
};

fn judge<'a>(order: &Order<'a>) -> Option<Evidence<'a>> {
    let decision = order.decision?;
    let decided = match decision.forbids_shipping() {
        Some(Verb::Reject) => "rejected",
        Some(_) => "cancelled",
        None => return ends_rejected(decision),
    };
    let label = order.live_labels().next()?;
    let sentence =
        format!("The order was {decided}, which was accepted, but its label {} is live.", label.id);
    Some(Evidence::new(sentence).resources(order, [label.id]))
}

/// It may have been refused what it needs: then it ends failed.
fn ends_rejected<'a>(decision: &Decision) -> Option<Evidence<'a>> {
    let is_approved = decision.accepted.contains(&Verb::Approve);
    (is_approved && decision.status == Some(OrderStatus::Rejected)).then(|| {
        Evidence::new("The order was approved, which was accepted, but it ended rejected.".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::audit::story::judged;
    use insta::assert_snapshot;

    const LABEL: &str = "0s shipping.create_label took=20s -> 201; generated lbl_1 @20s\n";

    #[test]
    fn a_success_was_answered_and_the_order_shipped() {
        assert_snapshot!(judged(&RULE, &format!("{LABEL}decided approve cancel")).unwrap(), @"The order was cancelled, which was accepted, but its label lbl_1 is live.");
        assert_snapshot!(judged(&RULE, &format!("{LABEL}decided reject failed")).unwrap(), @"The order was rejected, which was accepted, but its label lbl_1 is live.");
    }

    #[test]
    fn whoever_was_told_that_an_order_is_approved_does_not_find_it_rejected() {
        let hold = "0s payment.authorize -> 201; held auth_1 100\n";
        assert_snapshot!(judged(&RULE, &format!("{hold}decided approve rejected")).unwrap(), @"The order was approved, which was accepted, but it ended rejected.");
        for right in
            ["approve failed", "approve cancelled", "reject rejected", "approve reject rejected", "rejected"]
        {
            assert_eq!(judged(&RULE, &format!("{hold}decided {right}")), None, "{right}");
        }
    }

    #[test]
    fn a_label_cancelled_in_time_an_approval_and_silence_are_right() {
        let undone =
            format!("{LABEL}22s shipping.cancel lbl_1 -> 200; cancelled lbl_1\ndecided cancel cancelled");
        assert_eq!(judged(&RULE, &undone), None);
        assert_eq!(judged(&RULE, &format!("{LABEL}decided approve shipped")), None);
        assert_eq!(judged(&RULE, LABEL), None);
    }
}
