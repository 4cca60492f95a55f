//! The inventory over HTTP: routes, what requests must look like, what answers look like.

pub(crate) mod problem;
mod requests;
mod responses;
mod routes;

pub(crate) use routes::{Inventory, bare, documented};
