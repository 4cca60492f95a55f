use crate::audit::order::{Hold, Order};
use crate::audit::{Domain, Evidence, Kind, Rule};

pub(super) static RULE: Rule = Rule {
    name: "hold_left_open",
    kind: Kind::Invariant,
    needs: &[Domain::Payment, Domain::Shipping],
    lifted_by: None,
    holds: "An order without a live label leaves no money on hold, and an order with a live label has no hold except \
            the one it captured. An expired hold still counts as left open, unless the client received an answer that \
            said so.",
    cause: "Usually the flow ended (a rejection, an approval that never came, a failed step) without releasing the \
            hold, or an authorize whose answer was lost was taken for one that did not happen.",
    judge,
};

fn judge<'a>(order: &Order<'a>) -> Option<Evidence<'a>> {
    let holds = &order.resources.holds;
    let captured = holds.iter().find(|hold| hold.captured.is_some()).filter(|_| order.is_shipped());
    // What is on hold for a live label that nothing was captured for is `shipped_unpaid`.
    if order.is_shipped() && captured.is_none() {
        return None;
    }
    let hold = holds.iter().find(|hold| is_left(order, hold))?;
    let (id, amount) = (hold.id, hold.amount());
    let left = match hold.expired {
        Some(_) => format!("{amount} stayed on hold ({id}) until time released it"),
        None => format!("{amount} is still on hold ({id})"),
    };
    let why = match captured {
        Some(paid) => format!("though the order was shipped and {} was captured", paid.id),
        None => "and the order has no live label".to_owned(),
    };
    let evidence = Evidence::new(format!("{left}, {why}."));
    Some(evidence.resources(order, captured.map(|paid| paid.id).into_iter().chain([id])))
}

fn is_left(order: &Order<'_>, hold: &Hold<'_>) -> bool {
    let open = hold.held.is_some() && hold.captured.is_none() && hold.released.is_none();
    open && hold.expired.is_none_or(|expired| !order.was_told_of_expiry(&expired))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::audit::story::judged;
    use insta::assert_snapshot;

    fn holding(story: &str) -> Option<String> {
        judged(&RULE, &format!("0s payment.authorize -> 201; held auth_1 100\n{story}"))
    }

    #[test]
    fn nobody_released_it() {
        assert_snapshot!(holding("").unwrap(), @"100 is still on hold (auth_1), and the order has no live label.");
        assert!(holding("1s payment.release auth_1 -> 500 internal_error").is_some());
        assert!(judged(&RULE, "0s payment.authorize -> lost; held auth_1 100").is_some());
    }

    #[test]
    fn one_of_two_counts() {
        let released = "1s payment.authorize key=b -> 201; held auth_2 100
            2s payment.release auth_2 -> 200; released auth_2 100";
        assert!(holding(released).is_some());
        let captured = "1s payment.authorize key=b -> 201; held auth_2 100
            2s payment.capture auth_2 -> 200; captured auth_2 100";
        assert_snapshot!(holding(captured).unwrap(), @"100 is still on hold (auth_1), and the order has no live label.");
    }

    #[test]
    fn a_second_one_was_left_on_an_order_that_was_shipped() {
        let shipped = "1s payment.authorize key=b -> 201; held auth_2 100
            2s payment.capture auth_2 -> 200; captured auth_2 100
            3s shipping.create_label -> 201; generated lbl_1\n";
        assert_snapshot!(holding(shipped).unwrap(), @"100 is still on hold (auth_1), though the order was shipped and auth_2 was captured.");
        assert_snapshot!(holding(&format!("{shipped}7d expired auth_1 100")).unwrap(), @"100 stayed on hold (auth_1) until time released it, though the order was shipped and auth_2 was captured.");
        let told = "7d expired auth_1 100\n8d payment.release auth_1 -> 410 authorization_expired";
        assert_eq!(holding(&format!("{shipped}{told}")), None);
        let released = "4s payment.release auth_1 -> 200; released auth_1 100";
        assert_eq!(holding(&format!("{shipped}{released}")), None);
        let split = "4s payment.capture auth_1 -> 200; captured auth_1 100";
        assert_eq!(holding(&format!("{shipped}{split}")), None);
    }

    #[test]
    fn one_hold_of_a_shipped_order_that_was_asked_for_twice_is_right() {
        let repeated = "0s payment.authorize -> lost; held auth_1 100
            1s payment.authorize replay -> 201
            2s payment.capture auth_1 -> 200; captured auth_1 100
            3s shipping.create_label -> 201; generated lbl_1";
        assert_eq!(judged(&RULE, repeated), None);
    }

    #[test]
    fn what_time_ended_unseen_counts_as_left() {
        assert_snapshot!(holding("7d expired auth_1 100").unwrap(), @"100 stayed on hold (auth_1) until time released it, and the order has no live label.");
        let read_too_early = "1s payment.status auth_1 -> 200\n7d expired auth_1 100";
        assert!(holding(read_too_early).is_some());
        let unheard = "7d expired auth_1 100\n8d payment.status auth_1 -> lost";
        assert!(holding(unheard).is_some());
    }

    #[test]
    fn what_time_ended_and_the_client_was_told_of_is_right() {
        let refused = "1s payment.capture auth_1 -> 410 authorization_expired; expired auth_1 100";
        assert_eq!(holding(refused), None);
        let late_release = "7d expired auth_1 100\n8d payment.release auth_1 -> 410 authorization_expired";
        assert_eq!(holding(late_release), None);
        assert_eq!(holding("7d expired auth_1 100\n8d payment.status auth_1 -> 200"), None);
    }

    #[test]
    fn released_captured_and_shipped_are_right() {
        assert_eq!(holding("1s payment.release auth_1 -> 200; released auth_1 100"), None);
        assert_eq!(holding("1s payment.capture auth_1 -> lost; captured auth_1 100"), None);
        assert_eq!(holding("1s shipping.create_label -> 201; generated lbl_1"), None);
        assert_eq!(judged(&RULE, "0s payment.authorize -> 402 insufficient_funds"), None);
    }
}
