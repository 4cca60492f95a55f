//! The port's adapter, and what chaos may do to the operations.

pub(crate) mod chaos;
mod memory_stock_ledger;

pub(crate) use memory_stock_ledger::MemoryStockLedger;
