//! The table of retries, backoff and limits. (Rule: ENGINE, "The order-fulfilment saga".)
//!
//! The settings are already scaled when they come here; backoff has no setting, and is scaled here.

use std::time::Duration;

use shared::time::TimeScale;

use super::{ActivitySettings, AttemptSettings};
use crate::workflow::{ActivityOptions, OnCancel, RetryPolicy};

const CONCURRENCY: usize = 256;
/// A label takes long but costs little.
const LABEL_CONCURRENCY: usize = 2000;
const COMPENSATION_LIMIT: Duration = Duration::from_secs(30 * 60);
const MIN_COMPENSATION_LIMIT: Duration = Duration::from_secs(5 * 60);
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
const FIRST_LABEL_BACKOFF: Duration = Duration::from_secs(2);
const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// The wait before an undo first repeats a call that may have happened.
pub fn first_repeat_backoff(scale: TimeScale) -> Duration {
    scale.apply(FIRST_BACKOFF)
}

pub(super) fn payment(settings: &ActivitySettings, scale: TimeScale) -> ActivityOptions {
    let kinds = &["validation_error", "insufficient_funds", "authorization_expired", "not_found"];
    forward(settings.payment, FIRST_BACKOFF, kinds, scale)
}

pub(super) fn inventory(settings: &ActivitySettings, scale: TimeScale) -> ActivityOptions {
    forward(settings.inventory, FIRST_BACKOFF, &["validation_error", "out_of_stock"], scale)
}

pub(super) fn label(settings: &ActivitySettings, scale: TimeScale) -> ActivityOptions {
    let kinds = &["validation_error", "address_validation_failed"];
    ActivityOptions {
        heartbeat: Some(settings.shipping_heartbeat),
        on_cancel: OnCancel::AbandonAttempt,
        concurrency: LABEL_CONCURRENCY,
        ..forward(settings.shipping, FIRST_LABEL_BACKOFF, kinds, scale)
    }
}

pub(super) fn notification(settings: &ActivitySettings, scale: TimeScale) -> ActivityOptions {
    forward(settings.notification, FIRST_BACKOFF, &["validation_error", "invalid_recipient"], scale)
}

pub(super) fn compensation(settings: &ActivitySettings, scale: TimeScale) -> ActivityOptions {
    let kinds = &["validation_error", "not_found", "idempotency_key_reuse"];
    ActivityOptions {
        start_to_close: settings.compensation.timeout,
        schedule_to_close: Some(scale.apply_at_least(COMPENSATION_LIMIT, MIN_COMPENSATION_LIMIT)),
        heartbeat: None,
        retry: retry(settings.compensation.retries, FIRST_BACKOFF, kinds, scale),
        on_cancel: OnCancel::FinishAttempt,
        compensation: true,
        concurrency: CONCURRENCY,
    }
}

fn forward(
    attempts: AttemptSettings,
    first_backoff: Duration,
    non_retryable: &'static [&'static str],
    scale: TimeScale,
) -> ActivityOptions {
    ActivityOptions {
        start_to_close: attempts.timeout,
        schedule_to_close: None,
        heartbeat: None,
        retry: retry(Some(attempts.retries), first_backoff, non_retryable, scale),
        on_cancel: OnCancel::FinishAttempt,
        compensation: false,
        concurrency: CONCURRENCY,
    }
}

fn retry(
    retries: Option<u32>,
    first_backoff: Duration,
    non_retryable: &'static [&'static str],
    scale: TimeScale,
) -> RetryPolicy {
    RetryPolicy {
        initial: scale.apply(first_backoff),
        backoff: 2.0,
        max_interval: scale.apply(MAX_BACKOFF),
        max_attempts: retries.map(|retries| retries + 1),
        non_retryable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(options: &ActivityOptions, count: u32) -> Vec<u64> {
        (1..=count).map(|attempt| options.retry.wait_after(attempt).as_millis() as u64).collect()
    }

    #[test]
    fn the_defaults_are_those_of_the_table() {
        let settings = ActivitySettings::default();
        let scale = TimeScale::REAL;
        let payment = payment(&settings, scale);
        assert_eq!((payment.retry.max_attempts, waits(&payment, 3)), (Some(4), vec![1000, 2000, 4000]));
        let inventory = inventory(&settings, scale);
        assert_eq!((inventory.retry.max_attempts, waits(&inventory, 2)), (Some(3), vec![1000, 2000]));
        let label = label(&settings, scale);
        assert_eq!(
            (label.retry.max_attempts, waits(&label, 5)),
            (Some(6), vec![2000, 4000, 8000, 16_000, 30_000])
        );
        assert_eq!(label.heartbeat, Some(Duration::from_secs(12)));
        let undo = compensation(&settings, scale);
        assert_eq!(
            (undo.retry.max_attempts, waits(&undo, 7)),
            (None, vec![1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
        );
        assert_eq!(undo.schedule_to_close, Some(Duration::from_secs(1800)));
        let limits = [&payment, &inventory, &label, &undo].map(|o| o.start_to_close.as_secs());
        assert_eq!(limits, [10, 10, 60, 15]);
    }

    #[test]
    fn a_small_scale_shrinks_backoff_to_nearly_nothing_and_limits_to_their_floors() {
        let scale = TimeScale::parse("0.000001").unwrap();
        let settings = ActivitySettings::default().at(scale);
        let label = label(&settings, scale);
        let shortest = Duration::from_secs(2);
        assert_eq!((label.start_to_close, label.heartbeat), (shortest, Some(shortest)));
        assert_eq!(waits(&label, 5), vec![1; 5]);
        assert_eq!(compensation(&settings, scale).schedule_to_close, Some(MIN_COMPENSATION_LIMIT));
    }
}
