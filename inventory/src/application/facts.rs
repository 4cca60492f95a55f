//! What the inventory tells its ledger.

use shared::ledger::{Fact, Life};

use crate::domain::ReservationId;

pub(super) fn reserved(id: &ReservationId) -> Fact<'_> {
    Fact::new("reserved", id, Life::Opens)
}

pub(super) fn released(id: &ReservationId) -> Fact<'_> {
    Fact::new("released", id, Life::Closes)
}

pub(crate) fn expired(id: &ReservationId) -> Fact<'_> {
    Fact::new("expired", id, Life::Closes)
}
