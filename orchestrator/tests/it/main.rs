//! The orchestrator's behaviour, one file each.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[cfg(feature = "bundled")]
mod api;
mod audit;
#[cfg(feature = "bundled")]
mod backends;
mod binary;
#[cfg(feature = "bundled")]
mod cli;
#[cfg(feature = "bundled")]
mod conformance;
mod engine;
mod gateways;
#[cfg(feature = "bundled")]
mod kill;
#[cfg(feature = "bundled")]
mod run;
#[cfg(feature = "bundled")]
mod saga;
#[cfg(feature = "bundled")]
mod simulate;
#[cfg(feature = "bundled")]
mod tables;
mod tidy;
