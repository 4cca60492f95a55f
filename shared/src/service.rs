//! What every service serves besides its operations: its chaos, health, documentation.

mod docs;
mod health;
mod ledger;
mod observe;

pub use docs::{describe_outcomes, document, with_docs};
pub use health::{Health, health};
pub use ledger::ledger;
pub use observe::observe;
