//! What is left out of a verdict, and how the report says so.

use super::tests::{LEFT, rules_of};
use super::*;
use crate::audit::story::Story;
use crate::audit::{Domain, summary};
use crate::domain::OrderStatus;

#[test]
fn decisions_alone_are_nothing_to_judge() {
    let decided = |status| {
        let order_id = SmolStr::new_static("ORD-1");
        let decision = Decision { order_id: order_id.clone(), accepted: Vec::new(), status };
        let audit = Audit { decisions: Some([(order_id, decision)].into()), ..Audit::default() };
        audit.report(&Domain::ALL.map(|domain| (domain, Vec::new())).into()).why_nothing()
    };
    let nothing = "the backends have received no requests yet";
    assert_eq!(decided(Some(OrderStatus::Failed)).as_deref(), Some(nothing));
    assert_eq!(decided(None), None, "it did not end");
}

#[test]
fn why_no_order_was_judged_tells_of_each_reason_how_many_it_left_out() {
    let story = Story::told(&format!(
        "{LEFT}0s payment.authorize order=ORD-2 -> 402 declined\n1s payment.release auth_1 -> executing"
    ));
    let report = story.audit().report_until(&story.ledgers, Timestamp::MIN);
    insta::assert_snapshot!(report.why_nothing().unwrap(), @"each order has a request executing now (1) or was heard of too recently (1)");
}

#[test]
fn an_invariant_over_a_domain_that_is_not_served_is_not_judged() {
    let mut story = Story::told(LEFT);
    story.ledgers.remove(&Domain::Shipping);
    let report = story.audit().report(&story.ledgers);
    assert_eq!(rules_of(&report), ["no_idempotency_key"]);
    let unseen: Vec<_> = report
        .not_judged
        .iter()
        .filter(|it| it.because == "shipping is not served")
        .map(|it| it.rule)
        .collect();
    assert_eq!(
        unseen,
        [
            "captured_without_delivery",
            "hold_left_open",
            "stock_left_reserved",
            "double_label",
            "shipped_unpaid",
            "refunded_before_label_cancelled",
            "reservation_expired_before_label"
        ]
    );
}

#[test]
fn decisions_are_judged_where_they_are_known_be_the_ledger_empty_or_not() {
    let unasked = Story::told("").audit().report(&Story::told("").ledgers);
    let unseen: Vec<_> = unasked.not_judged.iter().map(|it| it.rule).collect();
    assert_eq!(unseen, ["decision_ignored", "status_disagrees", "order_not_ended"]);
    let asked = Story::told("decided approve processing");
    let report = asked.audit().report(&asked.ledgers);
    assert_eq!((rules_of(&report), report.orders), (vec!["order_not_ended"], 1));
    assert_eq!(report.not_judged, []);
}

#[test]
fn orders_of_which_no_decision_was_given_are_counted() {
    let story = Story::told("decided failed\n0s payment.authorize order=ORD-2 -> 402 declined");
    let told = |decisions| {
        let report = Audit { decisions, ..Audit::default() }.report(&story.ledgers);
        (report.without_decision, summary(&report).join("\n"))
    };
    let (one, text) = told(story.audit().decisions);
    assert_eq!(one, Some(1));
    insta::assert_snapshot!(text, @"
    2 orders judged.
    No decision given: 1 of 2 orders; not judged there: decision_ignored, status_disagrees, order_not_ended.
    Clean: no findings.
    ");
    assert_eq!(told(Some(BTreeMap::new())).0, Some(1), "a file without decisions");
    assert_eq!(told(None).0, None);
}

#[test]
fn split_shipments_may_have_several_of_each() {
    let twice = Story::told(
        "0s payment.authorize -> 201; held auth_1 50
        1s payment.authorize body=b key=b -> 201; held auth_2 50
        2s inventory.reserve -> 201; reserved res_1
        3s inventory.reserve body=b key=b -> 201; reserved res_2
        4s payment.capture auth_1 -> 200; captured auth_1 50
        5s payment.capture auth_2 -> 200; captured auth_2 50
        6s shipping.create_label -> 201; generated lbl_1
        7s shipping.create_label body=b key=b -> 201; generated lbl_2",
    );
    let mut audit = twice.audit();
    let found = rules_of(&audit.report(&twice.ledgers));
    assert_eq!(found, ["double_capture", "double_reservation", "double_label"]);
    audit.allowed.push(Allowance::SplitShipments);
    let report = audit.report(&twice.ledgers);
    assert_eq!(rules_of(&report), [""; 0]);
    let lifted = report.not_judged.iter().filter(|it| it.because == "--allow split-shipments lifts it");
    assert_eq!(lifted.map(|it| it.rule).collect::<Vec<_>>(), found, "they did not pass");
}
