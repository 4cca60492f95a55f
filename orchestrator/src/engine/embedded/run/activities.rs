//! How the activities of a run end.

use std::sync::Arc;

use super::{AttemptResult, Effect, Run};
use crate::engine::embedded::event::{ActivityId, Event};
use crate::engine::embedded::open::{OpenActivity, Phase};
use crate::engine::embedded::record::{Terms, Verdict, deadline_ms};
use crate::engine::embedded::registry::Catalogue;
use crate::workflow::{ActivityError, ActivityOptions, OnCancel, kind};

impl Run {
    /// The next event that the engine itself raises.
    pub(super) fn by_itself(&mut self, now_ms: i64, catalogue: &Catalogue) -> Option<Event> {
        // What an activity returned before an outage is known, and must not count as unknown.
        if self.open.activities.values().any(|activity| matches!(activity.phase, Phase::Ended(_))) {
            return None;
        }
        self.overdue(now_ms, catalogue).or_else(|| self.cancelled_activity(catalogue))
    }

    /// What has been overdue the longest: a timer, or an activity's schedule-to-close.
    fn overdue(&mut self, now_ms: i64, catalogue: &Catalogue) -> Option<Event> {
        let timer = self.open.timers.iter().map(|(timer, due)| (*due, *timer)).min();
        let activities = self.open.activities.iter();
        let deadline =
            activities.filter_map(|(id, activity)| Some((activity.deadline_ms(catalogue)?, id))).min();
        let timer = timer.filter(|(due, _)| *due <= now_ms);
        let deadline = deadline.filter(|(due, _)| *due <= now_ms);
        match (timer, deadline) {
            (Some((due, timer)), deadline) if deadline.is_none_or(|(deadline, _)| due <= deadline) => {
                Some(Event::TimerFired { timer })
            }
            (_, Some((_, id))) => {
                let id = Arc::clone(id);
                let error = self
                    .open
                    .activities
                    .get(&id)?
                    .ended_by_engine(kind::ACTIVITY_TIMEOUT, "no success in time");
                Some(Event::ActivityFailed { id, error })
            }
            _ => None,
        }
    }

    /// The next activity that ends because its scope was cancelled. Those with an attempt in flight that
    /// may finish are notified instead.
    fn cancelled_activity(&mut self, catalogue: &Catalogue) -> Option<Event> {
        while let Some(id) = self.open.cancels.pop_front() {
            let Some(activity) = self.open.activities.get(&id) else { continue };
            let on_cancel = catalogue.activities.get(activity.name).map(|kind| kind.options.on_cancel);
            if !activity.withdraw() && on_cancel == Some(OnCancel::FinishAttempt) {
                self.effects.push(Effect::TellCancelled(id));
                continue;
            }
            let error = activity.ended_by_engine(kind::CANCELLED, "its workflow stopped it");
            return Some(Event::ActivityFailed { id, error });
        }
        None
    }

    /// What the end of an attempt means; `None` if the engine had already ended the attempt.
    pub(super) fn after_attempt(
        &mut self,
        id: &ActivityId,
        serial: u64,
        end: AttemptResult,
        catalogue: &Catalogue,
    ) -> Option<Event> {
        let activity =
            self.open.activities.get_mut(id).filter(|activity| activity.phase.is_attempt(serial))?;
        activity.phase = Phase::Ended(serial);
        let id = Arc::clone(id);
        Some(match end {
            Ok((output, heartbeat)) => {
                Event::ActivityCompleted { id, attempt: activity.record.attempt(), output, heartbeat }
            }
            Err(end) => {
                let kind = catalogue.activities.get(activity.name)?;
                match activity.record.judge(&id, end, activity.terms(&kind.options)) {
                    Verdict::Retry(attempt) => Event::AttemptFailed(attempt),
                    Verdict::GiveUp(error) => Event::ActivityFailed { id, error },
                }
            }
        })
    }
}

impl OpenActivity {
    /// When its schedule-to-close runs out; never for one that has a result.
    pub(super) fn deadline_ms(&self, catalogue: &Catalogue) -> Option<i64> {
        if let Phase::Ended(_) = self.phase {
            return None;
        }
        let kind = catalogue.activities.get(self.name)?;
        deadline_ms(self.terms(&kind.options))
    }

    fn terms<'a>(&self, options: &'a ActivityOptions) -> Terms<'a> {
        Terms { options, scheduled_at_ms: self.scheduled_at_ms, cancelling: self.cancelling }
    }

    /// Removes an attempt from the queue for a slot. `false` if it may already be running.
    fn withdraw(&self) -> bool {
        match &self.phase {
            Phase::Attempting(attempt) => attempt.withdraw(),
            Phase::Ended(_) => false,
            // A crash cut its attempt off, and it has not been started again yet.
            Phase::Ready => !self.record.is_interrupted(),
            Phase::BackingOff => true,
        }
    }

    pub(super) fn ended_by_engine(&self, kind: &str, message: &str) -> ActivityError {
        match &self.phase {
            Phase::Attempting(attempt) if !attempt.withdraw() => {
                self.record.end_running(kind, message, attempt.heartbeat().as_ref())
            }
            Phase::Ended(_) => self.record.end_running(kind, message, None),
            Phase::Attempting(_) | Phase::Ready | Phase::BackingOff => self.record.end_waiting(kind, message),
        }
    }
}

impl Phase {
    fn is_attempt(&self, serial: u64) -> bool {
        match self {
            Self::Attempting(attempt) => attempt.serial == serial,
            Self::Ended(ended) => *ended == serial,
            Self::Ready | Self::BackingOff => false,
        }
    }
}
