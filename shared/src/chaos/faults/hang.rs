use std::time::Duration;

use crate::chaos::{Moment, Outcome, Surface};

/// A connection that stays open and silent until the client disconnects: it catches a client without
/// a timeout of its own.
pub(super) const OUTCOME: Outcome = Outcome {
    name: "hang",
    moment: Moment::Before,
    surface: Surface::Silence,
    delay: Duration::ZERO,
    summary: "No answer is sent until the client disconnects, for at most five minutes; nothing happened.",
};
