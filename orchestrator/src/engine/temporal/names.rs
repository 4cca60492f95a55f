//! Workflows and messages by name: the SDK needs a type for each.

use std::marker::PhantomData;

use temporalio_common::{HasWorkflowDefinition, QueryDefinition, UpdateDefinition, WorkflowDefinition};

use super::payload::Wire;
use crate::workflow::WorkflowDef;

/// Workflow `W` by its name.
pub(super) struct Type<W>(PhantomData<fn() -> W>);

impl<W> Type<W> {
    pub(super) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<W: WorkflowDef> WorkflowDefinition for Type<W> {
    type Input = Wire;
    type Output = Wire;

    fn name(&self) -> &str {
        W::NAME
    }
}

impl<W: WorkflowDef> HasWorkflowDefinition for Type<W> {
    type Run = Self;
}

/// A workflow with this name, whatever its type.
pub(super) struct Workflow(pub(super) &'static str);

/// A query or update with this name.
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
