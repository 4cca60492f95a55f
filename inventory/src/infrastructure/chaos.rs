//! This domain's operations and their outcome tables. (Source: CHAOS, "Default outcome tables".)

use shared::chaos::{Access, Operation, Outcome};

use crate::presentation::problem::OUT_OF_STOCK;

/// The operations of the inventory.
pub static OPERATIONS: &[&Operation] = &[&RESERVE, &RELEASE, &CHECK, &STATUS];

/// Reserves stock.
pub(crate) static RESERVE: Operation = Operation {
    name: "inventory.reserve",
    access: Access::Write,
    table: "success=50%, out_of_stock=30%, timeout=10%@4s, internal_error=10%",
    outcomes: &[Outcome::refusal(&OUT_OF_STOCK, "There is not enough in stock; nothing is reserved.")],
};

/// Releases stock.
pub(crate) static RELEASE: Operation = Operation {
    name: "inventory.release",
    access: Access::Write,
    table: "success=90%, internal_error=10%",
    outcomes: &[],
};

/// Says how much is available.
pub(crate) static CHECK: Operation =
    Operation { name: "inventory.check", access: Access::Read, table: "success=100%", outcomes: &[] };

/// Reads the status of a reservation.
pub(crate) static STATUS: Operation =
    Operation { name: "inventory.status", access: Access::Read, table: "success=100%", outcomes: &[] };
