//! The errors of this domain on the wire.

use shared::chaos::ProblemKind;
use shared::http::Problem;

use crate::domain::{Error, Level};

/// There is less of a SKU than was requested. Nothing is reserved.
pub(crate) static OUT_OF_STOCK: ProblemKind = ProblemKind::new(409, "out_of_stock", "Out of stock");
static ALREADY_RELEASED: ProblemKind = ProblemKind::new(409, "already_released", "Already released");
static RESERVATION_EXPIRED: ProblemKind = ProblemKind::new(410, "reservation_expired", "Reservation expired");

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::UnknownReservation { id } => Self::not_found("reservation", &id),
            Error::OutOfStock { short } => Self::new(&OUT_OF_STOCK, shortages(&short)),
            Error::StockWithheld => {
                Self::new(&OUT_OF_STOCK, "There is not enough in stock; nothing is reserved.")
            }
            Error::AlreadyReleased { id, at } => {
                Self::new(&ALREADY_RELEASED, format!("Reservation {id} was already released at {at}."))
            }
            Error::ReservationExpired { id, at } => Self::new(
                &RESERVATION_EXPIRED,
                format!("Reservation {id} expired at {at}; its stock was released then."),
            ),
            Error::StoreFull { capacity } => Self::store_full(capacity, "reservations", "INVENTORY_CAPACITY"),
        }
    }
}

/// Such as "There is not enough of ITEM-001 (5 requested, 3 available); nothing is reserved."
fn shortages(short: &[Level]) -> String {
    let told = short.iter().map(|level| {
        let Level { sku, requested, available } = level;
        format!("{sku} ({requested} requested, {available} available)")
    });
    format!("There is not enough of {}; nothing is reserved.", told.collect::<Vec<_>>().join(", "))
}
