//! How new runs get their key, their id and their seed.

use std::hash::Hasher;
use std::sync::Arc;

use siphasher::sip128::{Hasher128, SipHasher13};
use tokio::sync::oneshot;

use super::{Input, Run};
use crate::engine::embedded::event::timestamp;
use crate::engine::embedded::journal::{RunKey, RunStart};
use crate::engine::embedded::registry::Catalogue;
use crate::workflow::{ClientError, Json, Started, WorkflowInfo};

/// Makes new runs.
#[derive(Debug)]
pub(crate) struct RunFactory {
    pub(crate) next_key: u64,
    /// What run ids and seeds are derived from, together with the workflow id: never from a
    /// generator, whose answers would depend on the order of the starts.
    pub(crate) id_seed: u64,
    /// The next key when closed runs were last pruned. A workflow id that is used again after that names
    /// another run.
    pub(crate) pruned_before: u64,
}

/// The ingredients of a new run.
pub(crate) struct NewRun {
    pub(crate) workflow: &'static str,
    pub(crate) workflow_id: Arc<str>,
    pub(crate) input: Json,
    pub(crate) at_ms: i64,
}

/// The start of a run.
pub(crate) struct InitialInput {
    input: Json,
    seed: u64,
}

impl InitialInput {
    /// The first input of the run, and the client that waits for it to be durable.
    pub(crate) fn with_reply(self, reply: Option<oneshot::Sender<Result<Started, ClientError>>>) -> Input {
        Input::Start { input: self.input, seed: self.seed, reply }
    }
}

impl RunFactory {
    /// A run, and its start.
    ///
    /// # Errors
    /// A sentence, when the workflow is not registered or its input does not fit.
    pub(crate) fn make(
        &mut self,
        catalogue: &Catalogue,
        new_run: NewRun,
    ) -> Result<(Run, InitialInput), String> {
        let NewRun { workflow, workflow_id, input, at_ms } = new_run;
        let kind = catalogue.workflow(workflow)?;
        let (run_id, seed) = self.identify(&workflow_id);
        let start =
            RunStart { workflow: kind.name.into(), workflow_id, run_id: run_id.into(), started_at_ms: at_ms };
        let machine = (kind.begin)(start.info(), seed, &input, None)?;
        let key = RunKey(self.next_key);
        self.next_key += 1;
        Ok((Run::new(key, start, kind, machine), InitialInput { input, seed }))
    }

    fn identify(&self, workflow_id: &str) -> (String, u64) {
        let mut hasher = SipHasher13::new_with_keys(self.id_seed, self.pruned_before);
        hasher.write(workflow_id.as_bytes());
        let id = uuid::Builder::from_random_bytes(hasher.finish128().as_bytes()).into_uuid();
        hasher.write(b"seed");
        (id.to_string(), hasher.finish128().h1)
    }
}

impl RunStart {
    pub(super) fn info(&self) -> WorkflowInfo {
        WorkflowInfo {
            workflow_id: Arc::clone(&self.workflow_id),
            run_id: Arc::clone(&self.run_id),
            started_at: timestamp(self.started_at_ms),
        }
    }
}
