//! What every engine does with orders, each behaviour written once.
//!
//! Orders are played on a [`Stage`](stage::Stage): the backends in this process, whose faults a script
//! tells, and a `Host` that runs an engine over them and may crash and come back. The verdict is that of the
//! orders' ends and of a strict audit of the backends' ledgers. Here the host is the embedded engine, in virtual
//! time. The test target `temporal`, whose root is `temporal.rs`, compiles the same files over a
//! Temporal server, in real time.

pub(crate) mod changed;
mod crashing;
mod deciding;
mod embedded;
mod failing;
pub(crate) mod faults;
mod messages;
mod order;
mod playing;
pub(crate) mod process;
mod reading;
pub(crate) mod sample;
mod scenario;
mod stage;
mod undoing;
mod wire;

use embedded::Host;
