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

/// How many orders of a kind are looked at for one that goes wrong alone.
const MAX_EXAMPLES: usize = 8;

/// A way in which orders went wrong.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What the first of them met, order by order, each as far as that is certain.
    pub examples: Vec<Vec<Schedule>>,
    /// What was wrong with it.
    pub findings: Vec<Finding>,
    /// How many there were.
    pub orders: u64,
}

impl Failures {
    /// An order that met one of the schedules went wrong.
    pub(super) fn met(&mut self, findings: &[Finding], schedules: impl FnOnce() -> Vec<Schedule>) {
        let Some(rule) = findings.first().map(|finding| finding.rule) else { return };
        let first = || Failure { examples: Vec::new(), findings: findings.to_vec(), orders: 0 };
        let failure = self.0.entry(rule).or_insert_with(first);
        failure.orders += 1;
        if failure.examples.len() < MAX_EXAMPLES {
            failure.examples.push(schedules());
        }
    }

    /// Takes over what went wrong elsewhere, later.
    pub fn join(&mut self, later: Self) {
        for (rule, failure) in later.0 {
            match self.0.entry(rule) {
                Entry::Occupied(mut first) => {
                    let first = first.get_mut();
                    first.orders += failure.orders;
                    let room = MAX_EXAMPLES.saturating_sub(first.examples.len());
                    first.examples.extend(failure.examples.into_iter().take(room));
                }
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
    /// an order of its own. `None` when none of the examples goes wrong without the other orders of its world.
    pub fn shrunk(&self, subject: &Subject) -> Option<(Schedule, Trial)> {
        let rule = self.findings.first()?.rule;
        let schedule = self.examples.iter().find_map(|schedules| shrink(subject, schedules, rule))?;
        let trial = schedule.run(subject, true);
        Some((schedule, trial))
    }
}
