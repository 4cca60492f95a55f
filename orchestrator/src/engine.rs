//! The engines that run workflows. They know no business word.

pub mod embedded;
