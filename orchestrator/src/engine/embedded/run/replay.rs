//! A run rebuilt from its journal.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Effect, Input, Run};
use crate::engine::embedded::command::Command;
use crate::engine::embedded::event::{Entry, Event, Interrupted, Recorded};
use crate::engine::embedded::journal::{Heartbeats, RunKey, RunStart};
use crate::engine::embedded::open::{Open, Phase};
use crate::engine::embedded::registry::WorkflowType;

impl Run {
    /// Replays a run and checks that its code still takes the path that is in the journal. All its
    /// activities are left as if this process knew nothing about them.
    ///
    /// # Errors
    /// Why the journal does not fit the code.
    pub(crate) fn replay(
        key: RunKey,
        start: RunStart,
        entries: &[Entry],
        workflow: WorkflowType,
    ) -> Result<Self, String> {
        let Some(Event::Started { input, seed }) = entries.first().map(|entry| &entry.event) else {
            return Err("nondeterminism: the journal does not begin with a start".to_owned());
        };
        let machine = (workflow.begin)(start.info(), *seed, input, Some(patches(entries)))?;
        let mut run = Self::new(key, start, workflow, machine);
        for (index, entry) in entries.iter().enumerate() {
            run.repeat(entry).map_err(|reason| format!("nondeterminism: event {}: {reason}", index + 1))?;
        }
        if let Some(machine) = &mut run.machine {
            machine.goes_live();
            machine.take_state_changed();
            run.needs_attention = machine.snapshot()?.needs_attention;
        }
        Ok(run)
    }

    fn repeat(&mut self, entry: &Entry) -> Result<(), String> {
        let machine = self.machine.as_mut().ok_or("the machine is gone")?;
        let commands = machine
            .apply(entry.at_ms, &entry.event)
            .map_err(|refusal| format!("the workflow no longer accepts it: {refusal:?}"))?;
        check(&entry.commands, &commands)?;
        self.open.absorb(entry.at_ms, &entry.event, &commands, &entry.commands);
        self.length += 1;
        self.accepted_signals += usize::from(matches!(entry.event, Event::SignalAccepted { .. }));
        Ok(())
    }

    /// Resumes after a restart. Attempts that were due before this process started may have run in an
    /// earlier one: they count as interrupted. A heartbeat tells of that only if it is from the last process,
    /// since each may have run the attempt once more.
    pub(crate) fn recover(&mut self, heartbeats: Heartbeats, epoch: u64, process_started_ms: i64) {
        self.heartbeats = heartbeats;
        let activities = self.open.activities.iter();
        let cut_off = activities
            .filter(|(_, activity)| activity.record.next_try_ms.is_none_or(|due| due <= process_started_ms));
        for id in cut_off.map(|(id, _)| Arc::clone(id)).collect::<Vec<_>>() {
            let attempt = self.open.activities[&id].record.attempt();
            let stored = self.heartbeats.get(&id);
            let stored = stored.filter(|beat| beat.attempt == attempt && beat.owner_epoch + 1 == epoch);
            let heartbeat = stored.map(|beat| beat.details.clone());
            self.interrupted.insert(id, (attempt, Interrupted { heartbeat }));
        }
        self.resume();
    }

    /// Replaces a run whose append failed: attempts in flight continue, and the results of others are
    /// applied again. An attempt that was dropped meanwhile counts as interrupted.
    pub(crate) fn succeed(&mut self, broken: Self) {
        let Self { open, inputs, heartbeats, interrupted, is_in_line, .. } = broken;
        let Open { activities: mut before, children, .. } = open;
        (self.heartbeats, self.interrupted) = (heartbeats, interrupted);
        self.inputs = inputs.into_iter().filter(|input| !self.has_in_journal(input)).collect();
        for (id, activity) in &mut self.open.activities {
            let result = self.inputs.iter().find_map(|input| match input {
                Input::AttemptEnded { id: of, serial, .. } if of == id => Some(*serial),
                _ => None,
            });
            if let Some(serial) = result {
                activity.phase = Phase::Ended(serial);
            } else if let Some(before) = before.remove(id) {
                activity.phase = before.phase.unless_withdrawn();
            } else {
                let cut_off = (activity.record.attempt(), Interrupted::default());
                self.interrupted.insert(Arc::clone(id), cut_off);
            }
        }
        for (id, child) in &mut self.open.children {
            child.is_looked_up = children.get(id).is_some_and(|child| child.is_looked_up);
        }
        self.is_in_line = is_in_line;
        self.resume();
    }

    /// Whether this is the result of an attempt that has already ended in the journal.
    fn has_in_journal(&self, input: &Input) -> bool {
        let Input::AttemptEnded { id, attempt, .. } = input else { return false };
        self.open.activities.get(id).is_none_or(|activity| activity.record.attempt() > *attempt)
    }

    /// Marks what was interrupted, and queues what has to be done.
    fn resume(&mut self) {
        let open = &mut self.open;
        self.interrupted.retain(|id, (attempt, interrupted)| {
            let activity =
                open.activities.get_mut(id).filter(|activity| activity.record.attempt() == *attempt);
            activity.is_some_and(|activity| {
                activity.record.interrupt(interrupted.clone());
                if let Phase::BackingOff = activity.phase {
                    activity.phase = Phase::Ready;
                }
                true
            })
        });
        let ready = open.activities.iter().filter(|(_, activity)| matches!(activity.phase, Phase::Ready));
        self.effects.extend(ready.map(|(id, _)| Effect::StartAttempt(Arc::clone(id))));
        let children = open.children.iter().filter(|(_, child)| !child.is_looked_up);
        self.effects.extend(children.map(|(id, _)| Effect::LookUpChild(Arc::clone(id))));
    }
}

impl Phase {
    /// An attempt that was kept from starting, by an event that was lost, is yet to be made.
    fn unless_withdrawn(self) -> Self {
        match self {
            Self::Attempting(attempt) if attempt.is_withdrawn() => Self::Ready,
            other => other,
        }
    }
}

fn patches(entries: &[Entry]) -> BTreeSet<String> {
    let commands = entries.iter().flat_map(|entry| &entry.commands);
    commands
        .filter_map(|command| if let Recorded::Patch(id) = command { Some(id.clone()) } else { None })
        .collect()
}

/// Patch markers do not count, only what they guard.
fn check(recorded: &[Recorded], replayed: &[Command]) -> Result<(), String> {
    let replayed: Vec<_> = replayed.iter().map(Command::recorded).collect();
    let counts = |command: &&Recorded| !matches!(command, Recorded::Patch(_));
    let mut pairs = (recorded.iter().filter(counts), replayed.iter().filter(counts));
    loop {
        match (pairs.0.next(), pairs.1.next()) {
            (None, None) => return Ok(()),
            (Some(recorded), Some(replayed)) if recorded.is_like(replayed) => {}
            (recorded, replayed) => {
                let show =
                    |command: Option<&Recorded>| command.map_or("nothing".to_owned(), ToString::to_string);
                return Err(format!(
                    "the journal has `{}`, the code asks for `{}`",
                    show(recorded),
                    show(replayed)
                ));
            }
        }
    }
}
