use shared::chaos::ScriptLine;

use super::decision::Decision;
use super::schedule::Schedule;
use super::subject::Subject;
use super::trial::{Trial, run_all};

/// One of the schedules without what does not matter: as few faults as possible, no crash if there need
/// not be one, the simplest decision, the usual items, as long as an order alone in a world breaks
/// `rule`. `None` when it does not even now.
pub(super) fn shrink(subject: &Subject, schedules: &[Schedule], rule: &str) -> Option<Schedule> {
    let mut least = first_that_breaks(subject, schedules, rule)?;
    while let Some(less) =
        [usual_items, fewer_faults, fewer_crashes, otherwise_decided, few_faults, simpler_decisions]
            .into_iter()
            .find_map(|step| first_that_breaks(subject, &step(&least), rule))
    {
        least = less;
    }
    Some(least)
}

fn usual_items(schedule: &Schedule) -> Vec<Schedule> {
    schedule.order.map(|_| Schedule { order: None, ..schedule.clone() }).into_iter().collect()
}

fn fewer_faults(schedule: &Schedule) -> Vec<Schedule> {
    let without = |at| {
        let mut less = schedule.clone();
        less.faults.remove(at);
        less
    };
    (0..schedule.faults.len()).map(without).collect()
}

fn fewer_crashes(schedule: &Schedule) -> Vec<Schedule> {
    let without = |crash| {
        let mut less = schedule.clone();
        less.crashes.remove(crash);
        less
    };
    schedule.crashes.iter().map(without).collect()
}

/// Without a fault or without a crash, and with any decision: a cancel at the right moment does the
/// work of many faults.
fn otherwise_decided(schedule: &Schedule) -> Vec<Schedule> {
    let less = [fewer_faults(schedule), fewer_crashes(schedule)].concat();
    let decided = |less: Schedule| {
        Decision::all().into_iter().map(move |decision| Schedule { decision, ..less.clone() })
    };
    less.into_iter().flat_map(decided).collect()
}

/// One fault or two of the many, at the first attempt and with any decision: where a retry heals the
/// first of three, none can be left out alone.
fn few_faults(schedule: &Schedule) -> Vec<Schedule> {
    let faults: Vec<_> =
        schedule.faults.iter().map(|fault| ScriptLine { attempt: 1, ..fault.clone() }).collect();
    let mut few: Vec<Vec<ScriptLine>> = faults.iter().map(|fault| vec![fault.clone()]).collect();
    for (at, one) in faults.iter().enumerate() {
        few.extend(faults[at + 1..].iter().map(|other| vec![one.clone(), other.clone()]));
    }
    few.retain(|few| few.len() < faults.len());
    let with = |faults: Vec<ScriptLine>| {
        let less =
            faults.into_iter().fold(Schedule { faults: Vec::new(), ..schedule.clone() }, |less, fault| {
                if less.decides(fault.operation.name, 1) { less } else { less.with(fault) }
            });
        Decision::all().into_iter().map(move |decision| Schedule { decision, ..less.clone() })
    };
    few.into_iter().flat_map(with).collect()
}

fn simpler_decisions(schedule: &Schedule) -> Vec<Schedule> {
    let simpler = Decision::all().into_iter().take_while(|decision| *decision != schedule.decision);
    simpler.map(|decision| Schedule { decision, ..schedule.clone() }).collect()
}

fn first_that_breaks(subject: &Subject, schedules: &[Schedule], rule: &str) -> Option<Schedule> {
    let breaks = |trial: &Trial| trial.findings.iter().any(|finding| finding.rule == rule);
    let mut broken = schedules.chunks(subject.orders_per_world()).flat_map(|world| {
        let trials = run_all(subject, &world.iter().collect::<Vec<_>>(), false);
        world.iter().zip(trials).filter(|(_, trial)| breaks(trial)).map(|(schedule, _)| schedule)
    });
    // What is printed is met by an order alone.
    broken.find(|schedule| breaks(&schedule.run(subject, false))).cloned()
}
