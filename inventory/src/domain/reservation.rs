use std::time::Duration;

use jiff::Timestamp;
use smol_str::SmolStr;

use super::{Error, Items};

shared::typed_id!(
    /// Names a reservation.
    ReservationId,
    "res_"
);

/// Stock that is reserved, possibly for an order, until it is released or expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reservation {
    pub(crate) id: ReservationId,
    pub(crate) items: Items,
    pub(crate) order: Option<SmolStr>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    state: State,
}

/// The state of a reservation. Only [`Reserved`](Self::Reserved) holds stock, and it is the only
/// state that is ever left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Reserved,
    Released { at: Timestamp },
    Expired { at: Timestamp },
}

impl Reservation {
    /// A reservation of `items` that expires after `ttl`.
    pub(crate) fn new(
        id: ReservationId,
        items: Items,
        order: Option<SmolStr>,
        now: Timestamp,
        ttl: Duration,
    ) -> Self {
        let expires_at = now.checked_add(ttl).unwrap_or(Timestamp::MAX);
        Self { id, items, order, created_at: now, expires_at, state: State::Reserved }
    }

    pub(crate) fn state(&self) -> State {
        self.state
    }

    pub(crate) fn is_reserved(&self) -> bool {
        self.state == State::Reserved
    }

    /// Releases the stock before it expires.
    ///
    /// # Errors
    /// [`Error::AlreadyReleased`] or [`Error::ReservationExpired`] when there is none to release.
    pub(crate) fn release(&mut self, now: Timestamp) -> Result<(), Error> {
        self.expire(now);
        match self.state {
            State::Reserved => {
                self.state = State::Released { at: now };
                Ok(())
            }
            State::Released { at } => Err(Error::AlreadyReleased { id: self.id, at }),
            State::Expired { at } => Err(Error::ReservationExpired { id: self.id, at }),
        }
    }

    /// Expires the reservation if that is due by `now`. It ended when it was due, however late that is
    /// noticed.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        if self.is_reserved() && self.expires_at <= now {
            self.state = State::Expired { at: self.expires_at };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Item, Quantity, Sku};
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn reservation() -> Reservation {
        let item =
            Item { sku: Sku::parse("A").unwrap(), quantity: Quantity::new(1).unwrap(), warehouse: None };
        let items = Items::new(vec![item]).unwrap();
        Reservation::new(ReservationId::from(1), items, None, at(0), Duration::from_secs(100))
    }

    proptest! {
        #[test]
        fn a_reservation_ends_once_and_says_truly_when(
            mut steps in prop::collection::vec((0i64..200, any::<bool>()), 1..20),
        ) {
            steps.sort_unstable();
            let mut reservation = reservation();
            let mut ended = State::Reserved;
            for (second, release) in steps {
                let before = reservation.state();
                if release {
                    let released = reservation.release(at(second));
                    prop_assert_eq!(released.is_ok(), before == State::Reserved && second < 100);
                } else {
                    reservation.expire(at(second));
                }
                let after = reservation.state();
                match after {
                    State::Reserved => prop_assert!(second < 100 && !release),
                    State::Released { at } => prop_assert!(at < reservation.expires_at),
                    State::Expired { at } => prop_assert!(at == reservation.expires_at && second >= 100),
                }
                prop_assert!(ended == State::Reserved || after == ended, "{:?} after {:?}", after, ended);
                ended = after;
            }
        }
    }
}
