use std::sync::mpsc::channel;
use std::time::Duration;

use shared::chaos::{Plan, ScriptLine, faults};
use shared::ledger::{Record, Request};

use super::crash::{Crash, When, event_name};
use super::crash_plan::RandomCrash;
use super::decision::Decision;
use super::schedule::Schedule;
use super::world::Remains;
use crate::audit::Ledgers;
use crate::engine::embedded::{Journal, RunRef, StoredRun};
use crate::workflows::order_fulfillment::workflow_id;

/// What one order of a world may have met: schedules to meet the same alone, of which one will do. How a
/// crash of the process struck the order is not always certain.
pub(super) fn schedules_of(
    order_id: &str,
    decision: Decision,
    ledgers: &Ledgers,
    plan: &Plan,
    remains: &Remains,
    random_crashes: &[RandomCrash],
) -> Vec<Schedule> {
    let mut schedule = Schedule::of(decision);
    for record in ledgers.values().flatten().filter(|record| record.order() == Some(order_id)) {
        if let Record::Request(request) = record
            && let Some(fault) = fault_of(request, plan)
        {
            schedule = schedule.with(fault);
        }
    }
    let Some(run) = run_of(order_id, remains) else { return with_items_of(order_id, vec![schedule]) };
    let crashes: Vec<_> = random_crashes.iter().filter_map(|crash_at| crashes_of(&run, crash_at)).collect();
    let dying = |pick: fn(&[Crash; 2]) -> &Crash| Schedule {
        crashes: crashes.iter().map(pick).cloned().collect(),
        ..schedule.clone()
    };
    let mut all = vec![dying(|[likely, _]| likely), dying(|[_, other]| other)];
    all.extend(crashes.iter().flatten().map(|crash| schedule.dying_at(crash.clone())));
    with_items_of(order_id, all)
}

/// The same schedules, and then the same for what the order had ordered: seldom does that matter.
pub(super) fn with_items_of(order_id: &str, mut schedules: Vec<Schedule>) -> Vec<Schedule> {
    let order = order_id.parse().ok();
    let same = schedules.iter().map(|schedule| Schedule { order, ..schedule.clone() });
    let same: Vec<_> = same.collect();
    schedules.extend(same);
    schedules
}

/// What was scripted or drawn for a request, as a line of a script.
fn fault_of(request: &Request, plan: &Plan) -> Option<ScriptLine> {
    let (name, attempt) = (request.outcome.as_deref()?, request.attempt?);
    let scripted = plan.script.lines().iter().filter(|line| {
        (line.operation.name, line.attempt) == (&*request.operation, attempt)
            && (line.order.is_none() || line.order.as_deref() == request.order.as_deref())
    });
    if let Some(line) = scripted.max_by_key(|line| line.order.is_some()) {
        return Some(ScriptLine { order: None, ..line.clone() });
    }
    if name == faults::SUCCESS.name {
        return None;
    }
    let planned = plan.operations.iter().find(|planned| planned.operation.name == request.operation)?;
    let operation = planned.operation;
    let outcome = operation.outcome(name)?;
    let share = planned.table.shares().iter().find(|share| share.outcome.name == name);
    let delay = share.map_or_else(|| operation.usual_delay(outcome), |share| share.delay);
    Some(ScriptLine { order: None, operation, attempt, outcome, delay })
}

fn run_of(order_id: &str, remains: &Remains) -> Option<StoredRun> {
    let (sender, answer) = channel();
    let reply = move |run| drop(sender.send(run));
    remains.journal.load(RunRef::Id(workflow_id(order_id).into()), Box::new(reply));
    // A journal in memory answers before it returns.
    answer.try_recv().ok()?.ok()?
}

/// How a process's death struck a run: at an append of its own; or so long after its last one, which is as
/// if before the next, when the answer to a request was on its way to the journal.
fn crashes_of(run: &StoredRun, crash_at: &RandomCrash) -> Option<[Crash; 2]> {
    if let Some(append) = crash_at.appends.get(&run.row.key) {
        let crash = Crash { append: append.clone(), when: crash_at.when };
        return Some([crash.clone(), crash]);
    }
    let is_over = run.row.ending.as_ref().is_some_and(|ending| ending.at_ms <= crash_at.at_ms);
    let next = run.entries.partition_point(|entry| entry.at_ms <= crash_at.at_ms);
    let last = run.entries.get(next.checked_sub(1)?).filter(|_| !is_over)?;
    let later = Duration::from_millis(u64::try_from(crash_at.at_ms - last.at_ms).ok()?);
    let after = Crash { append: event_name(&last.event), when: When::After(later) };
    let before =
        run.entries.get(next).map(|next| Crash { append: event_name(&next.event), when: When::Before });
    Some([before.unwrap_or_else(|| after.clone()), after])
}
