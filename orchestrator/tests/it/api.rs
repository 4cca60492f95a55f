//! The HTTP API over the real saga, engine and backends, all in this thread and in virtual time.

mod client;
mod fake;

mod deciding;
mod failing;
mod listing;
mod placing;
mod reading;
mod service;
mod spellings;
mod waiting;
