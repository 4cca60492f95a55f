use std::time::Duration;

use crate::chaos::{Moment, Outcome, Severed, Surface};

/// A connection reset before the service did anything.
pub(super) const OUTCOME: Outcome = Outcome {
    name: "reset",
    moment: Moment::Before,
    surface: Surface::Severed(Severed::Reset),
    delay: Duration::ZERO,
    summary: "The connection is reset (TCP RST); nothing happened.",
};
