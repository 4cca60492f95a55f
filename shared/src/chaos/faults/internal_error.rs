use crate::chaos::{Outcome, ProblemKind};

/// A server that failed before it did anything. A client cannot tell it from one that failed after.
pub static PROBLEM: ProblemKind = ProblemKind::new(500, "internal_error", "Internal server error");

pub(super) const OUTCOME: Outcome =
    Outcome::failure(&PROBLEM, "The service failed before it did anything; nothing happened.");
