//! The facts that shipping writes into its ledger.

use shared::ledger::{Fact, Lifecycle};

use crate::domain::{Label, LabelId, State};

pub(super) fn generating(id: &LabelId) -> Fact<'_> {
    Fact::new("generating", id, Lifecycle::Opens)
}

pub(super) fn generated(id: &LabelId) -> Fact<'_> {
    Fact::new("generated", id, Lifecycle::Closes)
}

pub(super) fn abandoned(id: &LabelId) -> Fact<'_> {
    Fact::new("abandoned", id, Lifecycle::Closes)
}

/// A label was cancelled whose state had been `before`.
pub(super) fn cancelled(before: &Label) -> Fact<'_> {
    let lifecycle = match before.state {
        State::Generating { .. } => Lifecycle::Closes,
        State::Generated(_) | State::Cancelled { .. } | State::Abandoned { .. } => Lifecycle::Unchanged,
    };
    Fact::new("cancelled", &before.id, lifecycle)
}
