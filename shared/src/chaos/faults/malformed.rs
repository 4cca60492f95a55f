use std::time::Duration;

use crate::chaos::{Moment, Outcome, Surface};

/// A success whose body is cut short, with status 200 whatever the success status is: a client that
/// only looks at the status believes half of it.
/// A refusal is answered unchanged, since a success status would lie about it.
pub(super) const OUTCOME: Outcome = Outcome {
    name: "malformed",
    moment: Moment::AfterSuccess,
    surface: Surface::Garbled,
    delay: Duration::ZERO,
    summary: "The operation happened, and its answer is 200 with broken JSON.",
};
