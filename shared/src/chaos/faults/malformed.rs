use std::time::Duration;

use crate::chaos::{Moment, Outcome, Surface};

/// A success whose body breaks off, under 200 whatever the status of success is: a client that only
/// looks at the status believes half of it.
/// A refused operation is answered as it is, since a status of success would lie about it.
pub(super) const OUTCOME: Outcome = Outcome {
    name: "malformed",
    moment: Moment::AfterSuccess,
    surface: Surface::Garbled,
    delay: Duration::ZERO,
    summary: "The operation happened, and its answer is 200 with broken JSON.",
};
