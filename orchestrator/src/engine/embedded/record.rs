//! What is known about an activity's attempts, and what follows from a failed one. Pure.

use crate::engine::possible_effect::PossibleEffect;
use crate::workflow::{ActivityError, ActivityOptions, AttemptFailure, Certainty, Json, kind};

use super::event::{ActivityId, FailedAttempt, Interrupted, timestamp};

/// The attempts of an open activity so far.
#[derive(Clone, Debug, Default)]
pub(super) struct AttemptRecord {
    failed: u32,
    /// An execution of the next attempt that a crash cut off.
    interrupted: Option<Interrupted>,
    effect: PossibleEffect,
    last_heartbeat: Option<Json>,
    last_failure: Option<(Certainty, String)>,
    retry_at_ms: Option<i64>,
    /// When the next attempt is due; `None` before the first.
    pub(super) next_try_ms: Option<i64>,
}

/// How an attempt failed.
#[derive(Clone, Debug)]
pub(super) struct AttemptEnd {
    pub(super) failure: AttemptFailure,
    /// Whether the activity itself returned it. An end by the engine is not an answer of the other side.
    pub(super) told: bool,
    pub(super) heartbeat: Option<Json>,
    pub(super) at_ms: i64,
}

/// When an activity was scheduled and whether it may continue.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms<'a> {
    pub(super) options: &'a ActivityOptions,
    pub(super) scheduled_at_ms: i64,
    pub(super) cancelling: bool,
}

/// What follows from a failed attempt.
#[derive(Clone, Debug)]
pub(super) enum Verdict {
    Retry(FailedAttempt),
    GiveUp(ActivityError),
}

impl AttemptRecord {
    /// The number of the attempt that runs or comes next.
    pub(super) fn attempt(&self) -> u32 {
        self.failed + 1
    }

    /// The details of the last heartbeat of an earlier attempt, if any is known.
    pub(super) fn earlier_heartbeat(&self) -> Option<Json> {
        let interrupted = self.interrupted.as_ref().and_then(|interrupted| interrupted.heartbeat.clone());
        interrupted.or_else(|| self.last_heartbeat.clone())
    }

    pub(super) fn is_interrupted(&self) -> bool {
        self.interrupted.is_some()
    }

    /// The attempt that runs or comes next may have already run before a crash.
    pub(super) fn interrupt(&mut self, interrupted: Interrupted) {
        self.interrupted = Some(interrupted);
    }

    /// Applies a failed attempt from the journal.
    pub(super) fn absorb(&mut self, attempt: &FailedAttempt) {
        self.interrupted = attempt.interrupted.clone();
        self.count_interrupted();
        self.count(attempt.certainty, attempt.heartbeat.as_ref());
        self.failed = attempt.attempt;
        self.interrupted = None;
        self.last_failure = Some((attempt.certainty, format!("{}: {}", attempt.kind, attempt.message)));
        self.retry_at_ms = attempt.retry_at_ms;
        self.next_try_ms = Some(attempt.next_try_ms);
    }

    /// What follows when the attempt in flight fails.
    pub(super) fn judge(&self, id: &ActivityId, end: AttemptEnd, terms: Terms<'_>) -> Verdict {
        let AttemptEnd { failure, told, heartbeat, at_ms } = end;
        let retry = &terms.options.retry;
        let asked = failure.retry_after.map(|wait| later(at_ms, wait));
        let retry_at_ms = if told { asked } else { self.retry_at_ms };
        let wait = later(at_ms, retry.wait_after(self.attempt()));
        let next_try_ms = wait.max(retry_at_ms.unwrap_or(i64::MIN));
        let too_late = deadline_ms(terms).is_some_and(|deadline| next_try_ms >= deadline);
        let may_retry = failure.certainty != Certainty::Rejected
            && !retry.non_retryable.contains(&failure.kind.as_str())
            && retry.allows_after(self.attempt())
            && !terms.cancelling;
        if may_retry && !too_late {
            return Verdict::Retry(FailedAttempt {
                id: id.clone(),
                attempt: self.attempt(),
                certainty: failure.certainty,
                kind: failure.kind,
                message: failure.message,
                heartbeat,
                interrupted: self.interrupted.clone(),
                next_try_ms,
                retry_at_ms,
            });
        }
        let mut all = self.clone();
        all.count_interrupted();
        all.count(failure.certainty, heartbeat.as_ref());
        all.retry_at_ms = retry_at_ms;
        let attempts = self.attempt();
        Verdict::GiveUp(if may_retry {
            let message =
                format!("no success in time; the last attempt failed: {}: {}", failure.kind, failure.message);
            all.error(failure.certainty, kind::ACTIVITY_TIMEOUT, message, attempts)
        } else {
            all.error(failure.certainty, &failure.kind, failure.message, attempts)
        })
    }

    /// The error of an activity that the engine ends between its attempts.
    pub(super) fn end_waiting(&self, kind: &str, message: &str) -> ActivityError {
        let mut all = self.clone();
        let interrupted = all.count_interrupted();
        let certainty = match &self.last_failure {
            _ if interrupted => Certainty::Unknown,
            Some((certainty, _)) => *certainty,
            None => Certainty::Unavailable,
        };
        let attempts = self.failed + u32::from(interrupted);
        all.error(certainty, kind, self.with_last_failure(message), attempts)
    }

    /// The error of an activity that the engine ends while an attempt is in flight.
    pub(super) fn end_running(&self, kind: &str, message: &str, heartbeat: Option<&Json>) -> ActivityError {
        let mut all = self.clone();
        all.count(Certainty::Unknown, heartbeat);
        all.error(Certainty::Unknown, kind, self.with_last_failure(message), self.attempt())
    }

    fn with_last_failure(&self, message: &str) -> String {
        match &self.last_failure {
            Some((_, failure)) => format!("{message}; the last failure was {failure}"),
            None => message.to_owned(),
        }
    }

    fn error(self, certainty: Certainty, kind: &str, message: String, attempts: u32) -> ActivityError {
        ActivityError {
            certainty,
            kind: kind.to_owned(),
            message,
            may_have_happened: self.effect.may_have_happened,
            attempts,
            retry_at: self.retry_at_ms.map(timestamp),
            last_heartbeat: self.effect.beside_evidence(self.last_heartbeat),
            heartbeat: self.effect.evidence,
        }
    }

    fn count_interrupted(&mut self) -> bool {
        let interrupted = self.interrupted.take();
        let counted = interrupted.is_some();
        if let Some(interrupted) = interrupted {
            self.count(Certainty::Unknown, interrupted.heartbeat.as_ref());
        }
        counted
    }

    fn count(&mut self, certainty: Certainty, heartbeat: Option<&Json>) {
        self.effect.count(certainty, heartbeat);
        self.last_heartbeat = heartbeat.cloned().or(self.last_heartbeat.take());
    }
}

/// When an activity's schedule-to-close runs out, in epoch milliseconds.
pub(super) fn deadline_ms(terms: Terms<'_>) -> Option<i64> {
    terms.options.schedule_to_close.map(|limit| later(terms.scheduled_at_ms, limit))
}

fn later(at_ms: i64, wait: std::time::Duration) -> i64 {
    at_ms.saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX))
}
