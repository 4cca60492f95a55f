//! The embedded engine, through its public face.

mod toy;

mod activities;
mod journal;
mod lifecycle;
mod sqlite;
