//! The rules, one file each.

mod captured_without_delivery;
mod changed_idempotency_key;
mod compensated_blind;
mod compensated_twice;
mod decision_ignored;
mod double_capture;
mod double_label;
mod double_notification;
mod double_reservation;
mod hold_left_open;
mod ignored_retry_after;
mod no_idempotency_key;
mod order_not_ended;
mod refund_exceeds_capture;
mod refunded_before_label_cancelled;
mod reservation_expired_before_label;
mod retried_refusal;
mod reused_idempotency_key;
mod shipped_unpaid;
mod status_disagrees;
mod stock_left_reserved;

use super::Rule;

/// Every rule, in the order of reports.
pub static RULES: [&Rule; 21] = [
    &captured_without_delivery::RULE,
    &refund_exceeds_capture::RULE,
    &hold_left_open::RULE,
    &stock_left_reserved::RULE,
    &double_capture::RULE,
    &double_reservation::RULE,
    &double_label::RULE,
    &shipped_unpaid::RULE,
    &double_notification::RULE,
    &decision_ignored::RULE,
    &status_disagrees::RULE,
    &order_not_ended::RULE,
    &retried_refusal::RULE,
    &ignored_retry_after::RULE,
    &changed_idempotency_key::RULE,
    &no_idempotency_key::RULE,
    &reused_idempotency_key::RULE,
    &compensated_twice::RULE,
    &compensated_blind::RULE,
    &refunded_before_label_cancelled::RULE,
    &reservation_expired_before_label::RULE,
];
