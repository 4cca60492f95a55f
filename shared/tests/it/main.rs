//! The plumbing as services use it, through a toy service with one operation.

mod abandoned;
mod chaos_configuration;
mod chaos_shares;
mod documents;
mod idempotency;
mod ids;
mod outcomes;
mod requests;
mod sockets;
mod toy;
