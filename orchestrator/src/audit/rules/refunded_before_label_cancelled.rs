use crate::audit::order::{Fact, Label, Order};
use crate::audit::{Domain, Evidence, Kind, Rule};

pub(super) static RULE: Rule = Rule {
    name: "refunded_before_label_cancelled",
    kind: Kind::Behaviour,
    needs: &[Domain::Shipping],
    lifted_by: None,
    holds: "No money and no stock is given back while the order's label is live. A part of the money, or a second \
            hold or reservation, may be given back on an order that stays shipped.",
    cause: "Usually compensations run in the order of the steps, or all at once, instead of the label first: it must be \
            cancelled before any money or stock is given back, even if the capture came after it. If it then cannot be \
            cancelled, the parcel leaves and nobody pays for it.",
    judge,
};

fn judge<'a>(order: &Order<'a>) -> Option<Evidence<'a>> {
    let given_back = order.facts.iter().filter(|fact| is_given_back(fact));
    let (fact, label) = given_back.into_iter().find_map(|fact| {
        let mut labels = order.resources.labels.iter();
        let label = labels.find(|label| was_live(order, label, fact))?;
        (!order.is_shipped() || leaves_nothing(order, fact)).then_some((fact, label))
    })?;
    let what = if fact.domain == Domain::Inventory { "Stock" } else { "Money" };
    let resource = &fact.effect.resource;
    let sentence = match label.cancelled {
        Some(_) => format!("{what} was given back ({resource}) before the label {} was cancelled.", label.id),
        None => format!("{what} was given back ({resource}) though the label {} is live.", label.id),
    };
    Some(Evidence::new(sentence).resources(order, [&**resource, label.id]))
}

fn is_given_back(fact: &Fact<'_>) -> bool {
    fact.domain != Domain::Shipping && fact.is_undo()
}

fn was_live(order: &Order<'_>, label: &Label<'_>, fact: &Fact<'_>) -> bool {
    let precedes = |earlier: &Fact<'_>, later: &Fact<'_>| earlier.precedes(later, order.one_sequence);
    label.generated.is_some_and(|generated| precedes(&generated, fact))
        && label.cancelled.is_none_or(|cancelled| precedes(fact, &cancelled))
}

/// Whether the order had no other money, or no other stock, after this was given back.
fn leaves_nothing(order: &Order<'_>, fact: &Fact<'_>) -> bool {
    if fact.domain == Domain::Inventory {
        return order.resources.reservations.iter().all(|reservation| reservation.released.is_some());
    }
    order.resources.holds.iter().all(|hold| hold.released.is_some() || hold.is_refunded())
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::audit::story::{judged, judged_as};
    use insta::assert_snapshot;

    const SHIPPED: &str = "0s payment.authorize -> 201; held auth_1 100
        1s inventory.reserve -> 201; reserved res_1
        2s payment.capture auth_1 -> 200; captured auth_1 100
        3s shipping.create_label took=20s -> 201; generated lbl_1 @23s\n";
    const CANCEL: &str = "40s shipping.cancel lbl_1 -> 200; cancelled lbl_1\n";
    const REFUND: &str = "30s payment.refund auth_1 -> 200; refunded auth_1 100\n";
    const RELEASE: &str = "30s inventory.release res_1 -> 200; released res_1\n";

    fn shipped(story: &[&str]) -> Option<String> {
        judged(&RULE, &format!("{SHIPPED}{}", story.concat()))
    }

    #[test]
    fn money_or_stock_went_first() {
        assert_snapshot!(shipped(&[REFUND, CANCEL]).unwrap(), @"Money was given back (auth_1) before the label lbl_1 was cancelled.");
        assert_snapshot!(shipped(&[RELEASE, CANCEL]).unwrap(), @"Stock was given back (res_1) before the label lbl_1 was cancelled.");
        assert_snapshot!(shipped(&[REFUND]).unwrap(), @"Money was given back (auth_1) though the label lbl_1 is live.");
        assert!(shipped(&[RELEASE]).is_some());
        let part = "30s payment.refund auth_1 -> 200; refunded auth_1 20\n";
        assert!(shipped(&[part, CANCEL]).is_some());
        let unpaid = "0s payment.authorize -> 201; held auth_1 100
            1s shipping.create_label -> 201; generated lbl_1
            2s payment.release auth_1 -> 200; released auth_1 100";
        assert_snapshot!(judged(&RULE, unpaid).unwrap(), @"Money was given back (auth_1) though the label lbl_1 is live.");
    }

    #[test]
    fn the_label_went_first() {
        let late = |line: &str| line.replace("30s", "50s");
        assert_eq!(shipped(&[CANCEL, &late(REFUND), &late(RELEASE)]), None);
        let before_it_was_made = REFUND.replace("30s", "10s");
        assert_eq!(shipped(&[&before_it_was_made, CANCEL]), None);
    }

    #[test]
    fn what_gives_nothing_back_may_happen_while_a_label_is_live() {
        let late_capture = "24s payment.authorize key=b -> 201; held auth_2 100
            25s payment.capture auth_2 -> 200; captured auth_2 100\n";
        assert_eq!(shipped(&[late_capture, CANCEL]), None);
        assert_eq!(shipped(&["30s expired res_1\n", CANCEL]), None);
        let second_label = "4s shipping.create_label key=b -> 201; generated lbl_2
            30s shipping.cancel lbl_2 -> 200; cancelled lbl_2\n";
        assert_eq!(shipped(&[second_label, CANCEL]), None);
    }

    #[test]
    fn an_order_that_stays_shipped_may_lose_what_it_does_not_need() {
        assert_eq!(shipped(&["30s payment.refund auth_1 -> 200; refunded auth_1 20\n"]), None);
        let second_hold = "4s payment.authorize key=b -> 201; held auth_2 100
            30s payment.release auth_2 -> 200; released auth_2 100\n";
        assert_eq!(shipped(&[second_hold]), None);
        let second_reservation = "4s inventory.reserve key=b -> 201; reserved res_2
            30s inventory.release res_2 -> 200; released res_2\n";
        assert_eq!(shipped(&[second_reservation]), None);
        assert_eq!(shipped(&["30m expired res_1\n"]), None);
        let goodwill = "30s payment.refund auth_1 -> 200; refunded auth_1 5\n";
        let replaced =
            [goodwill, CANCEL, "41s shipping.create_label key=b took=9s -> 201; generated lbl_2 @50s"];
        assert_eq!(shipped(&replaced), None);
        assert!(shipped(&replaced[..2]).is_some());
    }

    #[test]
    fn within_a_millisecond_only_one_sequence_tells() {
        let at_once = [SHIPPED, REFUND, &CANCEL.replace("40s", "30s")].concat();
        assert_eq!(judged(&RULE, &at_once), None);
        assert!(judged_as(&RULE, &at_once, |order| order.one_sequence = true).is_some());
        let in_order = [SHIPPED, &CANCEL.replace("40s", "30s"), REFUND].concat();
        assert_eq!(judged_as(&RULE, &in_order, |order| order.one_sequence = true), None);
    }
}
