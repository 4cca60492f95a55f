use std::time::Duration;

use crate::chaos::{Moment, Outcome, Severed, Surface};

/// A connection closed properly, without an answer: a proxy whose upstream went away.
pub(super) const OUTCOME: Outcome = Outcome {
    name: "empty",
    moment: Moment::Before,
    surface: Surface::Severed(Severed::Empty),
    delay: Duration::ZERO,
    summary: "The connection is closed without an answer; nothing happened.",
};
