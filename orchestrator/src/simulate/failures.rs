use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::schedule::Schedule;
use super::shrink::shrink;
use super::subject::Subject;
use super::trial::Trial;
use crate::audit::Finding;

/// The ways in which orders went wrong: for each rule that was broken first, the first such order
/// and how many there were.
#[derive(Clone, Debug, Default)]
pub struct Failures(BTreeMap<&'static str, Failure>);

/// A way in which orders went wrong.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What the first of them met, as far as that is certain.
    pub schedules: Vec<Schedule>,
    /// What was wrong with it.
    pub findings: Vec<Finding>,
    /// How many there were.
    pub orders: u64,
}

impl Failures {
    /// An order that met one of the schedules went wrong.
    pub(super) fn met(&mut self, findings: &[Finding], schedules: impl FnOnce() -> Vec<Schedule>) {
        let Some(rule) = findings.first().map(|finding| finding.rule) else { return };
        let first = || Failure { schedules: schedules(), findings: findings.to_vec(), orders: 0 };
        self.0.entry(rule).or_insert_with(first).orders += 1;
    }

    /// Takes over what went wrong elsewhere, later.
    pub fn join(&mut self, later: Self) {
        for (rule, failure) in later.0 {
            match self.0.entry(rule) {
                Entry::Occupied(mut first) => first.get_mut().orders += failure.orders,
                Entry::Vacant(none) => drop(none.insert(failure)),
            }
        }
    }

    /// Whether nothing went wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many orders went wrong.
    pub fn orders(&self) -> u64 {
        self.0.values().map(|failure| failure.orders).sum()
    }

    /// Every way, with the name of its rule.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Failure)> {
        self.0.iter().map(|(rule, failure)| (*rule, failure))
    }
}

impl Failure {
    /// The least that an order has to meet to break the same rule: the schedule, and what becomes of
    /// an order of its own. `None` when it went wrong only among other orders.
    pub fn shrunk(&self, subject: &Subject) -> Option<(Schedule, Trial)> {
        let rule = self.findings.first()?.rule;
        let schedule = shrink(subject, &self.schedules, rule)?;
        let trial = schedule.run(subject, true);
        Some((schedule, trial))
    }
}
