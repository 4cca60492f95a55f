use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::ledger::DomainStore;

/// A domain's stores. The lock is the gate between requests and a reset: a reset has exclusive access,
/// and finds no step of a request half done.
#[derive(Default)]
pub(super) struct Stores(RwLock<Vec<Arc<dyn DomainStore>>>);

impl Stores {
    /// The stores for one step, which no reset interrupts. The guard MUST NOT be held across an await, and
    /// its holder MUST NOT take a second one: a reset that waits for the first would block it.
    pub(super) fn in_use(&self) -> RwLockReadGuard<'_, Vec<Arc<dyn DomainStore>>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The stores while no step is running.
    pub(super) fn at_rest(&self) -> RwLockWriteGuard<'_, Vec<Arc<dyn DomainStore>>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stores").finish_non_exhaustive()
    }
}
