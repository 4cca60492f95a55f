//! The ledger: what was asked of a domain and what really happened there, order by order.
//!
//! Every domain keeps one. An audit joins them, and can so tell whether a flow, in whatever
//! language, left money, stock or labels wrong behind.

mod record;

pub use record::{Effect, Record, Request};
