use crate::audit::order::{Operation, Order};
use crate::audit::{Domain, Evidence, Kind, Rule};
use crate::domain::OrderStatus;

pub(super) static RULE: Rule = Rule {
    name: "status_disagrees",
    kind: Kind::Decision,
    needs: &[Domain::Shipping],
    lifted_by: None,
    holds: "An order's final status agrees with the ledger: it is `shipped` if and only if there is a live label.",
    cause: "Usually a label whose answer was lost was taken for one that was not made, or the status was set before \
            the step that it speaks of had ended.",
    judge,
};

fn judge<'a>(order: &Order<'a>) -> Option<Evidence<'a>> {
    let status = order.decision?.status.filter(|status| status.is_final())?;
    let label = order.live_labels().next();
    let sentence = match (status, label) {
        (OrderStatus::Shipped, None) => {
            "The order is said to be shipped, but it has no live label.".to_owned()
        }
        (OrderStatus::Shipped, Some(_)) | (_, None) => return None,
        (_, Some(label)) => {
            format!("The order is said to be {}, but its label {} is live.", status.name(), label.id)
        }
    };
    let evidence = Evidence::new(sentence).operation(order, Operation::CreateLabel);
    Some(evidence.resources(order, order.resources.labels.iter().map(|label| label.id)))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::audit::story::judged;
    use insta::assert_snapshot;

    const LABEL: &str = "0s shipping.create_label -> lost; generated lbl_1\n";

    #[test]
    fn the_status_says_one_thing_and_the_label_another() {
        assert_snapshot!(judged(&RULE, &format!("{LABEL}decided failed")).unwrap(), @"The order is said to be failed, but its label lbl_1 is live.");
        assert_snapshot!(judged(&RULE, "decided shipped").unwrap(), @"The order is said to be shipped, but it has no live label.");
        let cancelled = format!("{LABEL}1s shipping.cancel lbl_1 -> 200; cancelled lbl_1\ndecided shipped");
        assert!(judged(&RULE, &cancelled).is_some());
    }

    #[test]
    fn agreement_and_an_order_that_goes_on_are_right() {
        assert_eq!(judged(&RULE, &format!("{LABEL}decided shipped")), None);
        assert_eq!(judged(&RULE, "decided rejected"), None);
        assert_eq!(judged(&RULE, &format!("{LABEL}decided processing")), None);
        assert_eq!(judged(&RULE, &format!("{LABEL}decided approve")), None);
    }
}
