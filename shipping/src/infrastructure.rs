//! The port's adapter, and what chaos may do to the operations.

pub(crate) mod chaos;
pub(crate) mod memory_labels;
