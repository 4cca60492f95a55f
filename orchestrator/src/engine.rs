//! The engines that run workflows. They know no business term.

mod attempt;
pub mod embedded;
mod possible_effect;
#[cfg(feature = "temporal")]
pub mod temporal;
