//! A run's entries as its clients read them.

use std::collections::BTreeMap;

use super::driver::RunningAttempt;
use super::event::{Entry, Event, Recorded, timestamp};
use super::journal::{Heartbeats, Row};
use crate::workflow::{ActivityState, ActivityView, HistoryEvent, Json, RunSummary};

/// The activities of a run, in the order they were scheduled.
pub(super) fn activities(
    entries: &[Entry],
    heartbeats: &Heartbeats,
    running: Vec<RunningAttempt>,
) -> Vec<ActivityView> {
    let mut views = Views::default();
    for entry in entries {
        views.take(entry);
    }
    for (id, beat) in heartbeats {
        views.with(id, |view| {
            if view.ended_at.is_none() && view.attempts <= beat.attempt {
                view.last_heartbeat = Some(beat.details.clone());
            }
        });
    }
    for attempt in running {
        views.with(&attempt.activity_id, |view| {
            if view.ended_at.is_none() {
                view.state = ActivityState::Running;
                view.attempts = attempt.attempt;
                view.next_attempt_at = None;
                view.last_heartbeat = attempt.heartbeat.clone().or(view.last_heartbeat.take());
            }
        });
    }
    views.in_order
}

#[derive(Default)]
struct Views {
    in_order: Vec<ActivityView>,
    by_id: BTreeMap<String, usize>,
}

impl Views {
    fn take(&mut self, entry: &Entry) {
        let at = timestamp(entry.at_ms);
        match &entry.event {
            Event::ActivityCompleted { id, attempt, heartbeat, .. } => self.with(id, |view| {
                view.state = ActivityState::Completed;
                view.attempts = *attempt;
                view.ended_at = Some(at);
                view.next_attempt_at = None;
                view.last_heartbeat = heartbeat.clone().or(view.last_heartbeat.take());
            }),
            Event::ActivityFailed { id, error } => self.with(id, |view| {
                view.state = ActivityState::Failed;
                view.attempts = error.attempts;
                view.ended_at = Some(at);
                view.next_attempt_at = None;
                view.last_failure = Some(error.to_string());
                view.last_heartbeat = error.progress().cloned().or(view.last_heartbeat.take());
            }),
            Event::AttemptFailed(attempt) => self.with(&attempt.id, |view| {
                view.state = ActivityState::BackingOff;
                view.attempts = attempt.attempt;
                view.next_attempt_at = Some(timestamp(attempt.next_try_ms));
                view.last_failure = Some(format!("{}: {}", attempt.kind, attempt.message));
                view.last_heartbeat = attempt.heartbeat.clone().or(view.last_heartbeat.take());
            }),
            _ => {}
        }
        for command in &entry.commands {
            if let Recorded::Activity(id) = command {
                self.by_id.insert(id.as_ref().to_owned(), self.in_order.len());
                self.in_order.push(ActivityView {
                    activity_id: id.as_ref().to_owned(),
                    name: id.rsplit_once(':').map_or(id.as_ref(), |(name, _)| name).to_owned(),
                    state: ActivityState::Running,
                    attempts: 1,
                    scheduled_at: at,
                    ended_at: None,
                    next_attempt_at: None,
                    last_failure: None,
                    last_heartbeat: None,
                });
            }
        }
    }

    fn with(&mut self, id: &str, change: impl FnOnce(&mut ActivityView)) {
        if let Some(view) = self.by_id.get(id).and_then(|place| self.in_order.get_mut(*place)) {
            change(view);
        }
    }
}

/// Entry number `id` (from 1) of a run.
pub(super) fn history_event(id: u64, entry: &Entry) -> HistoryEvent {
    // An event is written as an object of one field, which is named after it.
    let tagged = Json::of(&entry.event).and_then(|json| json.parse::<BTreeMap<String, Json>>());
    let (event, details) = tagged
        .ok()
        .and_then(|mut fields| fields.pop_first())
        .unwrap_or_else(|| ("unknown".to_owned(), Json::null()));
    let commands = entry.commands.iter().map(Recorded::to_string).collect();
    HistoryEvent { id, at: timestamp(entry.at_ms), event, details, commands }
}

impl Row {
    pub(super) fn summary(self) -> RunSummary {
        RunSummary {
            workflow_id: self.start.workflow_id.as_ref().to_owned(),
            run_id: self.start.run_id.as_ref().to_owned(),
            started_at: timestamp(self.start.started_at_ms),
            closed_at: self.ending.map(|ending| timestamp(ending.at_ms)),
            needs_attention: self.needs_attention,
            search_attributes: self.attributes,
        }
    }
}
