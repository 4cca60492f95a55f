//! Simulation: whole worlds, the backends and an orchestrator with its customers, each in one thread
//! and in virtual time.
//!
//! What ships is what is simulated: the same workflows, engine, gateways and HTTP routers. Replaced are
//! the network (routers are called in this process), time (it passes only while everything waits)
//! and the disk (the journal is kept in memory, and its process may die at any append).

mod cores;
mod crash;
mod crash_plan;
mod decision;
mod diagnosis;
mod engines;
mod exhaustive;
mod failures;
mod journal;
mod life;
mod log;
mod moments;
mod random;
mod schedule;
mod shrink;
mod subject;
mod tap;
mod trial;
mod wire;
mod world;

pub use cores::Stuck;
pub use crash::{Crash, When};
pub use decision::{Decision, Moment};
pub use exhaustive::{Coverage, Exhaustive};
pub use failures::{Failure, Failures};
pub use log::Line;
pub use random::{RandomWorld, WorldReport};
pub use schedule::Schedule;
pub use subject::{Flow, Process, Subject};
pub use trial::Trial;
