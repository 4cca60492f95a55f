use std::time::Duration;

use super::{Outcome, faults};
use crate::environment::parse_duration;

/// One operation of one domain, as chaos sees it. Declared once, as a `static`, by its domain.
#[derive(Debug)]
pub struct Operation {
    /// `{domain}.{operation}`, such as `payment.authorize`.
    pub name: &'static str,
    /// Whether it changes anything.
    pub access: Access,
    /// Its default table, in the grammar of [`Table::parse`](super::Table::parse).
    pub table: &'static str,
    /// The outcomes that only this operation can have.
    pub outcomes: &'static [Outcome],
}

/// Whether an operation changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It changes something, and takes an `Idempotency-Key`.
    Write,
    /// It changes nothing, and fails neither by default nor by a failure rate.
    Read,
}

impl Operation {
    /// The part of the name before the dot.
    pub fn domain(&self) -> &'static str {
        self.name.split_once('.').map_or(self.name, |(domain, _)| domain)
    }

    /// What comes after `CHAOS_` in the names of this operation's variables.
    pub fn variable_stem(&self) -> String {
        self.name.replace('.', "_").to_uppercase()
    }

    /// All outcomes that the operation's table may hold.
    pub fn possible(&self) -> impl Iterator<Item = &'static Outcome> {
        faults::ANYWHERE.iter().chain(self.outcomes)
    }

    /// The outcome with that name, if the operation's table may hold it.
    pub fn outcome(&self, name: &str) -> Option<&'static Outcome> {
        self.possible().find(|outcome| outcome.name == name)
    }

    /// The delay of an outcome without `@`: that of the operation's own table, else the outcome's.
    pub fn usual_delay(&self, outcome: &Outcome) -> Duration {
        let rows = self.table.split(',').filter_map(|row| row.split_once('='));
        let own =
            rows.filter(|(name, _)| name.trim() == outcome.name).find_map(|(_, row)| row.split_once('@'));
        own.and_then(|(_, delay)| parse_duration(delay).ok()).unwrap_or(outcome.delay)
    }
}
