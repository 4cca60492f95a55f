use crate::audit::order::{Order, Reservation};
use crate::audit::{Allowance, Domain, Evidence, Kind, Rule};

pub(super) static RULE: Rule = Rule {
    name: "double_reservation",
    kind: Kind::Invariant,
    needs: &[Domain::Inventory],
    lifted_by: Some(Allowance::SplitShipments),
    holds: "An order has at most one live reservation: no two are held at a time of which neither is given back.",
    cause: "Usually reserve was sent again under a new idempotency key after its answer was lost, so that the first \
            reservation keeps stock from other customers until it expires.",
    judge,
};

fn judge<'a>(order: &Order<'a>) -> Option<Evidence<'a>> {
    let kept =
        || order.resources.reservations.iter().filter(|one| one.reserved.is_some() && one.released.is_none());
    let (first, second) = kept().zip(kept().skip(1)).find(|(first, second)| overlap(first, second))?;
    let sentence =
        format!("Stock was reserved twice ({} and {}), and neither was given back.", first.id, second.id);
    Some(Evidence::new(sentence).resources(order, [first.id, second.id]))
}

/// Whether the first was still held when the second was made.
fn overlap(first: &Reservation<'_>, second: &Reservation<'_>) -> bool {
    match (first.expired, second.reserved) {
        (Some(expired), Some(reserved)) => reserved.at() < expired.at(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::audit::story::judged;
    use insta::assert_snapshot;

    const TWICE: &str = "0s inventory.reserve key=a -> lost; reserved res_1
        1s inventory.reserve key=b -> 201; reserved res_2\n";

    #[test]
    fn two_are_held_at_once() {
        assert_snapshot!(judged(&RULE, TWICE).unwrap(), @"Stock was reserved twice (res_1 and res_2), and neither was given back.");
        assert!(judged(&RULE, &format!("{TWICE}30m expired res_1\n31m expired res_2")).is_some());
    }

    #[test]
    fn one_given_back_or_ended_before_the_next_is_right() {
        assert_eq!(judged(&RULE, &format!("{TWICE}2s inventory.release res_1 -> 200; released res_1")), None);
        assert_eq!(judged(&RULE, &format!("{TWICE}2s inventory.release res_2 -> 200; released res_2")), None);
        let one_after_the_other = "0s inventory.reserve key=a -> 201; reserved res_1
            30m expired res_1
            31m inventory.reserve key=b -> 201; reserved res_2";
        assert_eq!(judged(&RULE, one_after_the_other), None);
        assert_eq!(judged(&RULE, &one_after_the_other.replace("31m", "30m")), None);
        assert_eq!(judged(&RULE, "0s inventory.reserve -> 201; reserved res_1"), None);
    }
}
