//! The errors of this domain on the wire.

use shared::chaos::ProblemKind;
use shared::http::Problem;

use crate::domain::Error;

pub(crate) static INSUFFICIENT_FUNDS: ProblemKind =
    ProblemKind::new(402, "insufficient_funds", "Insufficient funds");
pub(crate) static ALREADY_CAPTURED: ProblemKind =
    ProblemKind::new(409, "already_captured", "Already captured");
pub(crate) static ALREADY_RELEASED: ProblemKind =
    ProblemKind::new(409, "already_released", "Already released");
pub(crate) static NOT_CAPTURED: ProblemKind = ProblemKind::new(409, "not_captured", "Not captured");
pub(crate) static ALREADY_REFUNDED: ProblemKind =
    ProblemKind::new(409, "already_refunded", "Already refunded");
pub(crate) static AUTHORIZATION_EXPIRED: ProblemKind =
    ProblemKind::new(410, "authorization_expired", "Authorization expired");
pub(crate) static REFUND_EXCEEDS_CAPTURED: ProblemKind =
    ProblemKind::new(422, "refund_exceeds_captured", "Refund exceeds what was captured");
pub(crate) static TOO_MANY_REFUNDS: ProblemKind =
    ProblemKind::new(422, "too_many_refunds", "Too many refunds");

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::NotFound { id } => return Self::not_found("authorization", id),
            Error::InsufficientFunds { .. } => &INSUFFICIENT_FUNDS,
            Error::AlreadyCaptured { .. } => &ALREADY_CAPTURED,
            Error::AlreadyReleased { .. } => &ALREADY_RELEASED,
            Error::Expired { .. } => &AUTHORIZATION_EXPIRED,
            Error::NotCaptured { .. } => &NOT_CAPTURED,
            Error::AlreadyRefunded { .. } => &ALREADY_REFUNDED,
            Error::RefundExceedsCaptured { .. } => &REFUND_EXCEEDS_CAPTURED,
            Error::TooManyRefunds { .. } => &TOO_MANY_REFUNDS,
            Error::StoreFull { capacity } => {
                return Self::store_full(*capacity, "authorizations", "PAYMENT_CAPACITY");
            }
        };
        Self::new(kind, format!("The {error}."))
    }
}
