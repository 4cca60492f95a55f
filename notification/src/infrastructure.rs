//! The port's adapter, and what chaos may do to the operations.

pub(crate) mod chaos;
mod memory_outbox;

pub(crate) use memory_outbox::MemoryOutbox;
