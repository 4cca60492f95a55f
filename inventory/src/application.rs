//! The use cases of the inventory, one per file, and the port they need.

mod check;
pub(crate) mod facts;
pub(crate) mod ports;
mod release;
mod reserve;
mod status;

pub(crate) use check::check;
pub(crate) use release::{Release, release};
pub(crate) use reserve::{Reserve, reserve};
pub(crate) use status::status;
