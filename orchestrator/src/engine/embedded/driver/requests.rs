//! The requests of clients.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::Driver;
use crate::engine::embedded::run::{Input, NewRun};
use crate::workflow::{ClientError, Start, Started};

impl Driver {
    pub(super) fn start(&mut self, start: Start, reply: oneshot::Sender<Result<Started, ClientError>>) {
        let Start { workflow, workflow_id, input } = start;
        let workflow_id: Arc<str> = workflow_id.into();
        let refusal = self.refusal();
        if let Some(error) = refusal {
            drop(reply.send(Err(error)));
        } else if let Some(key) = self.residents.key_of(&workflow_id) {
            self.residents.push(key, Input::StartAgain(reply));
        } else {
            let new_run = NewRun { workflow, workflow_id, input, at_ms: self.now_ms() };
            match self.factory.make(&self.catalogue, new_run) {
                Err(reason) => drop(reply.send(Err(ClientError::Invalid(reason)))),
                Ok((mut run, start)) => {
                    run.inputs.push_back(start.with_reply(Some(reply)));
                    let key = run.key;
                    self.residents.keep(run);
                    self.residents.enqueue(key);
                }
            }
        }
    }

    pub(super) fn deliver_unless_full(&mut self, workflow_id: &Arc<str>, input: Input) {
        match self.refusal() {
            Some(error) => drop(input.refuse(error)),
            None => self.deliver(workflow_id, input),
        }
    }

    /// Hands a client's message to its run, which may have to be read first.
    pub(super) fn deliver(&mut self, workflow_id: &Arc<str>, input: Input) {
        match self.residents.key_of(workflow_id) {
            Some(key) => self.residents.push(key, input),
            None => self.look_up(workflow_id, input),
        }
    }

    /// Why nothing new can be accepted now, if so.
    fn refusal(&self) -> Option<ClientError> {
        if !self.stopping.is_empty() {
            let reason = "the engine is shutting down".to_owned();
            return Some(ClientError::Unavailable { reason, retry_after: Duration::from_secs(1) });
        }
        if let Some(outage) = &self.outage
            && let Some(retry_after) = outage.left(self.now_ms())
        {
            return Some(ClientError::Unavailable { reason: outage.reason.clone(), retry_after });
        }
        (self.entries_in_flight >= self.shared.options.journal_queue).then(|| {
            let reason = "too many entries wait to be written".to_owned();
            ClientError::Unavailable { reason, retry_after: Duration::from_secs(1) }
        })
    }
}
