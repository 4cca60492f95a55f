//! The driven port of the inventory.

use std::fmt::Debug;

use jiff::Timestamp;

use crate::domain::{Error, Items, Level, Reservation, ReservationId};

#[cfg(test)]
pub(crate) mod contract;

/// Refuses or reserves, given the level of each SKU and which ids are taken.
pub(crate) type Decide<'a> =
    &'a mut dyn FnMut(&[Level], &dyn Fn(ReservationId) -> bool) -> Result<Reservation, Error>;

/// Stores stock levels and reservations.
///
/// Each call is one atomic step as of `now`. A reservation that is due to expire by then MUST count as
/// expired and its stock as released, whether or not it was read since. Callers read the clock before
/// they hold the lock, so `now` may be earlier than a previous call's. An expiry already applied MUST
/// stay applied.
///
/// The store is bounded. To make room it evicts ended reservations, the first to end first; a live one
/// never.
///
/// What happens to a reservation is recorded in the step in which it happens: by `decide` and `change`
/// for what a caller requested, by the adapter for expiry.
pub(crate) trait StockLedger: Debug + Send + Sync {
    /// Reserves `items`, all or nothing.
    ///
    /// `decide` is given the level of each SKU of `items`, when nothing else can prevent the reservation.
    /// It either refuses, or makes the reservation of these `items`, with an id that is not taken; it
    /// MUST refuse when a level is not sufficient. It is called once, and what it makes is stored.
    ///
    /// # Errors
    /// [`Error::StoreFull`] when the store is full of live reservations; MUST be returned before `decide`
    /// is called. Otherwise what `decide` refused with. In both cases nothing MUST have changed.
    fn reserve(&self, items: &Items, now: Timestamp, decide: Decide<'_>) -> Result<Reservation, Error>;

    /// Changes one reservation, and releases its stock if it is no longer live.
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

    /// The reservation with that id, if it exists and was not evicted.
    fn find(&self, id: ReservationId, now: Timestamp) -> Option<Reservation>;

    /// The level of each SKU of `items`, in the order of first mention; all at the same moment.
    fn levels(&self, items: &Items, now: Timestamp) -> Vec<Level>;
}
