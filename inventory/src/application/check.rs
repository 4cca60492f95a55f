use jiff::Timestamp;

use super::ports::StockLedger;
use crate::domain::{Items, Level};

/// Whether `items` could be reserved now, and the level of each SKU. Nothing changes, and nothing is
/// promised: someone else may reserve the same stock right after.
pub(crate) fn check(ledger: &dyn StockLedger, items: &Items, now: Timestamp) -> (bool, Vec<Level>) {
    let levels = ledger.levels(items, now);
    (levels.iter().all(Level::is_sufficient), levels)
}
