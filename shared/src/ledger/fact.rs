use std::fmt;

use crate::number::Number;

/// Something that happened to a resource, as a domain reports it.
#[derive(Clone, Copy)]
pub struct Fact<'a> {
    /// What happened, in the terms of [`Effect`](super::Effect).
    pub effect: &'static str,
    /// The resource's id.
    pub resource: &'a dyn fmt::Display,
    /// Whether it opened or closed something.
    pub lifecycle: Lifecycle,
    /// How much money moved.
    pub amount: Option<Number>,
    /// What else distinguishes it from others of its kind.
    pub detail: Option<&'a dyn fmt::Display>,
}

/// What a fact means for whether its order is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifecycle {
    /// Something is now live that must be closed later: a hold, a reservation, a label being generated.
    Opens,
    /// Something live was closed.
    Closes,
    /// Neither.
    Unchanged,
}

impl<'a> Fact<'a> {
    /// A fact without an amount or a detail.
    pub fn new(effect: &'static str, resource: &'a dyn fmt::Display, lifecycle: Lifecycle) -> Self {
        Self { effect, resource, lifecycle, amount: None, detail: None }
    }

    /// The fact with the money that moved.
    #[must_use]
    pub fn amount(self, amount: Number) -> Self {
        Self { amount: Some(amount), ..self }
    }

    /// The fact with a detail.
    #[must_use]
    pub fn detail(self, detail: &'a dyn fmt::Display) -> Self {
        Self { detail: Some(detail), ..self }
    }
}

impl fmt::Debug for Fact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.effect, self.resource)
    }
}
