//! The inventory as its clients meet it, in virtual time.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod abandoned;
mod bounded;
mod chaos;
mod check;
mod documents;
mod expiry;
mod idempotency;
mod ledger;
mod reserve;
mod settings;
mod states;
mod stockroom;
mod validation;
