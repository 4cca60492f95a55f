//! The inventory over HTTP: routes, requests and answers.

pub(crate) mod problem;
mod requests;
mod responses;
mod routes;

pub(crate) use routes::{Inventory, bare, documented};
