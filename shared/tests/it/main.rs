//! The plumbing as services use it, through a toy service with one operation.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod abandoned;
mod chaos_configuration;
mod chaos_shares;
mod documents;
mod draw_keys;
mod idempotency;
mod ids;
mod ledger;
mod ledger_bounds;
mod limits;
mod outcomes;
mod requests;
mod reset;
mod sockets;
mod toy;
