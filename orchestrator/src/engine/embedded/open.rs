//! What a run is waiting for: derived by folding its entries, live and in replay.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::attempt::Attempt;
use super::command::Command;
use super::event::{ActivityId, Event, Recorded};
use super::record::AttemptRecord;
use crate::workflow::Json;

/// A run's open operations.
#[derive(Default)]
pub(super) struct Open {
    /// When each timer is due, in epoch milliseconds.
    pub(super) timers: BTreeMap<u32, i64>,
    /// In boxes, since a map makes room for eleven at once, and most runs have one.
    pub(super) activities: BTreeMap<ActivityId, Box<OpenActivity>>,
    pub(super) children: BTreeMap<Arc<str>, OpenChild>,
    /// Activities whose requested cancellation was not yet processed.
    pub(super) cancels: VecDeque<ActivityId>,
}

pub(super) struct OpenActivity {
    pub(super) name: &'static str,
    pub(super) input: Json,
    pub(super) scheduled_at_ms: i64,
    pub(super) cancelling: bool,
    pub(super) record: AttemptRecord,
    pub(super) phase: Phase,
}

/// The status of an activity in this process.
pub(super) enum Phase {
    /// Its next attempt starts as soon as everything that led to it is durable.
    Ready,
    /// Its next attempt waits for its time.
    BackingOff,
    /// An attempt runs or waits for a free slot.
    Attempting(Attempt),
    /// The attempt with this serial number has ended, and its result is not durable yet.
    Ended(u64),
}

pub(super) struct OpenChild {
    pub(super) workflow: &'static str,
    pub(super) input: Json,
    /// Whether the journal was asked if a run with its id exists.
    pub(super) is_looked_up: bool,
}

impl Open {
    /// Applies one entry, and returns the activity that it ends. `recorded` is what the journal has for
    /// `commands`.
    pub(super) fn absorb(
        &mut self,
        at_ms: i64,
        event: &Event,
        commands: &[Command],
        recorded: &[Recorded],
    ) -> Option<(ActivityId, Box<OpenActivity>)> {
        let ended = self.settle(event);
        for command in commands {
            self.begin(at_ms, command);
        }
        for command in recorded {
            if let Recorded::Timer { timer, due_ms } = command
                && let Some(due) = self.timers.get_mut(timer)
            {
                *due = *due_ms;
            }
        }
        ended
    }

    fn settle(&mut self, event: &Event) -> Option<(ActivityId, Box<OpenActivity>)> {
        match event {
            Event::TimerFired { timer } => {
                self.timers.remove(timer);
            }
            Event::ActivityCompleted { id, .. } | Event::ActivityFailed { id, .. } => {
                return self.activities.remove_entry(id);
            }
            Event::ChildStarted { workflow_id, .. } => {
                self.children.remove(workflow_id);
            }
            Event::AttemptFailed(attempt) => {
                if let Some(activity) = self.activities.get_mut(&attempt.id) {
                    activity.record.absorb(attempt);
                    activity.phase = Phase::BackingOff;
                }
            }
            Event::Started { .. } | Event::SignalAccepted { .. } | Event::CancelRequested { .. } => {}
        }
        None
    }

    fn begin(&mut self, at_ms: i64, command: &Command) {
        match command {
            Command::Activity { id, name, input } => {
                let activity = OpenActivity {
                    name,
                    input: input.clone(),
                    scheduled_at_ms: at_ms,
                    cancelling: false,
                    record: AttemptRecord::default(),
                    phase: Phase::Ready,
                };
                self.activities.insert(Arc::clone(id), Box::new(activity));
            }
            Command::CancelActivity(id) => {
                if let Some(activity) = self.activities.get_mut(id) {
                    activity.cancelling = true;
                    self.cancels.push_back(Arc::clone(id));
                }
            }
            Command::Timer { timer, due_ms } => {
                self.timers.insert(*timer, *due_ms);
            }
            Command::CancelTimer(timer) => {
                self.timers.remove(timer);
            }
            Command::Child { workflow, workflow_id, input } => {
                let child = OpenChild { workflow, input: input.clone(), is_looked_up: false };
                self.children.insert(Arc::clone(workflow_id), child);
            }
            Command::SearchAttributes(_) | Command::Patch(_) | Command::Complete(_) | Command::Fail(_) => {}
        }
    }
}
