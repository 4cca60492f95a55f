use std::cell::LazyCell;
use std::collections::HashMap;

use foldhash::fast::RandomState;
use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::audit::order::{Call, Change, Ending, Operation, Order};
use crate::audit::{Evidence, Kind, Rule};

pub(super) static RULE: Rule = Rule {
    name: "compensated_twice",
    kind: Kind::Behaviour,
    needs: &[],
    lifted_by: None,
    holds: "What was undone with a 2xx is not undone again under another key. Refunds with different bodies are parts \
            of one undo until all is refunded; give equal parts different `reason`s.",
    cause: "Usually compensations run again after a restart, or two parts of the flow compensate the same step, each \
            under keys of its own.",
    judge,
};

fn judge<'a>(order: &Order<'a>) -> Option<Evidence<'a>> {
    let mut undos: HashMap<_, Vec<&Call<'a>>, RandomState> = HashMap::default();
    for undo in order.calls.iter().filter(|call| call.operation.undoes()) {
        if let Some(resource) = undo.request.resource.as_deref() {
            undos.entry((undo.domain, resource)).or_default().push(undo);
        }
    }
    let done = order.calls.iter().filter(|call| call.operation.undoes() && call.ending == Ending::Done);
    let (resource, done, again) = done.into_iter().find_map(|done| {
        let resource = done.request.resource.as_deref()?;
        let in_full = LazyCell::new(|| was_undone_in_full(order, done));
        let again = undos.get(&(done.domain, resource))?.iter().find(|later| {
            let once_more = later.came_after(done) && !later.has_key_of(done);
            once_more && (later.asks_the_same_as(done) || *in_full)
        })?;
        Some((resource, done, **again))
    })?;
    let sentence = format!("{resource} was undone with a success, and then once more under another key.");
    Some(Evidence::new(sentence).calls(order, [*done, again]))
}

/// Whether nothing was left to undo after `done`.
fn was_undone_in_full(order: &Order<'_>, done: &Call<'_>) -> bool {
    let Some((id, time)) = done.request.resource.as_deref().zip(done.request.ended_at) else { return false };
    done.operation != Operation::Refund
        || amount(order, id, Change::Refunded, time) >= amount(order, id, Change::Captured, time)
}

fn amount(order: &Order<'_>, id: &str, change: Change, by: Timestamp) -> Decimal {
    let moved = order
        .facts
        .iter()
        .filter(|fact| fact.change == change && fact.effect.resource == id && fact.at() <= by);
    moved.fold(Decimal::ZERO, |sum, fact| sum.saturating_add(fact.amount()))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::audit::story::judged;
    use insta::assert_snapshot;

    const CAPTURED: &str = "0s payment.capture auth_1 -> 200; captured auth_1 100\n";

    #[test]
    fn an_undo_that_had_succeeded_was_done_again() {
        let label = "0s shipping.cancel lbl_1 key=a -> 200; cancelled lbl_1
            1s shipping.cancel lbl_1 key=b -> 409 already_cancelled";
        assert_snapshot!(judged(&RULE, label).unwrap(), @"lbl_1 was undone with a success, and then once more under another key.");
        let refund = "1s payment.refund auth_1 key=a -> 200; refunded auth_1 100
            2s payment.refund auth_1 key=b body=other -> 409 already_refunded";
        assert!(judged(&RULE, &format!("{CAPTURED}{refund}")).is_some());
        let release = "0s payment.release auth_1 -> 200; released auth_1 100
            1s payment.refund auth_1 -> 409 not_captured";
        assert!(judged(&RULE, release).is_some());
        let one_of_two_captures = "0s payment.capture auth_2 -> 200; captured auth_2 100\n";
        assert!(judged(&RULE, &format!("{one_of_two_captures}{CAPTURED}{refund}")).is_some());
        let keyless = "0s inventory.release res_1 key=none -> 200; released res_1
            1s inventory.release res_1 key=none -> 409 already_released";
        assert!(judged(&RULE, keyless).is_some());
    }

    #[test]
    fn the_same_part_was_refunded_twice() {
        let twice = "1s payment.refund auth_1 key=a -> 200; refunded auth_1 40
            2s payment.refund auth_1 key=b -> 200; refunded auth_1 40";
        assert!(judged(&RULE, &format!("{CAPTURED}{twice}")).is_some());
    }

    #[test]
    fn refunds_of_different_parts_are_right() {
        let parts = "1s payment.refund auth_1 key=a body=40 -> 200; refunded auth_1 40
            2s payment.refund auth_1 key=b body=60 -> 200; refunded auth_1 60";
        assert_eq!(judged(&RULE, &format!("{CAPTURED}{parts}")), None);
    }

    #[test]
    fn another_try_after_no_success_another_resource_and_the_same_key_are_right() {
        for (first, second) in [
            ("inventory.release res_1 key=a -> lost", "inventory.release res_1 key=b -> 200"),
            ("payment.release auth_1 -> 409 already_captured", "payment.refund auth_1 -> 200"),
            ("inventory.release res_1 -> 200", "inventory.release res_1 -> 200"),
            ("inventory.release res_1 -> 200", "inventory.release res_2 -> 200"),
            ("payment.release auth_1 took=2s key=a -> 200", "payment.release auth_1 key=b -> 200"),
            ("payment.release auth_1 -> 200", "payment.status auth_1 -> 200"),
        ] {
            assert_eq!(judged(&RULE, &format!("0s {first}\n1s {second}")), None, "{second}");
        }
    }
}
