//! The vocabulary of order fulfilment: the order, its state for readers, its steps and compensations.
//!
//! Plain data and pure functions: no clock, no I/O, no engine. What is here is journaled and shown
//! to clients, so a field may be added but not renamed.

mod compensation;
mod order;
mod state;
mod step;
mod trace;

pub use compensation::{Compensation, CompensationRecord, CompensationStatus, NeedsAttention};
pub use order::{Address, InvalidOrder, Item, OrderInput, Violation, WORKFLOW_ID_PREFIX};
pub use state::{OrderStatus, WorkflowState};
pub use step::{Step, StepData, StepRecord, StepStatus};
pub use trace::Trace;
