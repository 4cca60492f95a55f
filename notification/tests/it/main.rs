//! Notification over HTTP, through its router.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod chaos;
mod description;
mod ledger;
mod messages;
mod post_office;
mod repeats;
mod validation;
