//! One run in memory: its machine, its open operations, and its pending inputs.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::driver::RunningAttempt;
use super::event::{ActivityId, Interrupted};
use super::journal::{Append, Ending, Heartbeat, Heartbeats, RowUpdate, RunKey, RunStart};
use super::machine::Execution;
use super::open::{Open, OpenActivity, Phase};
use super::registry::{Catalogue, WorkflowType};

mod activities;
mod factory;
mod input;
mod replay;
mod step;

pub(super) use factory::{NewRun, RunFactory};
pub(super) use input::{Answer, AttemptResult, Input};
pub(super) use step::Moment;

/// A resident run.
pub(super) struct Run {
    pub(super) key: RunKey,
    pub(super) start: RunStart,
    workflow: WorkflowType,
    /// `None` after an append failed, until the run has been rebuilt from the journal.
    machine: Option<Box<dyn Execution>>,
    pub(super) open: Open,
    pub(super) inputs: VecDeque<Input>,
    /// How many entries have been applied: more than are durable while an append is in flight.
    length: u64,
    accepted_signals: usize,
    needs_attention: bool,
    heartbeats: Heartbeats,
    /// Attempts that a crash cut off: their numbers, and what is known about them.
    interrupted: BTreeMap<ActivityId, (u32, Interrupted)>,
    pub(super) in_flight: Option<InFlight>,
    /// What to do once everything applied is durable.
    pub(super) effects: Vec<Effect>,
    pub(super) ending: Option<Ending>,
    /// Its due time in the engine's index.
    pub(super) listed_ms: Option<i64>,
    /// Whether it is queued for a step.
    pub(super) is_in_line: bool,
}

/// What waits for an append to be durable.
#[derive(Default)]
pub(super) struct InFlight {
    pub(super) answers: Vec<Answer>,
    /// Results of attempts, which are applied again if the append fails.
    pub(super) results: Vec<Input>,
    /// Activities that end with it. Their attempts are dropped when it is durable, and no earlier.
    pub(super) ended: Vec<(ActivityId, Box<OpenActivity>)>,
    /// Runs that start with it.
    pub(super) children: Vec<Run>,
    pub(super) entries: usize,
}

/// What the engine does when an append is durable.
pub(super) enum Effect {
    StartAttempt(ActivityId),
    TellCancelled(ActivityId),
    LookUpChild(Arc<str>),
}

impl Run {
    /// A run that will be started.
    pub(super) fn new(
        key: RunKey,
        start: RunStart,
        workflow: WorkflowType,
        machine: Box<dyn Execution>,
    ) -> Self {
        Self {
            key,
            start,
            workflow,
            machine: Some(machine),
            open: Open::default(),
            inputs: VecDeque::new(),
            length: 0,
            accepted_signals: 0,
            needs_attention: false,
            heartbeats: Heartbeats::new(),
            interrupted: BTreeMap::new(),
            in_flight: None,
            effects: Vec::new(),
            ending: None,
            listed_ms: None,
            is_in_line: false,
        }
    }

    /// Whether its start is durable.
    pub(super) fn is_started(&self) -> bool {
        self.length > self.in_flight.as_ref().map_or(0, |in_flight| in_flight.entries as u64)
    }

    /// Whether its machine was dropped because an append failed.
    pub(super) fn is_broken(&self) -> bool {
        self.machine.is_none()
    }

    /// Whether it may be removed from memory: everything known about it is in the journal.
    pub(super) fn is_idle(&self) -> bool {
        self.in_flight.is_none()
            && !self.is_in_line
            && self.machine.is_some()
            && self.inputs.is_empty()
            && self.effects.is_empty()
            && self.only_waits()
    }

    /// Whether it has nothing in flight.
    fn only_waits(&self) -> bool {
        let mut activities = self.open.activities.values();
        self.open.children.is_empty()
            && activities.all(|activity| matches!(activity.phase, Phase::BackingOff))
    }

    /// When the run is due by itself, in epoch milliseconds.
    pub(super) fn due_ms(&self, catalogue: &Catalogue) -> Option<i64> {
        let activities = self.open.activities.values();
        let of_activities = activities.filter_map(|activity| {
            let backoff = matches!(activity.phase, Phase::BackingOff).then_some(activity.record.next_try_ms);
            backoff.flatten().into_iter().chain(activity.deadline_ms(catalogue)).min()
        });
        self.open.timers.values().copied().chain(of_activities).min()
    }

