//! The embedded engine, through its public face.

mod crashing;
mod stalling;
mod toy;

mod activities;
mod cancelling;
mod children;
mod damage;
pub(crate) mod journal;
mod lifecycle;
mod limits;
mod log;
mod lost;
mod outage;
mod recovery;
mod replay;
mod sqlite;
mod unwritable;
