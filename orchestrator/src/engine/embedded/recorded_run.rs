use serde::{Deserialize, Serialize};

use super::event::Entry;
use super::journal::{RunKey, RunStart, StoredRun};
use super::registry::Registry;
use super::run::Run;

/// A run's journal by itself, to be kept as a file. Replayed by tests, it proves that changed code still
/// takes the path that earlier code took: otherwise such a run would be quarantined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedRun {
    /// The workflow's name.
    pub workflow: String,
    /// The id that the client chose.
    pub workflow_id: String,
    /// The id that the engine chose.
    pub run_id: String,
    /// All its entries.
    pub entries: Vec<Entry>,
}

impl RecordedRun {
    /// A run as a journal stores it.
    pub fn of(run: &StoredRun) -> Self {
        let RunStart { workflow, workflow_id, run_id, .. } = &run.row.start;
        Self {
            workflow: workflow.as_ref().to_owned(),
            workflow_id: workflow_id.as_ref().to_owned(),
            run_id: run_id.as_ref().to_owned(),
            entries: run.entries.clone(),
        }
    }

    /// Replays the run with the workflows of a registry.
    ///
    /// # Errors
    /// A sentence that names the first event at which the journal does not fit the code.
    pub fn replay<S: Send + Sync + 'static>(&self, registry: &Registry<S>) -> Result<(), String> {
        let workflow = registry.workflow(&self.workflow)?;
        let start = RunStart {
            workflow: self.workflow.as_str().into(),
            workflow_id: self.workflow_id.as_str().into(),
            run_id: self.run_id.as_str().into(),
            started_at_ms: self.entries.first().map_or(0, |entry| entry.at_ms),
        };
        Run::replay(RunKey(0), start, &self.entries, workflow).map(|_| ())
    }
}
