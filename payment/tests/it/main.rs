//! Payment over HTTP, through its router.

mod service;
mod states;
