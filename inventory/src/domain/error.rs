use jiff::Timestamp;

use super::{Level, ReservationId};

/// Why an operation was refused. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error("no reservation has the id {id}")]
    UnknownReservation { id: String },
    /// `short` are the SKUs of which more was requested than is available.
    #[error("there is not enough stock of {} of the requested SKUs", short.len())]
    OutOfStock { short: Vec<Level> },
    /// Chaos injects the refusal although the stock suffices, so there are no real numbers to give.
    #[error("the stock suffices, but chaos withholds it")]
    StockWithheld,
    #[error("reservation {id} was released at {at}")]
    AlreadyReleased { id: ReservationId, at: Timestamp },
    #[error("reservation {id} expired at {at}")]
    ReservationExpired { id: ReservationId, at: Timestamp },
    #[error("all {capacity} reservations are live, so none can be evicted")]
    StoreFull { capacity: usize },
}
