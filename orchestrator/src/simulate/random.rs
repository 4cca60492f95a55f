use std::collections::BTreeMap;
use std::ops::{ControlFlow, RangeInclusive};
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use shared::chaos::{Draw, Plan};
use shared::digest::digest_of;

use super::cores::{Cores, Stuck};
use super::crash_plan::CrashPlan;
use super::decision::{Decision, Moment};
use super::diagnosis::schedules_of;
use super::failures::Failures;
use super::life::live;
use super::log::{Line, Log};
use super::subject::Subject;
use super::world::{Circumstances, World, in_virtual_time};
use crate::audit::Verb;
use crate::domain::OrderStatus;
use crate::workload::{Mix, Placement, Workload};

/// What happens in each world of a random run.
#[derive(Clone, Copy, Debug)]
pub struct RandomWorld {
    /// How many orders are placed in a world.
    pub orders: u64,
    /// How many of them at once.
    pub concurrency: usize,
    /// What is decided on them.
    pub mix: Mix,
    /// The share of approved orders, from 0 to 1, that are cancelled some time within a minute.
    pub late_cancels: f64,
    /// Whether the orchestrator's process dies now and then.
    pub crashes: bool,
    /// Whether to keep the log.
    pub log: bool,
}

/// What became of a world.
#[derive(Clone, Debug)]
pub struct WorldReport {
    /// Its seed.
    pub seed: u64,
    /// How many orders ended in which status; `None` for those that did not end.
    pub ends: BTreeMap<Option<&'static str>, u64>,
    /// How many records the ledgers have.
    pub records: u64,
    /// What went wrong.
    pub failures: Failures,
    /// The log, if it was kept.
    pub log: Vec<Line>,
}

impl RandomWorld {
    /// The world of `seed`, from its beginning to the end of its last order.
    pub fn run(&self, subject: &Subject, seed: u64) -> WorldReport {
        let plan = Plan { seed, ..subject.backends.plan.clone() };
        in_virtual_time(async {
            let world = World::new(subject, plan.clone(), Log::if_wanted(self.log));
            let crash_plan = if self.crashes {
                CrashPlan::by_chance(Draw::seeded(digest_of(&("crashes", seed))))
            } else {
                CrashPlan::never()
            };
            let circumstances = Circumstances { crash_plan: Arc::new(crash_plan), moments: None };
            let workload = Workload { mix: self.mix, late_cancels: self.late_cancels, ..Workload::new(seed) };
            let lives = (0..self.orders).map(|index| {
                let placement = workload.placement(index);
                let (world, decision) = (&world, decision(&placement));
                async move { live(world, &placement.order, decision, None).await.decision }
            });
            let work = stream::iter(lives).buffer_unordered(self.concurrency.max(1)).collect::<Vec<_>>();
            let (decided, remains) = world.with_orchestrator(&circumstances, work).await;
            let mut ends = BTreeMap::new();
            for decision in &decided {
                *ends.entry(decision.status.map(OrderStatus::name)).or_default() += 1;
            }
            let decisions = decided.into_iter().map(|it| (it.order_id.clone(), it)).collect();
            let ledgers = world.ledgers_of(None);
            let report = world.judge(&ledgers, decisions, remains.restarts.clone());
            let mut failures = Failures::default();
            let random_crashes = circumstances.crash_plan.random_crashes();
            for findings in report.findings.chunk_by(|one, other| one.order == other.order) {
                let order = &findings[0].order;
                failures.met(findings, || {
                    let decision = self.decision_on(order, &workload);
                    schedules_of(order, decision, &ledgers, &plan, &remains, &random_crashes)
                });
            }
            WorldReport { seed, ends, records: report.records as u64, failures, log: world.log.take() }
        })
    }

    /// Lets the worlds of all `seeds` run, on `threads` threads; `take` gets them in the order of their seeds,
    /// and says whether to go on.
    ///
    /// # Errors
    /// When a world does not come to an end.
    pub fn run_all(
        self,
        subject: &Arc<Subject>,
        seeds: RangeInclusive<u64>,
        threads: usize,
        mut take: impl FnMut(WorldReport) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Stuck> {
        let subject = Arc::clone(subject);
        let work = move |seed: &u64| self.run(&subject, *seed);
        let name = |seed: &u64| format!("the world of seed {seed}");
        Cores::new(threads).of_orders(self.orders).in_order(seeds, name, work, |_, report| take(report))
    }

    fn decision_on(&self, order_id: &str, workload: &Workload) -> Decision {
        let index = (0..self.orders).find(|index| workload.order_id(*index) == order_id);
        index.map_or(Decision::Nobody, |index| decision(&workload.placement(index)))
    }
}

fn decision(placement: &Placement) -> Decision {
    match (placement.verb, placement.cancelled_after) {
        (_, Some(later)) => Decision::Late(Verb::Cancel, Moment::Placed(later)),
        (Some(verb), None) => Decision::Early(verb),
        (None, None) => Decision::Nobody,
    }
}
