use crate::audit::order::{Change, Order};
use crate::audit::{Domain, Evidence, Kind, Rule};

pub(super) static RULE: Rule = Rule {
    name: "double_notification",
    kind: Kind::Invariant,
    needs: &[Domain::Notification],
    lifted_by: None,
    holds: "Nobody gets the same message (type and subject) twice for an order.",
    cause: "Usually the message was sent again under a new idempotency key, or under none, after its answer was lost.",
    judge,
};

fn judge<'a>(order: &Order<'a>) -> Option<Evidence<'a>> {
    let sent =
        || order.facts.iter().filter(|fact| fact.change == Change::Sent && fact.effect.detail.is_some());
    let (first, again) = sent().enumerate().find_map(|(nth, fact)| {
        let again = sent().skip(nth + 1).find(|later| later.effect.detail == fact.effect.detail)?;
        Some((fact, again))
    })?;
    let (first, again) = (&first.effect, &again.effect);
    let detail = first.detail.as_deref().unwrap_or_default();
    let sentence =
        format!("The same message ({detail}) was sent as {} and as {}.", first.resource, again.resource);
    Some(Evidence::new(sentence).resource(order, &first.resource).resource(order, &again.resource))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::audit::story::judged;
    use insta::assert_snapshot;

    #[test]
    fn the_same_message_went_out_twice() {
        let twice = "0s notification.send key=a -> lost; sent ntf_1 email:Shipped
            1s notification.send key=b -> 201; sent ntf_2 email:Shipped";
        assert_snapshot!(judged(&RULE, twice).unwrap(), @"The same message (email:Shipped) was sent as ntf_1 and as ntf_2.");
    }

    #[test]
    fn another_type_another_subject_and_a_replay_are_right() {
        let others = "0s notification.send body=a -> lost; sent ntf_1 email:Shipped
            1s notification.send body=a replay -> 201
            2s notification.send body=b -> 201; sent ntf_2 sms:Shipped
            3s notification.send body=c -> 201; sent ntf_3 email:Delivered";
        assert_eq!(judged(&RULE, others), None);
    }
}
