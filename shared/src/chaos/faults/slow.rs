use std::time::Duration;

use crate::chaos::{Moment, Outcome, Surface};

/// A success that arrives late, perhaps after the client gave up on it: the effect is stored first.
pub(super) const OUTCOME: Outcome = Outcome {
    name: "slow",
    moment: Moment::After,
    surface: Surface::Answer,
    delay: Duration::from_secs(2),
    summary: "The operation happens at once, but its answer arrives late.",
};
