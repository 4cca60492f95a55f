//! The reference orchestrator: workflows, the engines that run them, the gateways they act
//! through, the HTTP API and the command line.
//!
//! It reaches the four backends only over HTTP. `cargo check -p orchestrator --no-default-features`
//! compiles it without any of their crates.

pub mod activities;
pub mod api;
pub mod audit;
#[cfg(feature = "bundled")]
pub mod bundled;
pub mod cli;
pub mod domain;
pub mod engine;
pub mod gateways;
pub mod run;
#[cfg(feature = "bundled")]
pub mod simulate;
mod words;
pub mod workflow;
pub mod workflows;
pub mod workload;
