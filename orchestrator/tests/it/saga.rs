//! The saga against the real backends, in process and in virtual time: whatever goes wrong, no
//! money, stock or label is left wrong, and the order's end says what happened.

mod crash;
mod crashes;
mod decisions;
mod faults;
mod judge;
mod kept;
mod running;
mod scenario;
mod time_scale;
mod undoing;
mod wire;
mod world;

pub(crate) use world::in_virtual_time;
