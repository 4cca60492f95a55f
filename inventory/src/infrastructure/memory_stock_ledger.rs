use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use shared::ledger::{DomainStore, Ledger};
use shared::table::IdMap;

use crate::application::facts;
use crate::application::ports::{Decide, StockLedger};
use crate::domain::{Error, Items, Level, Reservation, ReservationId, Stock};

/// Stock and reservations in memory, under one lock that is held for one step at a time.
///
/// Expiry is lazy: each call first expires what is due, from an index by time, so that no timer is
/// needed and no call looks at more than what changes.
#[derive(Debug)]
pub(crate) struct MemoryStockLedger {
    state: Mutex<State>,
    /// The stock before anything was reserved.
    initial: Stock,
    capacity: usize,
    /// Receives expiries; requests record their own effects.
    ledger: Ledger,
}

#[derive(Debug)]
struct State {
    stock: Stock,
    reservations: IdMap<ReservationId, Reservation>,
    /// The live ones, by the time at which they expire.
    live: BTreeSet<(Timestamp, ReservationId)>,
    /// The ended ones, the first to end first.
    ended: VecDeque<ReservationId>,
}

impl MemoryStockLedger {
    /// The given stock, none of it reserved, for at most `capacity` reservations.
    pub(crate) fn new(stock: Stock, capacity: usize, ledger: Ledger) -> Self {
        Self { state: Mutex::new(State::with(stock.clone())), initial: stock, capacity, ledger }
    }

    /// The state as of `now`.
    fn state(&self, now: Timestamp) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.expire_until(now, &self.ledger);
        state
    }
}

impl StockLedger for MemoryStockLedger {
    fn reserve(&self, items: &Items, now: Timestamp, decide: Decide<'_>) -> Result<Reservation, Error> {
        let mut state = self.state(now);
        if state.live.len() >= self.capacity {
            return Err(Error::StoreFull { capacity: self.capacity });
        }
        let levels = state.stock.levels(items);
        let reservation = decide(&levels, &|id| state.reservations.contains_key(&id))?;
        if state.reservations.len() >= self.capacity {
            state.forget_the_first_to_end();
        }
        state.admit(reservation.clone());
        Ok(reservation)
    }

    fn update(
        &self,
        id: ReservationId,
        now: Timestamp,
        change: &mut dyn FnMut(&mut Reservation) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut state = self.state(now);
        let before = state.reservations.get(&id);
        let before = before.ok_or_else(|| Error::UnknownReservation { id: id.to_string() })?;
        let mut after = before.clone();
        change(&mut after)?;
        state.save(after);
        Ok(())
    }

    fn find(&self, id: ReservationId, now: Timestamp) -> Option<Reservation> {
        self.state(now).reservations.get(&id).cloned()
    }

    fn levels(&self, items: &Items, now: Timestamp) -> Vec<Level> {
        self.state(now).stock.levels(items)
    }
}

impl DomainStore for MemoryStockLedger {
    fn expire(&self, now: Timestamp) {
        drop(self.state(now));
    }

    fn clear(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::with(self.initial.clone());
    }
}

impl State {
    fn with(stock: Stock) -> Self {
        Self { stock, reservations: IdMap::default(), live: BTreeSet::new(), ended: VecDeque::new() }
    }

    fn admit(&mut self, reservation: Reservation) {
        self.stock.keep_aside(&reservation.items);
        self.live.insert((reservation.expires_at, reservation.id));
        self.reservations.insert(reservation.id, reservation);
    }

    /// Replaces a reservation. If it just ended, its stock is released.
    fn save(&mut self, reservation: Reservation) {
        if !reservation.is_reserved() && self.live.remove(&(reservation.expires_at, reservation.id)) {
            self.settle(reservation.id, &reservation.items);
        }
        self.reservations.insert(reservation.id, reservation);
    }

    fn expire_until(&mut self, now: Timestamp, ledger: &Ledger) {
        while self.live.first().is_some_and(|(due, _)| *due <= now)
            && let Some((_, id)) = self.live.pop_first()
            && let Some(reservation) = self.reservations.get_mut(&id)
        {
            reservation.expire(now);
            let order = reservation.order.as_deref();
            ledger.record_by_clock(reservation.expires_at, order, &facts::expired(&id));
            let items = reservation.items.clone();
            self.settle(id, &items);
        }
    }

    /// Releases the stock of a reservation that is no longer live.
    fn settle(&mut self, id: ReservationId, items: &Items) {
        self.stock.give_back(items);
        self.ended.push_back(id);
    }

    fn forget_the_first_to_end(&mut self) {
        if let Some(id) = self.ended.pop_front() {
            self.reservations.remove(&id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::ports::contract;

    #[test]
    fn keeps_the_contract_of_a_stock_ledger() {
        contract::keep(|stock, capacity| {
            Box::new(MemoryStockLedger::new(stock, capacity, Ledger::bounded_to(10)))
        });
    }
}
