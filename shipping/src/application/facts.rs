//! What shipping tells its ledger.

use shared::ledger::{Fact, Life};

use crate::domain::{Label, LabelId, State};

pub(super) fn generating(id: &LabelId) -> Fact<'_> {
    Fact::new("generating", id, Life::Opens)
}

pub(super) fn generated(id: &LabelId) -> Fact<'_> {
    Fact::new("generated", id, Life::Closes)
}

pub(super) fn abandoned(id: &LabelId) -> Fact<'_> {
    Fact::new("abandoned", id, Life::Closes)
}

/// A label was called off that had been like `before`.
pub(super) fn cancelled(before: &Label) -> Fact<'_> {
    let life = match before.state {
        State::Generating { .. } => Life::Closes,
        State::Generated(_) | State::Cancelled { .. } | State::Abandoned { .. } => Life::Unchanged,
    };
    Fact::new("cancelled", &before.id, life)
}
