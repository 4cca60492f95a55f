use std::time::Duration;

use crate::workflow::{AttemptFailure, Certainty};

/// The failure kinds that this side detects; all others are the other side's own `error` codes.
pub(super) mod kind {
    /// No connection was made.
    pub(crate) const UNREACHABLE: &str = "unreachable";
    /// The connection was lost before the answer was complete.
    pub(crate) const CONNECTION_LOST: &str = "connection_lost";
    /// An answer came that cannot be read.
    pub(crate) const UNREADABLE_ANSWER: &str = "unreadable_answer";
    /// The request cannot be expressed in HTTP.
    pub(crate) const UNSENDABLE: &str = "unsendable_request";
}

/// Why a call did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {message}")]
pub struct GatewayError {
    /// What is known about the effect.
    pub certainty: Certainty,
    /// A stable name: the `error` member of the problem, or one of this module's kinds.
    pub kind: String,
    /// A sentence for humans.
    pub message: String,
    /// How long the other side asked to wait before a retry.
    pub retry_after: Option<Duration>,
}

impl GatewayError {
    /// A failure with this certainty and kind.
    pub fn new(certainty: Certainty, kind: impl Into<String>, message: impl Into<String>) -> Self {
        Self { certainty, kind: kind.into(), message: message.into(), retry_after: None }
    }
}

impl From<GatewayError> for AttemptFailure {
    fn from(error: GatewayError) -> Self {
        let GatewayError { certainty, kind, message, retry_after } = error;
        Self { certainty, kind, message, retry_after }
    }
}
