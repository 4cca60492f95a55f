//! The rules of labels. Pure: no clock, no randomness, no I/O.

mod address;
mod error;
mod label;
mod tracking_number;

pub(crate) use address::Address;
pub(crate) use error::Error;
pub(crate) use label::{Label, LabelId, Shipment, State};
pub(crate) use tracking_number::tracking_number;
