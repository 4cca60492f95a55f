//! What every [`StockLedger`](super::StockLedger) must do.
