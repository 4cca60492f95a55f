//! All that may go wrong with one request.

use orchestrator::bundled::operations;
use shared::chaos::{Operation, Outcome};

/// The reads that the saga never makes.
const NOT_ASKED: [&str; 4] =
    ["inventory.check", "inventory.status", "shipping.status", "notification.status"];

/// Every outcome that every operation may have but success.
pub(crate) fn every_fault() -> Vec<(&'static Operation, &'static Outcome)> {
    let asked = operations().into_iter().filter(|operation| !NOT_ASKED.contains(&operation.name));
    let faults =
        |operation: &'static Operation| operation.possible().map(move |outcome| (operation, outcome));
    asked.flat_map(faults).filter(|(_, outcome)| outcome.name != "success").collect()
}
