use crate::audit::order::{Change, Order};
use crate::audit::rule::list;
use crate::audit::{Allowance, Domain, Evidence, Kind, Rule};

pub(super) static RULE: Rule = Rule {
    name: "double_capture",
    kind: Kind::Invariant,
    needs: &[Domain::Payment],
    lifted_by: Some(Allowance::SplitShipments),
    holds: "An order is captured at most once.",
    cause: "Usually authorize was sent again under a new idempotency key after its answer was lost, or the whole flow \
            ran twice for one order, and each run captured its own hold.",
    judge,
};

fn judge<'a>(order: &Order<'a>) -> Option<Evidence<'a>> {
    let captures = || order.facts.iter().filter(|fact| fact.change == Change::Captured);
    captures().nth(1)?;
    let captured: Vec<_> =
        captures().map(|fact| format!("{} of {}", fact.amount(), fact.effect.resource)).collect();
    let sentence = format!("The order was captured {} times: {}.", captured.len(), list(&captured));
    Some(Evidence::new(sentence).resources(order, captures().map(|fact| &*fact.effect.resource)))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::audit::story::judged;
    use insta::assert_snapshot;

    #[test]
    fn two_holds_were_captured() {
        let twice = "0s payment.authorize key=a -> lost; held auth_1 100
            1s payment.authorize key=b -> 201; held auth_2 100
            2s payment.capture auth_1 -> 200; captured auth_1 100
            3s payment.capture auth_2 -> 200; captured auth_2 100";
        assert_snapshot!(judged(&RULE, twice).unwrap(), @"The order was captured 2 times: 100 of auth_1 and 100 of auth_2.");
        let refunded = format!("{twice}\n4s payment.refund auth_2 -> 200; refunded auth_2 100");
        assert!(judged(&RULE, &refunded).is_some());
    }

    #[test]
    fn a_capture_asked_for_twice_and_done_once_is_right() {
        let repeated = "0s payment.authorize -> 201; held auth_1 100
            1s payment.capture auth_1 -> lost; captured auth_1 100
            2s payment.capture auth_1 replay -> 200
            3s payment.authorize -> 201; held auth_2 100";
        assert_eq!(judged(&RULE, repeated), None);
    }
}
