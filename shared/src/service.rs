//! What every service serves beside its operations: what chaos does to it, health, documentation.

mod docs;
mod health;
mod observe;

pub use docs::{describe_outcomes, document, with_docs};
pub use health::{Health, health};
pub use observe::observe;
