//! What every engine does with orders, on a Temporal server: the root of a test target of its own.
//!
//! `TEMPORAL_ADDRESS` says where the server is; without it every test fails. `.ci/with-temporal` starts one. The
//! modules at the top are those of `conformance.rs`; what is below `temporal` concerns this engine alone.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod changed;
mod crashing;
mod deciding;
mod failing;
mod faults;
mod messages;
mod order;
mod playing;
mod process;
mod reading;
mod sample;
mod scenario;
mod stage;
mod undoing;
mod wire;

mod temporal {
    mod ends;
    mod foreign;
    mod histories;
    pub(super) mod host;
    mod http;
    mod repeating;
    mod stopping;
    mod workers;
}

use temporal::host::Host;
