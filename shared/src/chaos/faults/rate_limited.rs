use crate::chaos::{Outcome, ProblemKind};

/// Too many requests in the service's view: nothing happened, and it says when to retry.
pub static PROBLEM: ProblemKind = ProblemKind::new(429, "rate_limited", "Too many requests").retry_after(1);

pub(super) const OUTCOME: Outcome =
    Outcome::failure(&PROBLEM, "Too many requests were sent; nothing happened.");
