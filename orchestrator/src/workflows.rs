//! The business processes. They know no engine, no HTTP and no clock.

pub mod order_fulfillment;
