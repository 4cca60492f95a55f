//! How payment keeps what it knows, and how its operations fail.

pub(crate) mod chaos;
mod memory_authorizations;

pub(crate) use memory_authorizations::MemoryAuthorizations;
