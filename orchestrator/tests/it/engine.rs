//! The embedded engine, through its public face.

mod toy;

mod journal;
mod lifecycle;
mod sqlite;
