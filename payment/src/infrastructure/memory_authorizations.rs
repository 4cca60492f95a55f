use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use shared::ledger::{DomainStore, Ledger};
use shared::table::IdMap;

use crate::application::facts;
use crate::application::ports::{AuthorizationStore, Open};
use crate::domain::{AuthId, Authorization, Error, Status};

/// Authorizations in memory. They are lost with the process.
#[derive(Debug)]
pub(crate) struct MemoryAuthorizations {
    state: Mutex<State>,
    capacity: usize,
    /// Receives expiries; requests record their own effects.
    ledger: Ledger,
}

#[derive(Debug, Default)]
struct State {
    by_id: IdMap<AuthId, Authorization>,
    /// The held ones, in the order in which they expire.
    held: BTreeSet<(Timestamp, AuthId)>,
    /// Those that may be evicted, in the order in which they were settled.
    settled: VecDeque<AuthId>,
}

impl MemoryAuthorizations {
    /// An empty store for at most `capacity` authorizations.
    pub(crate) fn bounded_to(capacity: usize, ledger: Ledger) -> Self {
        Self { state: Mutex::default(), capacity, ledger }
    }

    /// The state as of `now`.
    fn state(&self, now: Timestamp) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.expire_until(now, &self.ledger);
        state
    }
}

impl AuthorizationStore for MemoryAuthorizations {
    fn add(&self, now: Timestamp, open: Open<'_>) -> Result<Authorization, Error> {
        let mut state = self.state(now);
        let is_full = state.by_id.len() >= self.capacity;
        if is_full && state.settled.is_empty() {
            return Err(Error::StoreFull { capacity: self.capacity });
        }
        let opened = open(&|id| state.by_id.contains_key(&id))?;
        if is_full && let Some(oldest) = state.settled.pop_front() {
            state.by_id.remove(&oldest);
        }
        let terms = opened.terms();
        state.held.insert((terms.expires_at, terms.id));
        state.by_id.insert(terms.id, opened.clone());
        Ok(opened)
    }

    fn change(&self, id: AuthId, now: Timestamp, step: &mut dyn FnMut(&mut Authorization)) -> bool {
        self.state(now).change(id, step)
    }

    fn find(&self, id: AuthId, now: Timestamp) -> Option<Authorization> {
        self.state(now).by_id.get(&id).cloned()
    }
}

impl DomainStore for MemoryAuthorizations {
    fn expire(&self, now: Timestamp) {
        drop(self.state(now));
    }

    fn clear(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }
}

impl State {
    fn change(&mut self, id: AuthId, step: impl FnOnce(&mut Authorization)) -> bool {
        let Some(authorization) = self.by_id.get_mut(&id) else { return false };
        let before = authorization.status();
        step(authorization);
        let after = authorization.status();
        if before == Status::Authorized && after != Status::Authorized {
            self.held.remove(&(authorization.terms().expires_at, id));
        }
        if !before.is_settled() && after.is_settled() {
            self.settled.push_back(id);
        }
        true
    }

    fn expire_until(&mut self, now: Timestamp, ledger: &Ledger) {
        while let Some((expires_at, id)) = self.held.first().copied()
            && expires_at <= now
        {
            self.held.pop_first();
            self.change(id, |authorization| {
                if let Ok(held) = authorization.held() {
                    held.expire(expires_at);
                    let order = authorization.terms().order_id.as_deref();
                    ledger.record_by_clock(expires_at, order, &facts::expired(&id));
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::ports::contract;

    #[test]
    fn keeps_the_contract_of_a_store() {
        contract::holds_for(|capacity| {
            Box::new(MemoryAuthorizations::bounded_to(capacity, Ledger::bounded_to(10)))
        });
    }
}
