use std::collections::HashMap;

use foldhash::fast::RandomState;
use shared::ledger::Effect;

use crate::audit::order::{Change, Order};
use crate::audit::{Domain, Evidence, Kind, Rule};

pub(super) static RULE: Rule = Rule {
    name: "double_notification",
    kind: Kind::Invariant,
    needs: &[Domain::Notification],
    lifted_by: None,
    holds: "Nobody gets the same message (type, recipient, subject and text) twice for an order.",
    cause: "Usually the message was sent again under a new idempotency key, or under none, after its answer was lost.",
    judge,
};

fn judge<'a>(order: &Order<'a>) -> Option<Evidence<'a>> {
    let sent = order.facts.iter().filter(|fact| fact.change == Change::Sent).map(|fact| fact.effect);
    let mut told: HashMap<&str, &Effect, RandomState> = HashMap::default();
    let (detail, first, again) = sent.into_iter().find_map(|again| {
        let detail = again.detail.as_deref()?;
        Some((detail, told.insert(detail, again)?, again))
    })?;
    let sentence =
        format!("The same message ({detail}) was sent as {} and as {}.", first.resource, again.resource);
    Some(Evidence::new(sentence).resources(order, [&*first.resource, &*again.resource]))
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
