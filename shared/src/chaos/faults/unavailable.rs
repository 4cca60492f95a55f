use crate::chaos::{Outcome, ProblemKind};

/// A service that is down and knows it: nothing happened, and it says when to retry.
pub static PROBLEM: ProblemKind = ProblemKind::new(503, "unavailable", "Service unavailable").retry_after(1);

pub(super) const OUTCOME: Outcome =
    Outcome::failure(&PROBLEM, "The service is unavailable; nothing happened.");
