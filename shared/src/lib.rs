//! Infrastructure without business concepts: chaos, HTTP, idempotency, correlation, telemetry, time, ids.
//!
//! Add code here only if three crates need it, none of its names is a business noun, and a fifth
//! service would not change it.

pub mod chaos;
mod chunks;
pub mod digest;
pub mod environment;
pub mod http;
pub mod ids;
pub mod ledger;
pub mod number;
pub mod pipeline;
pub mod service;
mod slab;
pub mod table;
pub mod telemetry;
pub mod time;
