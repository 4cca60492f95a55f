use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::attempts::Attempts;
use super::draw::Digests;
use super::stats::Counters;
use super::{Draw, DrawKey, Operation, OperationStats, Outcome, Plan, PlannedOperation};
use crate::time::TimeScale;

/// For how many keys the attempts are kept.
const ATTEMPTS: u32 = 1_000_000;

/// Decides what happens to each request. One for the whole process.
#[derive(Debug)]
pub struct Chaos {
    plan: Plan,
    /// One per operation, in the order of the plan.
    digests: Vec<Digests>,
    counts: Mutex<Counts>,
}

/// What changes while requests arrive.
#[derive(Debug)]
struct Counts {
    attempts: Attempts,
    /// One per operation, in the order of the plan.
    operations: Vec<OperationCounts>,
}

#[derive(Debug)]
struct OperationCounts {
    arrivals: u64,
    counters: Counters,
}

/// Exclusive access to what changes.
#[derive(Debug)]
pub(crate) struct Counting<'a> {
    chaos: &'a Chaos,
    counts: MutexGuard<'a, Counts>,
}

/// A request's key, and the digest that stands for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keyed<'a> {
    key: DrawKey<'a>,
    digest: u128,
}

/// What was drawn for one request.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// The operation.
    pub operation: &'static Operation,
    /// What happens.
    pub outcome: &'static Outcome,
    /// How long it takes, after `TIME_SCALE`.
    pub delay: Duration,
    /// The seed it was drawn from.
    pub seed: u64,
    /// The attempt's number under its key, from 1.
    pub attempt: u32,
    /// Everything else that is random about the request.
    pub draw: Draw,
}

impl Chaos {
    /// Chaos that follows `plan`.
    pub fn new(plan: Plan) -> Self {
        let digests = plan.operations.iter().map(|planned| Digests::of(plan.seed, planned.operation.name));
        let counts = plan.operations.iter().map(|planned| OperationCounts {
            arrivals: 0,
            counters: Counters::for_rows(planned.table.shares().len()),
        });
        let counts = Counts { attempts: Attempts::bounded_to(ATTEMPTS), operations: counts.collect() };
        Self { digests: digests.collect(), counts: Mutex::new(counts), plan }
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The factor for every simulated duration.
    pub fn time_scale(&self) -> TimeScale {
        self.plan.time_scale
    }

    /// Draws for the next attempt under `key`; nothing else counts attempts. A script's lines for `order`
    /// apply, and those for every order.
    pub fn draw(&self, operation: &'static Operation, key: DrawKey<'_>, order: Option<&str>) -> Drawn {
        let keyed = self.keyed(operation, key);
        self.counting().draw(operation, keyed, order)
    }

    /// The operations of `domain` with their tables.
    pub fn operations_of<'a>(&'a self, domain: &'a str) -> impl Iterator<Item = &'a PlannedOperation> {
        self.plan.operations.iter().filter(move |planned| planned.operation.domain() == domain)
    }

    /// The requests to `domain` and what was drawn for them.
    pub fn stats(&self, domain: &str) -> Vec<OperationStats> {
        let mut counting = self.counting();
        let report = |planned: &PlannedOperation| counting.counters(planned.operation).report(planned);
        self.operations_of(domain).map(report).collect()
    }

    /// Sets the counters of `domain` to zero, but not the attempts.
    pub fn reset_stats(&self, domain: &str) {
        let mut counting = self.counting();
        self.operations_of(domain).for_each(|planned| counting.counters(planned.operation).clear());
    }

    /// Clears all attempts and statistics: the next request of every key is its first attempt.
    pub fn reset(&self) {
        let Counts { attempts, operations } = &mut *self.counting().counts;
        attempts.clear();
        for OperationCounts { arrivals, counters } in operations {
            *arrivals = 0;
            counters.clear();
        }
    }

    /// `key` with its digest, which takes longer than all that has to be exclusive.
    pub(crate) fn keyed<'a>(&self, operation: &'static Operation, key: DrawKey<'a>) -> Keyed<'a> {
        Keyed { key, digest: self.digests[self.index(operation)].digest(key) }
    }

    pub(crate) fn counting(&self) -> Counting<'_> {
        Counting { chaos: self, counts: self.counts.lock().unwrap_or_else(PoisonError::into_inner) }
    }

    /// There are so few that hashing a name takes longer than comparing with all.
    fn index(&self, operation: &'static Operation) -> usize {
        let index = self.plan.operations.iter().position(|known| std::ptr::eq(known.operation, operation));
        index.expect("every operation that is served was planned")
    }
}

impl Counting<'_> {
    /// Counts a well-formed request.
    pub(crate) fn request(&mut self, operation: &'static Operation) {
        self.counters(operation).requests += 1;
    }

    /// Counts a request answered from its key's stored answer.
    pub(crate) fn replay(&mut self, operation: &'static Operation) {
        self.counters(operation).replays += 1;
    }

    /// Counts an outcome that gave way to the real answer.
    pub(crate) fn overridden(&mut self, operation: &'static Operation) {
        self.counters(operation).overridden += 1;
    }

    /// The key of a request that has no other.
    pub(crate) fn arrival(&mut self, operation: &'static Operation) -> Keyed<'static> {
        let arrivals = &mut self.counts.operations[self.chaos.index(operation)].arrivals;
        let before = *arrivals;
        *arrivals += 1;
        self.chaos.keyed(operation, DrawKey::Arrival(before))
    }

    /// Announces that [`draw`](Self::draw) follows.
    pub(crate) fn fetch(&self, keyed: Keyed<'_>) {
        self.counts.attempts.fetch(keyed.digest);
    }

    /// As [`Chaos::draw`].
    pub(crate) fn draw(
        &mut self,
        operation: &'static Operation,
        Keyed { key, digest }: Keyed<'_>,
        order: Option<&str>,
    ) -> Drawn {
        let Plan { seed, ref script, ref operations, time_scale, .. } = self.chaos.plan;
        let index = self.chaos.index(operation);
        let table = &operations[index].table;
        let attempt = match key {
            DrawKey::Arrival(_) => 1,
            _ => self.counts.attempts.begin(digest),
        };
        let mut draw = Draw::of_attempt(digest, attempt);
        // Drawn even when a script decides, so that a script changes nothing else about a request.
        let row = table.pick(&mut draw);
        // Requests without any key count as attempts of one another for a script, lest a fault of the
        // first attempt strikes all of them.
        let scripted_attempt = match key {
            DrawKey::Arrival(before) => {
                u32::try_from(before).map_or(u32::MAX, |before| before.saturating_add(1))
            }
            _ => attempt,
        };
        let counters = &mut self.counts.operations[index].counters;
        let (outcome, delay) = match script.outcome(operation, order, scripted_attempt) {
            Some(scripted) => {
                counters.scripted += 1;
                scripted
            }
            None => {
                counters.drawn[row] += 1;
                let share = &table.shares()[row];
                (share.outcome, share.delay)
            }
        };
        Drawn { operation, outcome, delay: time_scale.apply(delay), seed, attempt, draw }
    }

    fn counters(&mut self, operation: &'static Operation) -> &mut Counters {
        &mut self.counts.operations[self.chaos.index(operation)].counters
    }
}
