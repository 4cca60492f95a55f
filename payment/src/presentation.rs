//! Payment over HTTP: routes, requests and answers.

pub(crate) mod problem;
mod requests;
mod responses;
pub(crate) mod routes;
