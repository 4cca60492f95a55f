//! How notification keeps what it sent, and how its operations fail.

pub(crate) mod chaos;
mod memory_outbox;

pub(crate) use memory_outbox::MemoryOutbox;
