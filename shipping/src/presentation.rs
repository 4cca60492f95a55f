//! Shipping over HTTP.

mod events;
mod label_request;
mod problem;
mod requests;
mod responses;
pub(crate) mod routes;
