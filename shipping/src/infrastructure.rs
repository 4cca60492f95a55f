//! Adapters of the ports, and what chaos may do to shipping.

pub(crate) mod chaos;
pub(crate) mod memory_labels;
