use crate::audit::order::Order;
use crate::audit::rule::list;
use crate::audit::{Allowance, Domain, Evidence, Kind, Rule};

pub(super) static RULE: Rule = Rule {
    name: "double_label",
    kind: Kind::Invariant,
    needs: &[Domain::Shipping],
    lifted_by: Some(Allowance::SplitShipments),
    holds: "An order has at most one live label.",
    cause: "Usually create-label was sent again under a new idempotency key after a timeout, while the first label was \
            made all the same: two parcels leave.",
    judge,
};

fn judge<'a>(order: &Order<'a>) -> Option<Evidence<'a>> {
    order.live_labels().nth(1)?;
    let live: Vec<&str> = order.live_labels().map(|label| label.id).collect();
    let sentence = format!("The order has {} live labels: {}.", live.len(), list(&live));
    Some(Evidence::new(sentence).resources(order, live))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::audit::story::judged;
    use insta::assert_snapshot;

    const TWICE: &str = "0s shipping.create_label key=a took=20s -> lost; generated lbl_1 @20s
        22s shipping.create_label key=b took=20s -> 201; generated lbl_2 @42s\n";

    #[test]
    fn two_parcels_leave() {
        assert_snapshot!(judged(&RULE, TWICE).unwrap(), @"The order has 2 live labels: lbl_1 and lbl_2.");
    }

    #[test]
    fn one_cancelled_or_never_finished_is_right() {
        assert_eq!(judged(&RULE, &format!("{TWICE}50s shipping.cancel lbl_1 -> 200; cancelled lbl_1")), None);
        let abandoned = "0s shipping.create_label -> abandoned; generating lbl_1; abandoned lbl_1
            9s shipping.create_label -> 201; generating lbl_2; generated lbl_2";
        assert_eq!(judged(&RULE, abandoned), None);
    }
}
