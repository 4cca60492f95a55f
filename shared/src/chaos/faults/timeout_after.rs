use std::time::Duration;

use super::timeout;
use crate::chaos::{Moment, Outcome, Surface};

/// The same answer as `timeout`, but the effect is there: the fault that charges customers twice.
pub(super) const OUTCOME: Outcome = Outcome {
    name: "timeout_after",
    moment: Moment::After,
    surface: Surface::Problem(&timeout::PROBLEM),
    delay: Duration::from_secs(5),
    summary: "The request was processed, then it timed out.",
};
