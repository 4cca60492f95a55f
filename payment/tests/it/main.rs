//! Payment over HTTP, through its router.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod abandoned;
mod answers;
mod chaos;
mod description;
mod idempotency;
mod ledger;
mod ledger_fold;
mod limits;
mod service;
mod states;
mod validation;
