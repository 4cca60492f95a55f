use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use shared::chaos::Plan;
use shared::http::{Correlated, Correlation, with_common};
use shared::ledger::Selection;
use shared::pipeline::Pipeline;
use shared::time::{Clock, TimeScale};
use smol_str::SmolStr;
use tokio::runtime::Builder;
use tokio::task::LocalSet;
use tokio_util::sync::CancellationToken;

use super::crash_plan::CrashPlan;
use super::engines::Engines;
use super::journal::CrashingJournal;
use super::log::Log;
use super::moments::Moments;
use super::subject::{Process, Subject};
use super::tap::Tap;
use super::wire::Wire;
use crate::activities::ActivitySettings;
use crate::api;
use crate::audit::{Audit, Decision, Domain, Ledgers, Report};
use crate::bundled;
use crate::engine::embedded::{Engine, EngineOptions, MemoryJournal};
use crate::gateways::{InProcess, Transport};
use crate::workflow::{Either, WorkflowClient, race};
use crate::workflows::order_fulfillment::Timings;
use crate::workload::OrderApi;

/// When every world begins: 2026-01-01T00:00:00Z.
pub(super) const ORIGIN: Timestamp = Timestamp::constant(1_767_225_600, 0);

/// How long it takes until a process that has died is followed by the next.
const DOWNTIME: Duration = Duration::from_secs(1);

/// The backends, and the address of the orchestrator that acts on them, in virtual time.
pub(super) struct World<'a> {
    subject: &'a Subject,
    seed: u64,
    pub(super) time_scale: TimeScale,
    pub(super) clock: Clock,
    pub(super) log: Arc<Log>,
    backends: InProcess<Correlated>,
    pipelines: Vec<(Domain, Pipeline)>,
    tap: Tap,
    pub(super) engines: Arc<Engines>,
    pub(super) api: OrderApi,
}

/// Crashes and decision moments injected into an orchestrator.
#[derive(Clone)]
pub(super) struct Circumstances {
    pub(super) crash_plan: Arc<CrashPlan>,
    pub(super) moments: Option<Arc<Moments>>,
}

/// The journal and the restart times, for judging.
pub(super) struct Remains {
    pub(super) journal: MemoryJournal,
    /// When processes were started after others had died.
    pub(super) restarts: Vec<Timestamp>,
}

/// Runs `life` in a world's own time, which passes only while everything waits.
pub(super) fn in_virtual_time<F: Future>(life: F) -> F::Output {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime without I/O needs nothing that could be missing");
    LocalSet::new().block_on(&runtime, life)
}

impl<'a> World<'a> {
    /// A world in which nothing has happened.
    pub(super) fn new(subject: &'a Subject, plan: Plan, log: Log) -> Self {
        let (clock, log) = (Clock::starting_at(ORIGIN), Arc::new(log));
        let (seed, time_scale) = (plan.seed, plan.time_scale);
        // What has left a ledger cannot be judged.
        let settings = bundled::Settings { plan, ledger_capacity: usize::MAX, ..subject.backends.clone() };
        let (routes, pipelines) = bundled::operations_only(&settings, clock);
        let backends = InProcess::new(with_common(routes, Correlation::seeded(seed)));
        let tap = Tap::new(&log, pipelines.iter().map(|(_, pipeline)| pipeline.clone()), clock);
        let engines = Arc::new(Engines::default());
        let client: Arc<dyn WorkflowClient> = engines.clone();
        let orders = api::routes(api::Deps {
            client,
            engine: "embedded",
            timings: Timings::new(&subject.limits, time_scale),
            time_scale,
            backends: Arc::new(backends.clone()),
            clock,
            stop: CancellationToken::new(),
        });
        let api = OrderApi::new(Arc::new(InProcess::new(with_common(orders, Correlation::seeded(seed)))));
        Self { subject, seed, time_scale, clock, log, backends, pipelines, tap, engines, api }
    }

    /// How patient the orchestrator is.
    pub(super) fn limits(&self) -> &ActivitySettings {
        &self.subject.limits
    }

    /// Keeps an orchestrator running while `work` goes on: a process that dies is followed by
    /// another.
    pub(super) async fn with_orchestrator<T>(
        &self,
        circumstances: &Circumstances,
        work: impl Future<Output = T>,
    ) -> (T, Remains) {
        let (kept, mut restarts) = (MemoryJournal::new(), Vec::new());
        let mut work = pin!(work);
        for number in 1.. {
            let (engine, journal) = self.start(number, &kept, circumstances);
            let death = async {
                journal.died().await;
                engine.kill();
                self.log.note(self.clock.now(), "", || "crash".to_owned());
                tokio::time::sleep(DOWNTIME).await;
            };
            if let Either::Right(done) = race(pin!(death), work.as_mut()).await {
                engine.kill();
                return (done, Remains { journal: kept, restarts });
            }
            restarts.push(self.clock.now());
        }
        unreachable!("there is always another process")
    }

    fn start(
        &self,
        number: u32,
        kept: &MemoryJournal,
        circumstances: &Circumstances,
    ) -> (Engine, Arc<CrashingJournal>) {
        let Circumstances { crash_plan, moments } = circumstances.clone();
        let backends: Arc<dyn Transport> = if moments.is_some() || self.log.is_kept() {
            let (moments, tap, clock) = (moments.clone(), self.tap.clone(), self.clock);
            Arc::new(Wire { backends: self.backends.clone(), moments, tap, clock })
        } else {
            Arc::new(self.backends.clone())
        };
        let process = Process { backends, limits: &self.subject.limits, time_scale: self.time_scale, number };
        let registry = self.subject.flow.registry(process);
        let journal = Arc::new(CrashingJournal::new(
            kept.clone(),
            crash_plan,
            moments,
            Arc::clone(&self.log),
            self.clock,
        ));
        let options = EngineOptions { retention: None, ..EngineOptions::new(self.clock, self.seed) };
        let engine = Engine::start_local(journal.clone(), registry, options)
            .expect("a journal in memory can always be taken over");
        self.engines.set(engine.clone());
        (engine, journal)
    }

    /// What the ledgers tell now, of one order or of all.
    pub(super) fn ledgers_of(&self, order: Option<&str>) -> Ledgers {
        self.pipelines.iter().for_each(|(_, pipeline)| pipeline.settle());
        self.tap.settle();
        let selection = Selection { order, ..Selection::default() };
        self.pipelines
            .iter()
            .map(|(domain, pipeline)| (*domain, pipeline.ledger().page(&selection).0))
            .collect()
    }

    /// The strict verdict.
    pub(super) fn judge(
        &self,
        ledgers: &Ledgers,
        decisions: BTreeMap<SmolStr, Decision>,
        restarts: Vec<Timestamp>,
    ) -> Report {
        let audit = Audit {
            strict: true,
            restarts,
            decisions: Some(decisions),
            one_sequence: true,
            ..Audit::default()
        };
        audit.report(ledgers)
    }
}
