use shared::chaos::ProblemKind;
use shared::http::Problem;

use crate::domain::Error;

pub(crate) static INVALID_RECIPIENT: ProblemKind =
    ProblemKind::new(400, "invalid_recipient", "Invalid recipient");
pub(crate) static DELIVERY_FAILED: ProblemKind = ProblemKind::new(502, "delivery_failed", "Delivery failed");

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::NotFound { id } => return Self::not_found("notification", id),
            Error::InvalidRecipient { .. } => &INVALID_RECIPIENT,
        };
        Self::new(kind, format!("The {error}."))
    }
}
