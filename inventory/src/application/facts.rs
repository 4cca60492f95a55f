//! The facts that the inventory writes into its ledger.

use shared::ledger::{Fact, Lifecycle};

use crate::domain::ReservationId;

pub(super) fn reserved(id: &ReservationId) -> Fact<'_> {
    Fact::new("reserved", id, Lifecycle::Opens)
}

pub(super) fn released(id: &ReservationId) -> Fact<'_> {
    Fact::new("released", id, Lifecycle::Closes)
}

pub(crate) fn expired(id: &ReservationId) -> Fact<'_> {
    Fact::new("expired", id, Lifecycle::Closes)
}
