//! Shipping through its router, in virtual time.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cancelling;
mod documents;
mod faults_after;
mod faults_before;
mod idempotency;
mod labels;
mod leaving;
mod ledger;
mod reset;
mod sockets;
mod store;
mod support;
mod validation;
