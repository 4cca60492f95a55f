//! The driven port of the inventory.

use std::fmt::Debug;

use jiff::Timestamp;

use crate::domain::{Error, Items, Level, Reservation, ReservationId};

#[cfg(test)]
pub(crate) mod contract;

/// Refuses or reserves, given how each SKU stands and which ids are taken.
pub(crate) type Decide<'a> =
    &'a mut dyn FnMut(&[Level], &dyn Fn(ReservationId) -> bool) -> Result<Reservation, Error>;

/// Who keeps the books of stock and reservations.
///
/// Each call is one atomic step as of `now`. A reservation whose time is over by then MUST count as
/// expired and its stock as given back, whether or not anybody looked at it since. Callers read the
/// clock before it is their turn, so `now` may lag behind that of a step before: what has happened by
/// then MUST stay so.
///
/// The books are bounded. To make room, reservations that have ended are forgotten, the one that ended
/// first before the others; one that keeps stock aside never is.
///
/// What happens to a reservation is recorded in the step in which it happens: by `decide` and `change`
/// what a caller asked for, by the adapter what the clock does.
pub(crate) trait StockLedger: Debug + Send + Sync {
    /// Keeps stock aside for `items`, all of it or nothing.
    ///
    /// `decide` is given how each SKU of `items` stands, when nothing else can prevent the reservation.
    /// It either refuses, or makes the reservation of these `items`, with an id that is not taken; it
    /// MUST refuse when a level is not sufficient. It is asked once, and what it makes is kept.
    ///
    /// # Errors
    /// [`Error::StoreFull`] when every reservation that may be kept is live; MUST be told before
    /// `decide` is asked. Otherwise what `decide` refused with. In both cases nothing MUST have changed.
    fn reserve(&self, items: &Items, now: Timestamp, decide: Decide<'_>) -> Result<Reservation, Error>;

    /// Changes one reservation, and gives back its stock if it keeps none aside any more.
    ///
    /// # Errors
    /// [`Error::UnknownReservation`]; otherwise what `change` refused with, and then nothing MUST
    /// have changed.
    fn update(
        &self,
        id: ReservationId,
        now: Timestamp,
        change: &mut dyn FnMut(&mut Reservation) -> Result<(), Error>,
    ) -> Result<(), Error>;

    /// The reservation of that id, if there is one and it was not forgotten.
    fn find(&self, id: ReservationId, now: Timestamp) -> Option<Reservation>;

    /// How each SKU of `items` stands, in the order of first mention; all at the same moment.
    fn levels(&self, items: &Items, now: Timestamp) -> Vec<Level>;
}
