use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use shared::chaos::{Plan, Script, Table};
use shared::ledger::Record;
use smol_str::SmolStr;

use super::crash_plan::CrashPlan;
use super::decision::{Decision, Moment};
use super::life::{OrderOutcome, live};
use super::log::{Line, Log};
use super::moments::Moments;
use super::schedule::Schedule;
use super::subject::{Subject, success_alone};
use super::world::{Circumstances, World, in_virtual_time};
use crate::audit::{self, Finding, Ledgers};
use crate::domain::OrderInput;
use crate::workload::Workload;

/// What became of one order that met a schedule.
#[derive(Clone, Debug)]
pub struct Trial {
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// How the order ended, and what was accepted of the decisions.
    pub decision: audit::Decision,
    /// What the ledgers tell of it.
    pub ledgers: Ledgers,
    /// All that happened, if the log was kept.
    pub log: Vec<Line>,
    /// What the schedule has that did not come about, each in a sentence.
    pub missed: Vec<String>,
    /// Every attempt that an outcome was drawn for: its operation and number.
    pub(super) draws: Vec<(SmolStr, u32)>,
    /// The names of all appends to the journal.
    pub(super) appends: Vec<String>,
}

impl Schedule {
    /// Lets an order meet the schedule, in a world of its own.
    pub fn run(&self, subject: &Subject, log: bool) -> Trial {
        let [trial] = run_all(subject, &[self], log).try_into().expect("one schedule is one trial");
        trial
    }
}

/// Lets one order after the other meet one of the schedules each, in one world. At most
/// [`Subject::orders_per_world`] make no difference to one another; a world takes time to make.
pub(super) fn run_all(subject: &Subject, schedules: &[&Schedule], log: bool) -> Vec<Trial> {
    in_virtual_time(async {
        let workload = Workload::new(subject.backends.plan.seed);
        let plan = plan_for(subject, &workload, schedules);
        let world = World::new(subject, plan, Log::if_wanted(log));
        let mut trials = Vec::with_capacity(schedules.len());
        for (index, schedule) in schedules.iter().enumerate() {
            trials.push(run(&world, &workload, index as u64, schedule).await);
        }
        trials
    })
}

async fn run(world: &World<'_>, workload: &Workload, index: u64, schedule: &Schedule) -> Trial {
    let usual = workload.placement(index).order;
    let order = match schedule.order {
        Some(name) => OrderInput { order_id: usual.order_id, ..name.order() },
        None => usual,
    };
    let crash_plan = Arc::new(CrashPlan::named(schedule.crashes.clone()));
    let moments = match schedule.decision {
        Decision::Nobody | Decision::Early(_) | Decision::Late(_, Moment::Placed(_)) => None,
        Decision::Late(_, moment) => Some(Arc::new(Moments::new(moment))),
    };
    let circumstances = Circumstances { crash_plan: Arc::clone(&crash_plan), moments: moments.clone() };
    let life = live(world, &order, schedule.decision, moments.as_deref());
    let (OrderOutcome { decision, is_undecided }, remains) =
        world.with_orchestrator(&circumstances, life).await;
    let ledgers = world.ledgers_of(Some(&order.order_id));
    let decisions = BTreeMap::from([(order.order_id, decision.clone())]);
    let findings = world.judge(&ledgers, decisions, remains.restarts).findings;
    let draws: Vec<_> = ledgers.values().flatten().filter_map(draw_of).collect();
    let missed = missed(schedule, &draws, is_undecided, &crash_plan);
    Trial { findings, decision, ledgers, log: world.log.take(), missed, draws, appends: crash_plan.appends() }
}

/// The faults of attempts that there were not, the decision whose moment did not come, and the crashes at
/// entries that were not written.
fn missed(
    schedule: &Schedule,
    draws: &[(SmolStr, u32)],
    is_undecided: bool,
    crash_plan: &CrashPlan,
) -> Vec<String> {
    let drawn: BTreeSet<_> =
        draws.iter().map(|(operation, attempt)| (operation.as_str(), *attempt)).collect();
    let faults =
        schedule.faults.iter().filter(|fault| !drawn.contains(&(fault.operation.name, fault.attempt)));
    let faults = faults.map(|fault| format!("{fault} never happened: there was no such attempt"));
    let late = is_undecided
        .then(|| format!("{} was never made: the order ended before its moment came", schedule.decision));
    let crashes = crash_plan.unreached();
    let crashes = crashes.iter().map(|crash| format!("{crash} was never reached: no such entry was written"));
    faults.chain(late).chain(crashes).collect()
}

fn draw_of(record: &Record) -> Option<(SmolStr, u32)> {
    match record {
        Record::Request(request) => Some((request.operation.clone(), request.attempt?)),
        Record::Effect(_) => None,
    }
}

/// Everything succeeds, as late as it would otherwise, but for what the schedules say.
fn plan_for(subject: &Subject, workload: &Workload, schedules: &[&Schedule]) -> Plan {
    let mut plan = subject.backends.plan.clone();
    for planned in &mut plan.operations {
        planned.table = Table::parse(planned.operation, &success_alone(planned))
            .expect("any table may hold success alone");
    }
    let order_ids: Vec<_> = (0..schedules.len() as u64).map(|index| workload.order_id(index)).collect();
    let lines = schedules.iter().zip(&order_ids).flat_map(|(schedule, id)| schedule.lines_for(id));
    plan.script = lines.collect::<Script>();
    plan
}
