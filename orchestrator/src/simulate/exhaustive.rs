use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use serde::Serialize;
use shared::chaos::{Access, Operation, ScriptLine};
use shared::digest::digest_of;
use smol_str::SmolStr;

use super::cores::{Cores, Stuck};
use super::crash::Crash;
use super::decision::Decision;
use super::diagnosis::with_items_of;
use super::failures::Failures;
use super::schedule::Schedule;
use super::subject::Subject;
use super::trial::{Trial, run_all};

/// Every schedule of at most `faults` faults, under every decision, with and without a crash at every
/// append to the journal.
///
/// Which attempts an order makes depends on what it met before. So the search walks a tree: it runs a
/// schedule, sees which outcomes were drawn and what was appended, and goes on with one more of each.
/// What is never reached is never tried, and every schedule whose faults and crash all strike is.
#[derive(Clone, Debug)]
pub struct Exhaustive {
    /// The most faults of a schedule.
    pub faults: usize,
    /// Whether processes die.
    pub crashes: bool,
    /// What people decide.
    pub decisions: Vec<Decision>,
}

/// What an exhaustive search has tried.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Coverage {
    /// All schedules that were run.
    pub schedules: u64,
    /// How many schedules without a crash were run, by the number of their faults.
    pub by_faults: BTreeMap<usize, u64>,
    /// How many schedules with a crash were run, by the number of their faults.
    pub by_faults_with_crash: BTreeMap<usize, u64>,
    /// The decisions.
    pub decisions: Vec<String>,
    /// The outcomes that were tried of each operation.
    pub outcomes: BTreeMap<&'static str, Vec<&'static str>>,
    /// The most attempts that an order made of each operation.
    pub attempts: BTreeMap<SmolStr, u32>,
    /// The entries of the journal around whose appends processes died.
    pub appends: BTreeSet<String>,
}

impl Exhaustive {
    /// Searches, on `threads` threads; `progress` hears how many schedules are done, of how many that are
    /// known by then, and says whether to go on. Also tells whether it was stopped, or a world did not
    /// come to an end: coverage and failures are then those of the schedules run so far.
    pub fn run(
        &self,
        subject: &Arc<Subject>,
        threads: usize,
        mut progress: impl FnMut(u64, u64) -> ControlFlow<()>,
    ) -> (Coverage, Failures, Result<ControlFlow<()>, Stuck>) {
        let faults = Faults::of(subject);
        let mut coverage = Coverage { outcomes: faults.names(), ..Coverage::default() };
        coverage.decisions = self.decisions.iter().map(ToString::to_string).collect();
        let mut failures = Failures::default();
        let mut known = HashSet::new();
        let mut frontier: Vec<_> = self.decisions.iter().map(|decision| Schedule::of(*decision)).collect();
        let (cores, mut flow) = (Cores::new(threads), Ok(ControlFlow::Continue(())));
        while !frontier.is_empty() && flow == Ok(ControlFlow::Continue(())) {
            let total = coverage.schedules + frontier.len() as u64;
            let worlds: Vec<Arc<[Schedule]>> =
                frontier.chunks(subject.orders_per_world()).map(Arc::from).collect();
            frontier = Vec::new();
            let subject = Arc::clone(subject);
            flow = cores.in_order(
                worlds.into_iter(),
                |world| format!("the world of `{}` and others", world[0]),
                move |world| run_all(&subject, &world.iter().collect::<Vec<_>>(), false),
                |world, trials| {
                    for (schedule, trial) in world.iter().zip(trials) {
                        coverage.count(schedule, &trial);
                        if trial.findings.is_empty() {
                            let more = self.extensions(schedule, &trial, &faults);
                            frontier.extend(more.filter(|more| known.insert(digest_of(&more.to_string()))));
                        } else {
                            let order = &trial.decision.order_id;
                            failures.met(&trial.findings, || with_items_of(order, vec![schedule.clone()]));
                        }
                    }
                    progress(coverage.schedules, total)
                },
            );
        }
        (coverage, failures, flow)
    }

    /// The schedules with one more fault, or with a crash, that the trial shows to be possible.
    fn extensions<'a>(
        &self,
        schedule: &'a Schedule,
        trial: &'a Trial,
        faults: &'a Faults,
    ) -> impl Iterator<Item = Schedule> + 'a {
        let has_room = schedule.faults.len() < self.faults;
        let draws = trial.draws.iter().filter(move |_| has_room);
        let draws = draws.filter(|(operation, attempt)| !schedule.decides(operation, *attempt));
        let with_fault = draws.flat_map(|(operation, attempt)| {
            faults.at(operation, *attempt).map(|fault| schedule.with(fault))
        });
        let may_die = self.crashes && schedule.crashes.is_empty();
        let appends = trial.appends.iter().filter(move |_| may_die);
        let with_crash =
            appends.flat_map(|append| Crash::around(append)).map(|crash| schedule.dying_at(crash));
        with_fault.chain(with_crash)
    }
}

/// What may go wrong with each operation: what its table holds, and two outcomes that leave a
/// client in the dark.
struct Faults(BTreeMap<&'static str, Vec<ScriptLine>>);

const IN_THE_DARK: [&str; 2] = ["lost_response", "timeout_after"];

impl Faults {
    fn of(subject: &Subject) -> Self {
        let of_operation = |planned: &shared::chaos::PlannedOperation| {
            let operation = planned.operation;
            let mut lines: Vec<_> = planned
                .table
                .failures()
                .filter(|share| share.billionths > 0)
                .map(|share| line(operation, share.outcome, share.delay))
                .collect();
            if operation.access == Access::Write {
                for outcome in IN_THE_DARK.into_iter().filter_map(|name| operation.outcome(name)) {
                    if lines.iter().all(|line| line.outcome.name != outcome.name) {
                        lines.push(line(operation, outcome, operation.usual_delay(outcome)));
                    }
                }
            }
            (operation.name, lines)
        };
        Self(subject.backends.plan.operations.iter().map(of_operation).collect())
    }

    fn at(&self, operation: &str, attempt: u32) -> impl Iterator<Item = ScriptLine> + use<'_> {
        let lines = self.0.get(operation).into_iter().flatten();
        lines.map(move |line| ScriptLine { attempt, ..line.clone() })
    }

    fn names(&self) -> BTreeMap<&'static str, Vec<&'static str>> {
        let names = |lines: &Vec<ScriptLine>| lines.iter().map(|line| line.outcome.name).collect::<Vec<_>>();
        let all = self.0.iter().map(|(operation, lines)| (*operation, names(lines)));
        all.filter(|(_, names)| !names.is_empty()).collect()
    }
}

fn line(
    operation: &'static Operation,
    outcome: &'static shared::chaos::Outcome,
    delay: std::time::Duration,
) -> ScriptLine {
    ScriptLine { order: None, operation, attempt: 1, outcome, delay }
}

impl Coverage {
    fn count(&mut self, schedule: &Schedule, trial: &Trial) {
        self.schedules += 1;
        let by_faults =
            if schedule.crashes.is_empty() { &mut self.by_faults } else { &mut self.by_faults_with_crash };
        *by_faults.entry(schedule.faults.len()).or_default() += 1;
        for (operation, attempt) in &trial.draws {
            match self.attempts.get_mut(operation) {
                Some(most) => *most = (*most).max(*attempt),
                None => drop(self.attempts.insert(operation.clone(), *attempt)),
            }
        }
        for crash in &schedule.crashes {
            if !self.appends.contains(&crash.append) {
                self.appends.insert(crash.append.clone());
            }
        }
    }
}
