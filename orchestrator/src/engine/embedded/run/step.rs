//! A step: all pending inputs of a run are applied, event by event, and become one item to append.

use std::sync::Arc;

use super::{Answer, Effect, InFlight, Input, NewRun, Run, RunFactory};
use crate::engine::embedded::command::Command;
use crate::engine::embedded::event::{Entry, Event};
use crate::engine::embedded::journal::{Append, Ending, RowUpdate};
use crate::engine::embedded::machine::{NotApplied, Snapshot};
use crate::engine::embedded::open::OpenChild;
use crate::engine::embedded::registry::Catalogue;
use crate::workflow::{ChildError, ClientError, Json, Reception, Started, kind};

/// The most entries of one item; the rest waits for the next.
const MAX_ENTRIES: usize = 64;

/// What a step needs to know about the engine.
pub(crate) struct Moment<'a> {
    pub(crate) now_ms: i64,
    pub(crate) epoch: u64,
    /// The most signals that a run may accept.
    pub(crate) signal_limit: usize,
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) factory: &'a mut RunFactory,
}

/// What a step has gathered so far.
#[derive(Default)]
struct Step {
    entries: Vec<Entry>,
    update: RowUpdate,
    child_starts: Vec<Append>,
    in_flight: InFlight,
}

impl Run {
    /// Applies what is pending: what a failed append left to apply again, then overdue timers, in order of
    /// due time, then the rest in order of arrival. Returns what is to be appended, for which
    /// [`Run::in_flight`] waits; `None` if there is nothing to write.
    ///
    /// # Errors
    /// Why the workflow cannot continue.
    pub(crate) fn step(&mut self, moment: &mut Moment<'_>) -> Result<Option<Append>, String> {
        let mut step = Step::default();
        if let Err(reason) = self.advance_all(&mut step, moment) {
            let quarantined = ClientError::Quarantined(reason.clone());
            step.in_flight.answers.into_iter().for_each(|answer| answer.refuse(quarantined.clone()));
            Err(reason)
        } else if step.entries.is_empty() {
            step.in_flight.answers.into_iter().for_each(Answer::give);
            Ok(None)
        } else {
            Ok(Some(self.finish(step, moment)))
        }
    }

    fn advance_all(&mut self, step: &mut Step, moment: &mut Moment<'_>) -> Result<(), String> {
        while step.entries.len() < MAX_ENTRIES && self.ending.is_none() {
            if !self.advance(step, moment)? {
                break;
            }
        }
        if let Some(machine) = self.machine.as_mut().filter(|_| !step.entries.is_empty())
            && machine.take_state_changed()
        {
            let Snapshot { state, needs_attention } = machine.snapshot()?;
            step.update.state = Some(state);
            step.update.needs_attention =
                (needs_attention != self.needs_attention).then_some(needs_attention);
            self.needs_attention = needs_attention;
        }
        Ok(())
    }

    /// Applies the next event; `false` when nothing is pending.
    fn advance(&mut self, step: &mut Step, moment: &mut Moment<'_>) -> Result<bool, String> {
        let catalogue = moment.catalogue;
        if let Some(event) = self.by_itself(moment.now_ms, catalogue) {
            self.apply(step, moment, event).map_err(broken)?;
            return Ok(true);
        }
        // Another run may have its id. What clients send next is for the run whose start is durable.
        if self.length == 0 && !step.entries.is_empty() {
            return Ok(false);
        }
        let Some(input) = self.inputs.pop_front() else { return Ok(false) };
        match input {
            Input::Start { input, seed, reply } => {
                let run_id = self.start.run_id.as_ref().to_owned();
                step.in_flight
                    .answers
                    .extend(reply.map(|reply| Answer::Start(reply, Ok(Started { run_id }))));
                self.apply(step, moment, Event::Started { input, seed }).map_err(broken)?;
            }
            Input::StartAgain(reply) => {
                let run_id = self.start.run_id.as_ref().to_owned();
                step.in_flight
                    .answers
                    .push(Answer::Start(reply, Err(ClientError::AlreadyStarted { run_id })));
            }
            Input::Signal { name, payload, reply } => {
                let (answer, result) = self.receive(step, moment, name, payload);
                step.in_flight.answers.push(Answer::Signal(reply, answer));
                result?;
            }
            Input::Cancel { reason, reply } => {
                step.in_flight.answers.push(Answer::Cancel(reply));
                match self.apply(step, moment, Event::CancelRequested { reason }) {
                    Ok(()) | Err(NotApplied::NothingOpen) => {}
                    Err(other) => return Err(broken(other)),
                }
            }
            Input::AttemptEnded { id, attempt, serial, end } => {
                if let Some(event) = self.after_attempt(&id, serial, end.clone(), catalogue) {
                    push(&mut step.in_flight.results, Input::AttemptEnded { id, attempt, serial, end });
                    self.apply(step, moment, event).map_err(broken)?;
                }
            }
            Input::NotRegistered(id) => {
                if let Some(activity) = self.open.activities.get(&id) {
                    let error = activity
                        .ended_by_engine(kind::NOT_REGISTERED, "no activity of this name is registered");
                    self.apply(step, moment, Event::ActivityFailed { id, error }).map_err(broken)?;
                }
            }
            Input::ChildLookedUp { workflow_id, exists } => {
                self.start_child(step, moment, workflow_id, exists)?
            }
        }
        Ok(true)
    }

