//! Workflows and messages by name, as clients need them: the SDK wants a type for each.

use temporalio_common::{HasWorkflowDefinition, QueryDefinition, UpdateDefinition, WorkflowDefinition};

use super::payload::Wire;

/// A workflow of this name.
pub(super) struct Workflow(pub(super) &'static str);

/// A query or update of this name.
pub(super) struct Message(pub(super) String);

impl WorkflowDefinition for Workflow {
    type Input = Wire;
    type Output = Wire;

    fn name(&self) -> &str {
        self.0
    }
}

impl HasWorkflowDefinition for Workflow {
    type Run = Self;
}

impl QueryDefinition for Message {
    type Workflow = Workflow;
    type Input = Wire;
    type Output = Wire;

    fn name(&self) -> &str {
        &self.0
    }
}

impl UpdateDefinition for Message {
    type Workflow = Workflow;
    type Input = Wire;
    type Output = Wire;

    fn name(&self) -> &str {
        &self.0
    }
}
