use crate::audit::order::Order;
use crate::audit::{Evidence, Kind, Rule};

pub(super) static RULE: Rule = Rule {
    name: "order_not_ended",
    kind: Kind::Decision,
    needs: &[],
    lifted_by: None,
    holds: "Every order ends: shipped, rejected, failed or cancelled.",
    cause: "Usually its workflow waits for something that will not come, or was lost when the orchestrator was \
            restarted.",
    judge,
};

fn judge<'a>(order: &Order<'a>) -> Option<Evidence<'a>> {
    let sentence = match order.decision?.status {
        Some(status) if status.is_final() => return None,
        Some(status) => format!("The order is still {}.", status.name()),
        None => "Nobody could tell what became of the order.".to_owned(),
    };
    Some(Evidence::new(sentence).calls(order, order.calls.last().copied()))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::audit::story::judged;
    use insta::assert_snapshot;

    #[test]
    fn it_goes_on_for_ever_or_is_lost() {
        assert_snapshot!(judged(&RULE, "decided approve awaiting_approval").unwrap(), @"The order is still awaiting_approval.");
        assert_snapshot!(judged(&RULE, "decided approve").unwrap(), @"Nobody could tell what became of the order.");
    }

    #[test]
    fn every_end_is_an_end() {
        for status in ["shipped", "rejected", "failed", "cancelled"] {
            assert_eq!(judged(&RULE, &format!("decided {status}")), None);
        }
        assert_eq!(judged(&RULE, "0s payment.authorize -> lost"), None);
    }
}
