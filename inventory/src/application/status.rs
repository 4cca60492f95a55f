use jiff::Timestamp;

use super::ports::StockLedger;
use crate::domain::{Error, Reservation, ReservationId};

/// The status of a reservation.
///
/// # Errors
/// [`Error::UnknownReservation`], also for one that ended and was evicted.
pub(crate) fn status(ledger: &dyn StockLedger, id: &str, now: Timestamp) -> Result<Reservation, Error> {
    ledger.find(named(id)?, now).ok_or_else(|| unknown(id))
}

/// The id that `text` spells. Any other text counts as an unknown reservation, not as malformed.
pub(super) fn named(text: &str) -> Result<ReservationId, Error> {
    ReservationId::parse(text).ok_or_else(|| unknown(text))
}

fn unknown(id: &str) -> Error {
    Error::UnknownReservation { id: id.to_owned() }
}
