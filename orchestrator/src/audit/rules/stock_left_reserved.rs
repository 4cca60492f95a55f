use crate::audit::order::{Order, Reservation};
use crate::audit::{Domain, Evidence, Kind, Rule};

pub(super) static RULE: Rule = Rule {
    name: "stock_left_reserved",
    kind: Kind::Invariant,
    needs: &[Domain::Inventory, Domain::Shipping],
    lifted_by: None,
    holds: "An order without a live label leaves no stock reserved. An expired reservation still counts as left, \
            unless the client received an answer that said so.",
    cause: "Usually a step after the reservation failed and only the money was given back, or a reserve whose answer \
            was lost was taken for one that did not happen.",
    judge,
};

fn judge<'a>(order: &Order<'a>) -> Option<Evidence<'a>> {
    if order.is_shipped() {
        return None;
    }
    let reservation = order.resources.reservations.iter().find(|reservation| is_left(order, reservation))?;
    let id = reservation.id;
    let sentence = if reservation.expired.is_some() {
        format!("Stock stayed reserved ({id}) until time released it, and the order has no live label.")
    } else {
        format!("Stock is still reserved ({id}), and the order has no live label.")
    };
    Some(Evidence::new(sentence).resources(order, [id]))
}

fn is_left(order: &Order<'_>, reservation: &Reservation<'_>) -> bool {
    let open = reservation.reserved.is_some() && reservation.released.is_none();
    open && reservation.expired.is_none_or(|expired| !order.was_told_of_expiry(&expired))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::audit::story::judged;
    use insta::assert_snapshot;

    fn reserving(story: &str) -> Option<String> {
        judged(&RULE, &format!("0s inventory.reserve -> 201; reserved res_1\n{story}"))
    }

    #[test]
    fn nobody_released_it() {
        assert_snapshot!(reserving("").unwrap(), @"Stock is still reserved (res_1), and the order has no live label.");
        assert!(reserving("1s inventory.release res_1 -> 500 internal_error").is_some());
    }

    #[test]
    fn what_time_ended_unseen_counts_as_left() {
        assert_snapshot!(reserving("30m expired res_1").unwrap(), @"Stock stayed reserved (res_1) until time released it, and the order has no live label.");
        for tells_nothing in [
            "inventory.status res_2 -> 200",
            "inventory.reserve res_1 replay -> 201",
            "inventory.release res_1 -> 400 validation_error",
            "inventory.release res_1 -> 410 reservation_expired abandoned",
        ] {
            let story = format!("30m expired res_1\n31m {tells_nothing}");
            assert!(reserving(&story).is_some(), "{tells_nothing}");
        }
    }

    #[test]
    fn what_time_ended_and_the_client_was_told_of_is_right() {
        let late = "30m expired res_1\n31m inventory.release res_1 -> 410 reservation_expired";
        assert_eq!(reserving(late), None);
        assert_eq!(reserving("30m expired res_1\n30m inventory.status res_1 -> 200"), None);
    }

    #[test]
    fn released_and_shipped_are_right_be_it_live_or_expired() {
        assert_eq!(reserving("1s inventory.release res_1 -> 200; released res_1"), None);
        let shipped = "1s shipping.create_label -> 201; generated lbl_1";
        assert_eq!(reserving(shipped), None);
        assert_eq!(reserving(&format!("{shipped}\n30m expired res_1")), None);
    }
}
