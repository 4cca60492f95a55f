//! Notification over HTTP: what a message must look like, and how it is answered.

pub(crate) mod problem;
mod requests;
mod responses;
pub(crate) mod routes;
