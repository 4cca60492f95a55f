//! Chaos: what happens to each request, decided only by configuration and a seed.
//!
//! An [`Operation`] has a table of [`Outcome`]s with a share each. For every request that reaches the
//! operation, [`Chaos::draw`] picks one outcome. The draw is stateless: it hashes the seed, the
//! operation, a key that stands for the order, and the number of draws for that key so far.
//! Neither threads nor other orders' traffic can change what an order meets.
//!
//! What an outcome does to a request is up to [`pipeline`](crate::pipeline); each fault is described in
//! its own file under [`faults`].

mod attempts;
mod draw;
mod engine;
pub mod faults;
mod operation;
mod outcome;
mod plan;
mod preset;
mod script;
mod stats;
mod table;

pub use draw::{Draw, DrawKey};
pub use engine::{Chaos, Drawn};
pub(crate) use engine::{Counting, Keyed};
pub use operation::{Access, Operation};
pub use outcome::{Moment, Outcome, ProblemKind, Severed, Surface};
pub use plan::{Plan, PlannedOperation, refuse_unknown_variables};
pub use preset::Preset;
pub use script::{Script, ScriptLine};
pub use stats::{OperationStats, OutcomeStats};
pub use table::{Share, Table};
