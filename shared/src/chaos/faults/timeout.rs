use std::time::Duration;

use crate::chaos::{Outcome, ProblemKind};

/// A request that was lost on the way: after the delay the client is told so, and nothing happened.
pub static PROBLEM: ProblemKind = ProblemKind::new(408, "timeout", "Request timed out");

pub(super) const OUTCOME: Outcome =
    Outcome::failure(&PROBLEM, "The request timed out before it reached the service; nothing happened.")
        .delayed(Duration::from_secs(5));
