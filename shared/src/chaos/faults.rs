//! The outcomes that any operation's table may hold, one per file. Those of a single domain, such as
//! `insufficient_funds`, are declared by that domain.

mod empty;
mod hang;
mod internal_error;
mod internal_error_after;
mod lost_response;
mod malformed;
mod rate_limited;
mod reset;
mod slow;
mod success;
mod timeout;
mod timeout_after;
mod unavailable;

use super::Outcome;

pub use internal_error::PROBLEM as INTERNAL_ERROR;
pub use rate_limited::PROBLEM as RATE_LIMITED;
pub use success::OUTCOME as SUCCESS;
pub use timeout::PROBLEM as TIMEOUT;
pub use unavailable::PROBLEM as UNAVAILABLE;

/// Every outcome that any operation may have, `success` first.
pub static ANYWHERE: [Outcome; 13] = [
    success::OUTCOME,
    internal_error::OUTCOME,
    unavailable::OUTCOME,
    rate_limited::OUTCOME,
    timeout::OUTCOME,
    hang::OUTCOME,
    reset::OUTCOME,
    empty::OUTCOME,
    slow::OUTCOME,
    timeout_after::OUTCOME,
    internal_error_after::OUTCOME,
    lost_response::OUTCOME,
    malformed::OUTCOME,
];
