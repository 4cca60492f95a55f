use std::time::Duration;

use crate::chaos::{Moment, Outcome, Surface};

/// The operation happens and its answer arrives: the share of a table that is not a failure.
pub const OUTCOME: Outcome = Outcome {
    name: "success",
    moment: Moment::After,
    surface: Surface::Answer,
    delay: Duration::ZERO,
    summary: "The operation happens and its own answer arrives.",
};