    fn start_child(
        &mut self,
        step: &mut Step,
        moment: &mut Moment<'_>,
        workflow_id: Arc<str>,
        exists: bool,
    ) -> Result<(), String> {
        let Some(child) = self.open.children.get(&workflow_id) else { return Ok(()) };
        let born =
            if exists { Err(ChildError::AlreadyExists) } else { moment.start_child(child, &workflow_id) };
        let result = born.map(|(child, start)| {
            step.in_flight.children.push(child);
            step.child_starts.push(start);
        });
        self.apply(step, moment, Event::ChildStarted { workflow_id, result }).map_err(broken)
    }

    /// The client's answer to a signal, and whether the run can continue.
    fn receive(
        &mut self,
        step: &mut Step,
        moment: &Moment<'_>,
        name: String,
        payload: Json,
    ) -> (Result<Reception, ClientError>, Result<(), String>) {
        if self.accepted_signals >= moment.signal_limit {
            return (self.receive_beyond(&name, &payload, moment.signal_limit), Ok(()));
        }
        match self.apply(step, moment, Event::SignalAccepted { name, payload }) {
            Ok(()) => (Ok(Reception::Accepted), Ok(())),
            Err(NotApplied::Ignored(reception)) => (Ok(reception), Ok(())),
            Err(NotApplied::Unknown(unknown)) => (Err(ClientError::Invalid(unknown.0)), Ok(())),
            Err(other) => {
                let reason = broken(other);
                (Err(ClientError::Quarantined(reason.clone())), Err(reason))
            }
        }
    }

    /// The answer to a signal of a run that can accept no more. It is tried on a copy of the state.
    fn receive_beyond(&self, name: &str, payload: &Json, limit: usize) -> Result<Reception, ClientError> {
        let snapshot = self.machine.as_ref().and_then(|machine| machine.snapshot().ok());
        let state = snapshot.map_or_else(Json::null, |snapshot| snapshot.state);
        match (self.workflow.receive)(&state, name, payload) {
            Ok(Reception::Accepted) => Err(ClientError::TooManySignals { limit }),
            refused => refused,
        }
    }

    fn apply(&mut self, step: &mut Step, moment: &Moment<'_>, event: Event) -> Result<(), NotApplied> {
        let at_ms = moment.now_ms;
        let machine = self.machine.as_mut().ok_or(NotApplied::NothingOpen)?;
        let commands = machine.apply(at_ms, &event)?;
        let recorded: Vec<_> = commands.iter().map(Command::recorded).collect();
        step.in_flight.ended.extend(self.open.absorb(at_ms, &event, &commands, &recorded));
        self.accepted_signals += usize::from(matches!(event, Event::SignalAccepted { .. }));
        for command in commands {
            self.take_command(step, at_ms, command);
        }
        push(&mut step.entries, Entry { at_ms, event, commands: recorded });
        Ok(())
    }

    fn take_command(&mut self, step: &mut Step, at_ms: i64, command: Command) {
        match command {
            Command::Activity { id, .. } => self.effects.push(Effect::StartAttempt(id)),
            Command::Child { workflow_id, .. } => self.effects.push(Effect::LookUpChild(workflow_id)),
            Command::SearchAttributes(attributes) => {
                for attribute in attributes {
                    step.update.attributes.retain(|set| set.name != attribute.name);
                    step.update.attributes.push(attribute);
                }
            }
            Command::Complete(output) => self.ending = Some(Ending { at_ms, outcome: Ok(output) }),
            Command::Fail(failure) => self.ending = Some(Ending { at_ms, outcome: Err(failure) }),
            Command::CancelActivity(_)
            | Command::Timer { .. }
            | Command::CancelTimer(_)
            | Command::Patch(_) => {}
        }
    }

    /// The item for what was applied.
    fn finish(&mut self, step: Step, moment: &Moment<'_>) -> Append {
        let Step { entries, mut update, child_starts, mut in_flight } = step;
        update.closed = self.ending.clone();
        update.due_ms = if self.ending.is_some() { None } else { self.stored_due_ms(moment.catalogue) };
        let start = (self.length == 0).then(|| self.start.clone());
        let expected_index = self.length;
        self.length += entries.len() as u64;
        in_flight.entries = entries.len();
        self.in_flight = Some(in_flight);
        let (run, owner_epoch) = (self.key, moment.epoch);
        Append { run, expected_index, owner_epoch, start, entries, update, child_starts }
    }
}

/// Adds what a step has seldom more than one of, and what is not small.
fn push<T>(all: &mut Vec<T>, one: T) {
    if all.is_empty() {
        all.reserve_exact(1);
    }
    all.push(one);
}

fn broken(refusal: NotApplied) -> String {
    match refusal {
        NotApplied::Panicked(message) => message,
        other => format!("an event was not applied: {other:?}"),
    }
}

impl Moment<'_> {
    /// A run that starts together with an entry of its parent.
    fn start_child(
        &mut self,
        child: &OpenChild,
        workflow_id: &Arc<str>,
    ) -> Result<(Run, Append), ChildError> {
        let workflow_id = Arc::clone(workflow_id);
        let new_run =
            NewRun { workflow: child.workflow, workflow_id, input: child.input.clone(), at_ms: self.now_ms };
        let (mut child, start) = self.factory.make(self.catalogue, new_run).map_err(ChildError::Refused)?;
        child.inputs.push_back(start.with_reply(None));
        match child.step(self) {
            Ok(Some(item)) => Ok((child, item)),
            Err(reason) => Err(ChildError::Refused(reason)),
            Ok(None) => Err(ChildError::Refused("the child did not start".to_owned())),
        }
    }
}
