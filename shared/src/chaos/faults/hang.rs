use std::time::Duration;

use crate::chaos::{Moment, Outcome, Surface};

/// A connection that stays open and silent until the client leaves: what a missing client-side
/// timeout does not survive.
pub(super) const OUTCOME: Outcome = Outcome {
    name: "hang",
    moment: Moment::Before,
    surface: Surface::Silence,
    delay: Duration::ZERO,
    summary: "Nothing is answered until the client leaves, for five minutes at most; nothing happened.",
};
