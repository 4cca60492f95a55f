use std::collections::BTreeMap;

use crate::audit::order::{Label, Operation, Order, Reservation};
use crate::audit::{Domain, Evidence, Kind, Rule};

pub(super) static RULE: Rule = Rule {
    name: "reservation_expired_before_label",
    kind: Kind::Behaviour,
    needs: &[Domain::Inventory, Domain::Shipping],
    lifted_by: None,
    holds: "The stock of a shipped order was still held when its label was made. An order that never asked for stock \
            needs none.",
    cause: "Usually the steps between the reservation and the label took longer than the reservation lives, or a \
            refused reserve (409 out_of_stock) was ignored, or the stock was given back too early, so that what is shipped may have been sold to somebody else.",
    judge,
};

fn judge<'a>(order: &Order<'a>) -> Option<Evidence<'a>> {
    order.calls.iter().find(|call| call.operation == Operation::Reserve)?;
    order.live_labels().find_map(|label| judge_label(order, label))
}

/// What shows that no stock was held for this label: the last reservation, which had ended, or its absence.
fn judge_label<'a>(order: &Order<'a>, label: &Label<'a>) -> Option<Evidence<'a>> {
    let generated = label.generated?;
    let reserved_before = |reservation: &&Reservation<'_>| {
        reservation.reserved.is_some_and(|reserved| !generated.precedes(&reserved, order.one_sequence))
    };
    let lost = order.resources.reservations.iter().filter(reserved_before).map(|reservation| {
        let ended = reservation.ended().filter(|ended| ended.precedes(&generated, order.one_sequence))?;
        Some(((ended.at(), ended.effect.seq), reservation))
    });
    let Some((_, last)) = lost.collect::<Option<BTreeMap<_, _>>>()?.pop_last() else {
        return Some(never_held(order, label));
    };
    let how = if last.released.is_some() { "was released" } else { "expired" };
    let sentence = format!("The reservation {} {how} before the label {} was made.", last.id, label.id);
    Some(Evidence::new(sentence).resources(order, [last.id, label.id]))
}

fn never_held<'a>(order: &Order<'a>, label: &Label<'a>) -> Evidence<'a> {
    let sentence =
        format!("inventory.reserve was asked, but no stock was held when the label {} was made.", label.id);
    Evidence::new(sentence).operation(order, Operation::Reserve).resources(order, [label.id])
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::audit::story::judged;
    use insta::assert_snapshot;

    fn reserved(story: &str) -> Option<String> {
        judged(&RULE, &format!("0s inventory.reserve -> 201; reserved res_1\n{story}"))
    }

    const LATE_LABEL: &str = "31m shipping.create_label -> 201; generated lbl_1\n";

    #[test]
    fn it_was_shipped_from_stock_that_was_not_held_any_more() {
        assert_snapshot!(reserved(&format!("30m expired res_1\n{LATE_LABEL}")).unwrap(), @"The reservation res_1 expired before the label lbl_1 was made.");
        let released = format!("1s inventory.release res_1 -> 200; released res_1\n{LATE_LABEL}");
        assert_snapshot!(reserved(&released).unwrap(), @"The reservation res_1 was released before the label lbl_1 was made.");
    }

    #[test]
    fn it_was_shipped_although_nothing_was_ever_held() {
        let refused = "0s inventory.reserve -> 409 out_of_stock\n";
        assert_snapshot!(judged(&RULE, &format!("{refused}{LATE_LABEL}")).unwrap(), @"inventory.reserve was asked, but no stock was held when the label lbl_1 was made.");
        let too_late = "32m inventory.reserve -> 201; reserved res_1";
        assert!(judged(&RULE, &format!("{LATE_LABEL}{too_late}")).is_some());
        let lost = "0s inventory.reserve -> lost\n";
        assert!(judged(&RULE, &format!("{lost}{LATE_LABEL}")).is_some());
        let held = "0s inventory.reserve -> lost; reserved res_1\n";
        assert_eq!(judged(&RULE, &format!("{held}{LATE_LABEL}")), None);
        let asked_again = "1s inventory.reserve key=b -> 201; reserved res_1\n";
        assert_eq!(judged(&RULE, &format!("{refused}{asked_again}{LATE_LABEL}")), None);
    }

    #[test]
    fn each_label_that_is_live_needs_stock() {
        let second = "31m shipping.create_label key=b -> 201; generated lbl_2";
        let story = format!("1s shipping.create_label -> 201; generated lbl_1\n30m expired res_1\n{second}");
        assert_snapshot!(reserved(&story).unwrap(), @"The reservation res_1 expired before the label lbl_2 was made.");
    }

    #[test]
    fn the_reservation_that_held_the_longest_is_named() {
        let second = "0s inventory.reserve key=b -> 201; reserved res_2\n";
        let released = "1s inventory.release res_1 -> 200; released res_1\n";
        assert_snapshot!(reserved(&format!("{second}{released}30m expired res_2\n{LATE_LABEL}")).unwrap(), @"The reservation res_2 expired before the label lbl_1 was made.");
        let released = released.replace("res_1", "res_2");
        assert_snapshot!(reserved(&format!("{second}{released}30m expired res_1\n{LATE_LABEL}")).unwrap(), @"The reservation res_1 expired before the label lbl_1 was made.");
    }

    #[test]
    fn held_when_the_label_was_made_is_right() {
        assert_eq!(reserved("1s shipping.create_label -> 201; generated lbl_1\n30m expired res_1"), None);
        assert_eq!(reserved(LATE_LABEL), None);
        let renewed =
            format!("29m inventory.reserve key=b -> 201; reserved res_2\n30m expired res_1\n{LATE_LABEL}");
        assert_eq!(reserved(&renewed), None);
    }

    #[test]
    fn what_was_not_shipped_or_never_reserved_is_right() {
        assert_eq!(reserved("30m expired res_1"), None);
        assert_eq!(judged(&RULE, LATE_LABEL), None);
        let cancelled =
            format!("30m expired res_1\n{LATE_LABEL}32m shipping.cancel lbl_1 -> 200; cancelled lbl_1");
        assert_eq!(reserved(&cancelled), None);
    }
}
