//! The port's adapter, and what chaos may do to the operations.

pub(crate) mod chaos;
mod memory_authorizations;

pub(crate) use memory_authorizations::MemoryAuthorizations;
