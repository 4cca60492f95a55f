//! Histories as files. Replayed by tests, they prove that changed code still takes the path that
//! earlier code took: otherwise the tasks of such a run would fail.

use std::sync::Arc;

use temporalio_client::{WorkflowFetchHistoryOptions, WorkflowHistory};
use temporalio_sdk::workflow_replayer::{WorkflowReplayer, WorkflowReplayerOptions};

use super::answer::unavailable;
use super::{Registry, TemporalClient};
use crate::workflow::ClientError;

impl TemporalClient {
    /// The history of a run in the SDK's own JSON, which is not that of `temporal workflow show`.
    ///
    /// # Errors
    /// When the server does not return it.
    pub async fn recorded(&self, workflow_id: &str) -> Result<String, ClientError> {
        let history = self.handle(workflow_id).fetch_history(WorkflowFetchHistoryOptions::default());
        let json = history.to_json().await.map_err(|error| unavailable(error.to_string()))?;
        String::from_utf8(json).map_err(|error| unavailable(error.to_string()))
    }
}

impl<S: Send + Sync + 'static> Registry<S> {
    /// Replays a [recorded](TemporalClient::recorded) run, without a server.
    ///
    /// # Errors
    /// A sentence that names the first event at which the history does not fit the code.
    pub async fn replay(&self, history: &str) -> Result<(), String> {
        let history = WorkflowHistory::from_json(history.as_bytes()).map_err(|error| error.to_string())?;
        let mut options = WorkflowReplayerOptions::new().build();
        for register in &self.replays {
            register(&mut options, Arc::new(self.options.clone())).map_err(|error| error.to_string())?;
        }
        let replayer = WorkflowReplayer::new(options).map_err(|error| error.to_string())?;
        replayer.replay_workflow(history).await.map_err(|error| error.to_string())
    }
}
