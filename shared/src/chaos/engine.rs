use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::attempts::Attempts;
use super::draw::Digests;
use super::stats::Counters;
use super::{Draw, DrawKey, Operation, OperationStats, Outcome, Plan, PlannedOperation, Table};
use crate::time::TimeScale;

/// For how many keys the attempts are kept.
const ATTEMPTS: u32 = 1_000_000;

/// Decides what happens to each request. One for the whole process.
#[derive(Debug)]
pub struct Chaos {
    plan: Plan,
    /// One per operation, in the order of the plan.
    states: Vec<OperationState>,
    attempts: Attempts,
}

/// What changes while requests of one operation arrive.
#[derive(Debug)]
struct OperationState {
    operation: &'static Operation,
    digests: Digests,
    arrivals: AtomicU64,
    counters: Counters,
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
        let states = plan.operations.iter().map(|planned| OperationState {
            operation: planned.operation,
            digests: Digests::of(plan.seed, planned.operation.name),
            arrivals: AtomicU64::new(0),
            counters: Counters::for_rows(planned.table.shares().len()),
        });
        Self { states: states.collect(), plan, attempts: Attempts::bounded_to(ATTEMPTS) }
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The factor for every simulated duration.
    pub fn time_scale(&self) -> TimeScale {
        self.plan.time_scale
    }

    /// Counts a well-formed request.
    pub(crate) fn count_request(&self, operation: &'static Operation) {
        self.state(operation).counters.request();
    }

    /// Counts a request answered from its key's stored answer.
    pub(crate) fn count_replay(&self, operation: &'static Operation) {
        self.state(operation).counters.replay();
    }

    /// Counts an outcome that gave way to the real answer.
    pub(crate) fn count_overridden(&self, operation: &'static Operation) {
        self.state(operation).counters.overridden();
    }

    /// The key of a request that has no other.
    pub(crate) fn arrival(&self, operation: &'static Operation) -> DrawKey<'static> {
        DrawKey::Arrival(self.state(operation).arrivals.fetch_add(1, Relaxed))
    }

    /// Draws for the next attempt under `key`; nothing else counts attempts. A script's lines for `order`
    /// apply, and those for every order.
    pub fn draw(&self, operation: &'static Operation, key: DrawKey<'_>, order: Option<&str>) -> Drawn {
        let (state, table) = self.state_and_table(operation);
        let digest = state.digests.digest(key);
        let attempt = match key {
            DrawKey::Arrival(_) => 1,
            _ => self.attempts.begin(digest),
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
        let (outcome, delay) = match self.plan.script.outcome(operation, order, scripted_attempt) {
            Some(scripted) => {
                state.counters.scripted();
                scripted
            }
            None => {
                state.counters.drew(row);
                let share = &table.shares()[row];
                (share.outcome, share.delay)
            }
        };
        let delay = self.time_scale().apply(delay);
        Drawn { operation, outcome, delay, seed: self.plan.seed, attempt, draw }
    }

    /// The operations of `domain` with their tables.
    pub fn operations_of<'a>(&'a self, domain: &'a str) -> impl Iterator<Item = &'a PlannedOperation> {
        self.plan.operations.iter().filter(move |planned| planned.operation.domain() == domain)
    }

    /// The requests to `domain` and what was drawn for them.
    pub fn stats(&self, domain: &str) -> Vec<OperationStats> {
        let report = |planned: &PlannedOperation| self.state(planned.operation).counters.report(planned);
        self.operations_of(domain).map(report).collect()
    }

    /// Sets the counters of `domain` to zero, but not the attempts.
    pub fn reset_stats(&self, domain: &str) {
        self.operations_of(domain).for_each(|planned| self.state(planned.operation).counters.clear());
    }

    /// Clears all attempts and statistics: the next request of every key is its first attempt.
    pub fn reset(&self) {
        self.attempts.clear();
        self.plan.operations.iter().for_each(|planned| {
            let state = self.state(planned.operation);
            state.counters.clear();
            state.arrivals.store(0, Relaxed);
        });
    }

    fn state(&self, operation: &'static Operation) -> &OperationState {
        self.state_and_table(operation).0
    }

    /// There are so few that hashing a name takes longer than comparing with all.
    fn state_and_table(&self, operation: &'static Operation) -> (&OperationState, &Table) {
        let index = self.states.iter().position(|state| std::ptr::eq(state.operation, operation));
        let index = index.expect("every operation that is served was planned");
        (&self.states[index], &self.plan.operations[index].table)
    }
}