    /// [`due_ms`](Self::due_ms) as the journal stores it: 0 if a restart must check the run at once.
    fn stored_due_ms(&self, catalogue: &Catalogue) -> Option<i64> {
        if self.only_waits() { self.due_ms(catalogue) } else { Some(0) }
    }

    /// Queues the activities that are due for their next attempt.
    pub(super) fn wake_attempts(&mut self, now_ms: i64) {
        for (id, activity) in &mut self.open.activities {
            let is_due = activity.record.next_try_ms.is_none_or(|due| due <= now_ms);
            if is_due && matches!(activity.phase, Phase::BackingOff) {
                activity.phase = Phase::Ready;
                self.effects.push(Effect::StartAttempt(Arc::clone(id)));
            }
        }
    }

    /// An item that stores fresh heartbeats, if there are any.
    pub(super) fn store_heartbeats(&mut self, epoch: u64, catalogue: &Catalogue) -> Option<Append> {
        let open = &self.open.activities;
        self.heartbeats.retain(|id, _| open.contains_key(id));
        let mut fresh = false;
        for (id, activity) in open {
            if let Phase::Attempting(attempt) = &activity.phase
                && let Some(details) = attempt.take_fresh_heartbeat()
            {
                let heartbeat = Heartbeat { attempt: attempt.number(), owner_epoch: epoch, details };
                self.heartbeats.insert(Arc::clone(id), heartbeat);
                fresh = true;
            }
        }
        fresh.then(|| {
            let heartbeats = Some(self.heartbeats.clone());
            let due_ms = self.stored_due_ms(catalogue);
            Append::row_only(
                self.key,
                self.length,
                epoch,
                RowUpdate { due_ms, heartbeats, ..RowUpdate::default() },
            )
        })
    }

    /// An item that lifts the run's quarantine.
    pub(super) fn lift_quarantine(&self, epoch: u64, catalogue: &Catalogue) -> Append {
        let (quarantine, needs_attention) = (Some(None), Some(self.needs_attention));
        let due_ms = self.stored_due_ms(catalogue);
        Append::row_only(
            self.key,
            self.length,
            epoch,
            RowUpdate { due_ms, quarantine, needs_attention, ..RowUpdate::default() },
        )
    }

    /// One of its appends failed, with this many entries and ends of activities: the machine is ahead of the
    /// journal and is dropped. `false` if the run is not in the journal at all.
    pub(super) fn breaks(
        &mut self,
        lost_entries: usize,
        lost_ends: Vec<(ActivityId, Box<OpenActivity>)>,
    ) -> bool {
        self.open.activities.extend(lost_ends);
        self.length = self.length.saturating_sub(lost_entries as u64);
        self.machine = None;
        self.ending = None;
        self.effects.clear();
        self.length > 0
    }

    /// Whether it can step though no time has come.
    pub(super) fn is_busy(&self) -> bool {
        !self.inputs.is_empty() || !self.open.cancels.is_empty()
    }

    /// How many entries have been applied.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The attempts that run now, and those whose ends are not durable yet, which clients cannot see
    /// yet.
    pub(super) fn attempts(&self) -> impl Iterator<Item = RunningAttempt> {
        let ends = self.in_flight.iter().flat_map(|in_flight| &in_flight.results).chain(&self.inputs);
        let ended = ends.filter_map(|end| match end {
            Input::AttemptEnded { id, attempt, end, .. } => Some(RunningAttempt {
                activity_id: Arc::clone(id),
                attempt: *attempt,
                heartbeat: end.as_ref().map_or_else(|end| end.heartbeat.clone(), |(_, beat)| beat.clone()),
            }),
            _ => None,
        });
        let ending = self.in_flight.iter().flat_map(|in_flight| &in_flight.ended);
        let activities = self.open.activities.iter().chain(ending.map(|(id, activity)| (id, activity)));
        let running = activities.filter_map(|(id, activity)| match &activity.phase {
            Phase::Attempting(attempt) if attempt.has_started() => Some(RunningAttempt {
                activity_id: Arc::clone(id),
                attempt: attempt.number(),
                heartbeat: attempt.heartbeat(),
            }),
            _ => None,
        });
        ended.chain(running)
    }
}
