use std::time::Duration;

use super::internal_error;
use crate::chaos::{Moment, Outcome, Surface};

/// The same answer as `internal_error`, but the effect is there.
pub(super) const OUTCOME: Outcome = Outcome {
    name: "internal_error_after",
    moment: Moment::After,
    surface: Surface::Problem(&internal_error::PROBLEM),
    delay: Duration::ZERO,
    summary: "The request was processed, then the service failed.",
};
