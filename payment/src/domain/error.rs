use jiff::Timestamp;

use super::{Amount, AuthId, Money, Status};

/// Why an operation is refused. Nothing has changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error("authorization `{id}` does not exist")]
    NotFound { id: String },
    #[error("customer's account does not hold {money}")]
    InsufficientFunds { money: Money },
    #[error("authorization {id} was captured at {at}")]
    AlreadyCaptured { id: AuthId, at: Timestamp },
    #[error("authorization {id} was released at {at}")]
    AlreadyReleased { id: AuthId, at: Timestamp },
    #[error("authorization {id} expired at {at}")]
    Expired { id: AuthId, at: Timestamp },
    #[error("authorization {id} is {status}, and only captured money can be refunded")]
    NotCaptured { id: AuthId, status: Status },
    #[error("{money} of authorization {id} has already been refunded in full")]
    AlreadyRefunded { id: AuthId, money: Money },
    #[error("refund of {asked} exceeds the {left} left of authorization {id}")]
    RefundExceedsCaptured { id: AuthId, asked: Money, left: Amount },
    #[error(
        "authorization {id} has {refunds} refunds, and the last one allowed must refund everything that is left"
    )]
    TooManyRefunds { id: AuthId, refunds: usize },
    #[error("store is full: none of its {capacity} authorizations is settled")]
    StoreFull { capacity: usize },
}
