use std::time::Duration;

use crate::chaos::{Moment, Outcome, Severed, Surface};

/// The effect is there and the answer is lost with its connection.
pub(super) const OUTCOME: Outcome = Outcome {
    name: "lost_response",
    moment: Moment::After,
    surface: Surface::Severed(Severed::Reset),
    delay: Duration::ZERO,
    summary: "The request was processed, then the connection was reset (TCP RST).",
};
