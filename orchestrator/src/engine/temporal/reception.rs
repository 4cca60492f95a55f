//! The answer to a signal as one line of text, with which the updates of a run answer.

use serde::{Deserialize, Serialize};

use crate::workflow::{ClientError, Json, Reception};

/// The query for the answer that a signal would get; its argument is a [`Told`].
pub(super) const RECEPTION: &str = "getReception";

/// How many signals a run may accept.
pub(super) const SIGNALS_PER_RUN: usize = 1_000;

const ACCEPTED: &str = "accepted";
const DUPLICATE: &str = "duplicate";
const TOO_LATE: &str = "too late: ";
const TOO_MANY: &str = "too many signals";
const INVALID: &str = "invalid: ";

/// A signal, for [`RECEPTION`].
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Told {
    pub(super) signal: String,
    pub(super) payload: Json,
}

/// A run's answer to a signal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Received(Reception),
    TooMany,
    Invalid(String),
}

impl Answer {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Received(Reception::Accepted) => ACCEPTED.to_owned(),
            Self::Received(Reception::Duplicate) => DUPLICATE.to_owned(),
            Self::Received(Reception::TooLate(reason)) => format!("{TOO_LATE}{reason}"),
            Self::TooMany => TOO_MANY.to_owned(),
            Self::Invalid(reason) => format!("{INVALID}{reason}"),
        }
    }

    /// A run's answer. A sentence that no host of this program wrote is a refusal too.
    pub(super) fn read(text: &str) -> Self {
        match text {
            ACCEPTED => Self::Received(Reception::Accepted),
            DUPLICATE => Self::Received(Reception::Duplicate),
            TOO_MANY => Self::TooMany,
            _ => match text.strip_prefix(TOO_LATE) {
                Some(reason) => Self::Received(Reception::TooLate(reason.to_owned().into())),
                None => Self::Invalid(text.strip_prefix(INVALID).unwrap_or(text).to_owned()),
            },
        }
    }

    pub(super) fn into_result(self) -> Result<Reception, ClientError> {
        match self {
            Self::Received(reception) => Ok(reception),
            Self::TooMany => Err(ClientError::TooManySignals { limit: SIGNALS_PER_RUN }),
            Self::Invalid(reason) => Err(ClientError::Invalid(reason)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_comes_back_as_it_was_written() {
        let all = [
            Answer::Received(Reception::Accepted),
            Answer::Received(Reception::Duplicate),
            Answer::Received(Reception::too_late("already_shipped")),
            Answer::TooMany,
            Answer::Invalid("`x` is not a signal of this workflow".to_owned()),
        ];
        for answer in all {
            assert_eq!(Answer::read(&answer.text()), answer);
        }
        let foreign = "No update handler registered for update name x";
        assert_eq!(Answer::read(foreign), Answer::Invalid(foreign.to_owned()));
    }
}
