//! The orchestrator's behaviour, one file each.

mod engine;
