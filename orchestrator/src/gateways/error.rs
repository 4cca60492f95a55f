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

/// How many characters of a kind and of a message are kept. The other side may say anything, and every
/// failed attempt is written to the journal.
const MAX_KIND: usize = 100;
const MAX_MESSAGE: usize = 500;

impl GatewayError {
    /// A failure with this certainty and kind. Texts that are too long are cut short.
    pub fn new(certainty: Certainty, kind: impl Into<String>, message: impl Into<String>) -> Self {
        let (mut kind, mut message) = (kind.into(), message.into());
        cut(&mut kind, MAX_KIND);
        if cut(&mut message, MAX_MESSAGE) {
            message.push('…');
        }
        Self { certainty, kind, message, retry_after: None }
    }
}

/// Leaves at most so many characters; returns whether there were more.
fn cut(text: &mut String, characters: usize) -> bool {
    if text.len() <= characters {
        return false;
    }
    let end = text.char_indices().nth(characters).map(|(end, _)| end);
    end.inspect(|end| text.truncate(*end)).is_some()
}

impl From<GatewayError> for AttemptFailure {
    fn from(error: GatewayError) -> Self {
        let GatewayError { certainty, kind, message, retry_after } = error;
        Self { certainty, kind, message, retry_after }
    }
}
