//! What can be asked of payment, one use case a file, and what it needs for that.

mod authorize;
mod capture;
pub(crate) mod facts;
pub(crate) mod ports;
mod refund;
mod release;

pub(crate) use authorize::{Authorize, authorize};
pub(crate) use capture::{Capture, capture};
pub(crate) use refund::{Refund, Refunded, refund};
pub(crate) use release::{Release, release};
