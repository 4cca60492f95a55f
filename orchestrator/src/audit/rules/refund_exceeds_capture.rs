use rust_decimal::Decimal;

use crate::audit::order::{Hold, Order};
use crate::audit::{Domain, Evidence, Kind, Rule};

pub(super) static RULE: Rule = Rule {
    name: "refund_exceeds_capture",
    kind: Kind::Invariant,
    needs: &[Domain::Payment],
    lifted_by: None,
    holds: "No more is refunded than was captured.",
    cause: "Usually a refund was repeated under another idempotency key, so that it was a second refund, and the \
            payment provider did not stop it.",
    judge,
};

fn judge<'a>(order: &Order<'a>) -> Option<Evidence<'a>> {
    let captured = |hold: &Hold<'_>| hold.captured.map_or(Decimal::ZERO, |fact| fact.amount());
    let hold = order.resources.holds.iter().find(|hold| hold.refunded > captured(hold))?;
    let sentence =
        format!("{} was refunded of {}, which captured {}.", hold.refunded, hold.id, captured(hold));
    Some(Evidence::new(sentence).resources(order, [hold.id]))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::audit::story::judged;
    use insta::assert_snapshot;

    fn refunding(story: &str) -> Option<String> {
        let captured = "0s payment.authorize -> 201; held auth_1 100
            1s payment.capture auth_1 -> 200; captured auth_1 100\n";
        judged(&RULE, &format!("{captured}{story}"))
    }

    #[test]
    fn more_went_back_than_came_in() {
        let twice = "2s payment.refund auth_1 key=a -> 200; refunded auth_1 100
            3s payment.refund auth_1 key=b -> 200; refunded auth_1 0.01";
        assert_snapshot!(refunding(twice).unwrap(), @"100.01 was refunded of auth_1, which captured 100.");
        let uncaptured = "0s payment.refund auth_2 -> 200; refunded auth_2 5";
        assert!(judged(&RULE, uncaptured).is_some());
    }

    #[test]
    fn a_refund_of_all_or_less_is_right() {
        assert_eq!(refunding(""), None);
        assert_eq!(refunding("2s payment.refund auth_1 -> 200; refunded auth_1 100"), None);
        assert_eq!(refunding("2s payment.refund auth_1 -> 200; refunded auth_1 30"), None);
    }
}
