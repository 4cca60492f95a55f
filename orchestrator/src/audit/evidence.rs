//! What each finding shows beside its sentence: the requests and the facts that led there, and no others.

use super::RULES;
use super::story::Story;

/// Part of every story, and of no finding.
const BESIDE: &str = "0s payment.authorize key=beside body=beside -> 201; held auth_0 1
    0s payment.release auth_0 key=beside -> 200; released auth_0 1
    0s notification.send key=beside body=beside -> 201; sent ntf_0 email:Beside\n";

const CAPTURED: &str = "1s payment.authorize -> lost; held auth_1 100
    2s payment.authorize replay -> 201
    3s payment.capture auth_1 -> 200; captured auth_1 100\n";
const LABEL: &str = "5s shipping.create_label -> 201; generated lbl_1\n";

/// A rule, and an order that breaks it.
const STORIES: [(&str, &[&str]); 23] = [
    (
        "captured_without_delivery",
        &[
            "2s shipping.create_label -> 400 address_validation_failed\n",
            CAPTURED,
            LABEL,
            "6s shipping.cancel lbl_1 -> 200; cancelled lbl_1",
        ],
    ),
    ("refund_exceeds_capture", &[CAPTURED, "4s payment.refund auth_1 -> 200; refunded auth_1 101"]),
    ("hold_left_open", &["1s payment.authorize -> lost; held auth_1 100"]),
    ("hold_left_open", &[CAPTURED, LABEL, "6s payment.authorize key=b -> 201; held auth_2 100"]),
    ("stock_left_reserved", &["1s inventory.reserve -> 201; reserved res_1\n30m expired res_1"]),
    ("double_capture", &[CAPTURED, "4s payment.capture auth_1 key=b -> 200; captured auth_1 100"]),
    (
        "double_reservation",
        &[
            "1s inventory.reserve key=a -> lost; reserved res_1\n2s inventory.reserve key=b -> 201; reserved res_2",
        ],
    ),
    ("double_label", &[LABEL, "6s shipping.create_label key=b -> 201; generated lbl_2"]),
    ("shipped_unpaid", &[LABEL]),
    (
        "double_notification",
        &[
            "1s notification.send key=a -> lost; sent ntf_1 email:Shipped\n2s notification.send key=b -> 201; sent ntf_2 email:Shipped",
        ],
    ),
    ("decision_ignored", &[LABEL, "decided cancel cancelled"]),
    ("status_disagrees", &["1s shipping.create_label key=b -> 503 unavailable\n", LABEL, "decided failed"]),
    ("order_not_ended", &[LABEL, "decided processing"]),
    (
        "retried_refusal",
        &[
            "1s payment.authorize -> 402 declined\n2s payment.authorize -> 402 declined\n3s payment.authorize -> 402 declined",
        ],
    ),
    (
        "ignored_retry_after",
        &["1s payment.authorize retry=9s -> 503 unavailable\n2s payment.authorize -> lost; held auth_1 100"],
    ),
    (
        "changed_idempotency_key",
        &[
            "1s payment.authorize key=a -> lost\n2s payment.authorize key=a -> 503 unavailable\n3s payment.authorize key=b -> lost\n4s payment.authorize key=b -> 201; held auth_1 100",
        ],
    ),
    (
        "no_idempotency_key",
        &[
            "1s payment.authorize key=none -> 201; held auth_1 100\n2s payment.capture auth_1 key=none -> 402 declined",
        ],
    ),
    (
        "reused_idempotency_key",
        &["1s payment.authorize key=shared -> 402 declined
            2s payment.authorize key=shared body=other -> 422 idempotency_key_reuse\n"],
    ),
    (
        "compensated_twice",
        &[
            "1s inventory.release res_1 key=a -> 200; released res_1\n2s inventory.release res_1 key=b -> 409 already_released",
        ],
    ),
    (
        "compensated_blind",
        &[
            "1s inventory.reserve -> lost\n2s inventory.reserve -> 503 unavailable\n3s inventory.reserve key=b -> 409 out_of_stock",
        ],
    ),
    (
        "compensated_blind",
        &[
            "1s inventory.reserve -> lost\n2s payment.authorize -> 201; held auth_1 100\n3s payment.release auth_1 -> 200; released auth_1 100",
        ],
    ),
    (
        "refunded_before_label_cancelled",
        &[CAPTURED, LABEL, "6s payment.refund auth_1 -> 200; refunded auth_1 100"],
    ),
    (
        "reservation_expired_before_label",
        &["1s inventory.reserve -> lost\n2s inventory.reserve -> 409 out_of_stock\n", LABEL],
    ),
];

fn told(story: &[&str]) -> Story {
    Story::told(&format!("{BESIDE}{}", story.concat()))
}

/// What the finding of this rule shows, in a line.
fn shown(rule: &str, story: &[&str]) -> String {
    let story = told(story);
    let report = story.audit().report(&story.ledgers);
    let finding = report.findings.into_iter().find(|finding| finding.rule == rule).expect(rule);
    let requests = finding.requests.iter().map(|it| format!("{}s {}", it.after_ms / 1000, it.operation));
    let facts = finding.facts.iter().map(|it| format!("{} {}", it.effect, it.resource));
    format!("{rule}: {}", requests.chain(facts).collect::<Vec<_>>().join(", "))
}

#[test]
fn a_finding_shows_what_led_there_and_nothing_else() {
    let shown: Vec<_> = STORIES.iter().map(|(rule, story)| shown(rule, story)).collect();
    insta::assert_snapshot!(shown.join("\n"), @"
    captured_without_delivery: 1s payment.authorize, 2s shipping.create_label, 2s payment.authorize, 3s payment.capture, 5s shipping.create_label, 6s shipping.cancel, held auth_1, captured auth_1, generated lbl_1, cancelled lbl_1
    refund_exceeds_capture: 1s payment.authorize, 2s payment.authorize, 3s payment.capture, 4s payment.refund, held auth_1, captured auth_1, refunded auth_1
    hold_left_open: 1s payment.authorize, held auth_1
    hold_left_open: 1s payment.authorize, 2s payment.authorize, 3s payment.capture, 6s payment.authorize, held auth_1, captured auth_1, held auth_2
    stock_left_reserved: 1s inventory.reserve, reserved res_1, expired res_1
    double_capture: 1s payment.authorize, 2s payment.authorize, 3s payment.capture, 4s payment.capture, held auth_1, captured auth_1, captured auth_1
    double_reservation: 1s inventory.reserve, 2s inventory.reserve, reserved res_1, reserved res_2
    double_label: 5s shipping.create_label, 6s shipping.create_label, generated lbl_1, generated lbl_2
    shipped_unpaid: 0s payment.authorize, 0s payment.release, 5s shipping.create_label, held auth_0, released auth_0, generated lbl_1
    double_notification: 1s notification.send, 2s notification.send, sent ntf_1, sent ntf_2
    decision_ignored: 5s shipping.create_label, generated lbl_1
    status_disagrees: 1s shipping.create_label, 5s shipping.create_label, generated lbl_1
    order_not_ended: 5s shipping.create_label, generated lbl_1
    retried_refusal: 1s payment.authorize, 2s payment.authorize, 3s payment.authorize
    ignored_retry_after: 1s payment.authorize, 2s payment.authorize, held auth_1
    changed_idempotency_key: 1s payment.authorize, 2s payment.authorize, 3s payment.authorize, 4s payment.authorize, held auth_1
    no_idempotency_key: 1s payment.authorize, 2s payment.capture, held auth_1
    reused_idempotency_key: 1s payment.authorize, 2s payment.authorize
    compensated_twice: 1s inventory.release, 2s inventory.release, released res_1
    compensated_blind: 1s inventory.reserve, 2s inventory.reserve
    compensated_blind: 1s inventory.reserve, 2s payment.authorize, 3s payment.release, held auth_1, released auth_1
    refunded_before_label_cancelled: 1s payment.authorize, 2s payment.authorize, 3s payment.capture, 5s shipping.create_label, 6s payment.refund, held auth_1, captured auth_1, generated lbl_1, refunded auth_1
    reservation_expired_before_label: 1s inventory.reserve, 2s inventory.reserve, 5s shipping.create_label, generated lbl_1
    ");
}

#[test]
fn every_rule_is_shown() {
    let untold = RULES.iter().filter(|rule| !STORIES.iter().any(|(told, _)| *told == rule.name));
    assert_eq!(untold.map(|rule| rule.name).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn records_may_come_in_any_order() {
    for (rule, story) in STORIES {
        let mut story = told(story);
        let report = |story: &Story| serde_json::to_value(story.audit().report(&story.ledgers)).unwrap();
        let in_time = report(&story);
        story.ledgers.values_mut().for_each(|records| records.reverse());
        assert_eq!(report(&story), in_time, "{rule}");
    }
}
