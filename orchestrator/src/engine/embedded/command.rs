use std::sync::Arc;

use super::event::{ActivityId, Recorded};
use crate::workflow::{Json, SearchAttribute, WorkflowFailure};

/// Everything that a workflow may ask of the engine, including what the journal does not keep: replay
/// produces that again.
#[derive(Clone, Debug)]
pub(super) enum Command {
    Activity { id: ActivityId, name: &'static str, input: Json },
    CancelActivity(ActivityId),
    Timer { timer: u32, due_ms: i64 },
    CancelTimer(u32),
    Child { workflow: &'static str, workflow_id: Arc<str>, input: Json },
    SearchAttributes(Vec<SearchAttribute>),
    Patch(&'static str),
    Complete(Json),
    Fail(WorkflowFailure),
}

impl Command {
    pub(super) fn recorded(&self) -> Recorded {
        match self {
            Self::Activity { id, .. } => Recorded::Activity(Arc::clone(id)),
            Self::CancelActivity(id) => Recorded::CancelActivity(Arc::clone(id)),
            Self::Timer { timer, due_ms } => Recorded::Timer { timer: *timer, due_ms: *due_ms },
            Self::CancelTimer(timer) => Recorded::CancelTimer(*timer),
            Self::Child { workflow_id, .. } => Recorded::Child(Arc::clone(workflow_id)),
            Self::SearchAttributes(_) => Recorded::SearchAttributes,
            Self::Patch(id) => Recorded::Patch((*id).to_owned()),
            Self::Complete(_) => Recorded::Complete,
            Self::Fail(_) => Recorded::Fail,
        }
    }
}
