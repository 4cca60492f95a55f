//! The use cases of payment, one per file, and the port they need.

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
