//! Executes the runs' commands, now that those are durable.

use std::sync::Arc;

use super::{Driver, Message};
use crate::engine::embedded::attempt::{Attempt, Ended, Launch};
use crate::engine::embedded::event::ActivityId;
use crate::engine::embedded::journal::{JournalError, RunKey};
use crate::engine::embedded::open::Phase;
use crate::engine::embedded::record::AttemptEnd;
use crate::engine::embedded::run::{Effect, Input};
use crate::workflow::ActivityInfo;

impl Driver {
    pub(super) fn act(&mut self, key: RunKey) {
        let Some(run) = self.residents.peek_mut(key) else { return };
        for effect in std::mem::take(&mut run.effects) {
            match effect {
                Effect::StartAttempt(id) => self.start_attempt(key, id),
                Effect::TellCancelled(id) => self.tell_cancelled(key, &id),
                Effect::LookUpChild(id) => self.look_up_child(key, id),
            }
        }
    }

    fn start_attempt(&mut self, key: RunKey, id: ActivityId) {
        let Some(run) = self.residents.peek_mut(key) else { return };
        let activity = run.open.activities.get_mut(&id);
        let Some(activity) = activity.filter(|activity| matches!(activity.phase, Phase::Ready)) else {
            return;
        };
        let Some(kind) = self.catalogue.activities.get(activity.name) else {
            run.inputs.push_back(Input::NotRegistered(id));
            return;
        };
        self.next_serial += 1;
        let serial = self.next_serial;
        let launch = Launch {
            run: key,
            serial,
            info: ActivityInfo {
                workflow_id: Arc::clone(&run.start.workflow_id),
                run_id: Arc::clone(&run.start.run_id),
                activity_id: Arc::clone(&id),
                attempt: activity.record.attempt(),
            },
            input: activity.input.clone(),
            earlier_heartbeat: activity.record.earlier_heartbeat(),
            fresh_heartbeats: Arc::clone(&self.fresh_heartbeats),
        };
        let (shared, clock, attempt) = (Arc::clone(&self.shared), self.clock, launch.info.attempt);
        let report = move |ended: Ended| {
            let Ended { result, told, heartbeat } = ended;
            let end = match result {
                Ok(output) => Ok((output, heartbeat)),
                Err(failure) => {
                    Err(AttemptEnd { failure, told, heartbeat, at_ms: clock.now().as_millisecond() })
                }
            };
            shared.send(Message::AttemptEnded { run: key, id, attempt, serial, end });
        };
        activity.phase = Phase::Attempting(Attempt::launch(&self.runtime, Arc::clone(kind), launch, report));
    }

    fn tell_cancelled(&mut self, key: RunKey, id: &ActivityId) {
        let activity = self.residents.peek(key).and_then(|run| run.open.activities.get(id));
        if let Some(Phase::Attempting(attempt)) = activity.map(|activity| &activity.phase) {
            attempt.tell_cancelled();
        }
    }

    /// Asks whether a run with the child's id already exists.
    fn look_up_child(&mut self, parent: RunKey, workflow_id: Arc<str>) {
        let is_resident = self.residents.has_started(&workflow_id);
        let Some(run) = self.residents.peek_mut(parent) else { return };
        let Some(child) = run.open.children.get_mut(&workflow_id) else { return };
        if std::mem::replace(&mut child.is_looked_up, true) {
            return;
        }
        if is_resident {
            run.inputs.push_back(Input::ChildLookedUp { workflow_id, exists: true });
            return;
        }
        let shared = Arc::clone(&self.shared);
        let id = Arc::clone(&workflow_id);
        self.journal.row(
            &workflow_id,
            Box::new(move |row| {
                let exists = row.map(|row| row.is_some());
                shared.send(Message::ChildLookedUp { parent, workflow_id: id, exists });
            }),
        );
    }

    pub(super) fn child_looked_up(
        &mut self,
        parent: RunKey,
        workflow_id: Arc<str>,
        exists: Result<bool, JournalError>,
    ) {
        match exists {
            Ok(exists) => self.residents.push(parent, Input::ChildLookedUp { workflow_id, exists }),
            Err(error) => {
                tracing::error!(%workflow_id, "a child cannot be looked up: {error}");
                let Some(run) = self.residents.peek_mut(parent) else { return };
                if let Some(child) = run.open.children.get_mut(&workflow_id) {
                    child.is_looked_up = false;
                    run.effects.push(Effect::LookUpChild(workflow_id));
                    self.try_again_later(parent);
                }
            }
        }
    }
}
