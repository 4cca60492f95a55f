//! The backends, and an orchestrator that may die and come back.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use orchestrator::activities::{Services, register};
use orchestrator::bundled::operations;
use orchestrator::domain::{OrderInput, OrderStatus, Trace, WorkflowState};
use orchestrator::engine::embedded::{Engine, EngineOptions, MemoryJournal, RecordedRun, Registry};
use orchestrator::workflow::{
    Activity, ActivityOptions, ActivityRegistrar, ClientError, Closed, Either, Json, OnCancel, Reception,
    SearchValue, Start, WorkflowClient, WorkflowDef, race,
};
use orchestrator::workflows::order_fulfillment::{
    APPROVE, GET_ORDER_STATUS, OrderFulfillment, OrderFulfillmentInput, RETRY, Timings, workflow_id,
};
use shared::chaos::{Chaos, Plan};
use shared::environment::Environment;
use shared::http::{Correlated, Correlation, with_common};
use shared::pipeline::Pipeline;
use shared::time::{Clock, TimeScale};
use tokio::runtime::Builder;
use tokio::task::LocalSet;

use super::crash::CrashingJournal;
use super::scenario::{Decision, Scenario};
use super::wire::Wire;
use crate::conformance::sample;
use crate::engine::journal::load;

/// Runs `test` in virtual time.
pub(crate) fn in_virtual_time<F: Future>(test: F) -> F::Output {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    LocalSet::new().block_on(&runtime, test)
}

/// The four backends, which outlive every orchestrator.
pub(super) struct World {
    pub(super) backends: Correlated,
    clock: Clock,
}

/// What became of an order.
pub(super) struct Ending {
    pub(super) state: WorkflowState,
    pub(super) wire: Wire,
    /// Whether the orchestrator crashed on the way, or its journal failed.
    pub(super) is_struck: bool,
}

/// An orchestrator with one order, and its client, who asks again when it has crashed.
pub(super) struct Orchestrator {
    clock: Clock,
    scenario: Scenario,
    kept: MemoryJournal,
    journal: Arc<CrashingJournal>,
    engine: Arc<Engine>,
    pub(super) wire: Wire,
    order_id: String,
    workflow_id: String,
    crashed: bool,
}

impl World {
    /// Backends whose only faults are those of `script`.
    pub(super) fn new(script: &str) -> Self {
        let variables = [("CHAOS_FAILURE_RATE", "0"), ("CHAOS_SEED", "1"), ("CHAOS_SCRIPT", script)];
        let environment: Environment = variables.into_iter().collect();
        let plan = Plan::from_environment(&environment, &operations(), 0).unwrap();
        let chaos = Arc::new(Chaos::new(plan));
        let clock = Clock::starting_at("2026-01-28T10:00:00Z".parse::<Timestamp>().unwrap());
        let pipeline = || Pipeline::new(Arc::clone(&chaos), clock, 1_000_000);
        let routes = payment::router(pipeline(), payment::Settings::default())
            .merge(inventory::router(pipeline(), inventory::Settings::default()))
            .merge(shipping::router(pipeline(), shipping::Settings::default()))
            .merge(notification::router(pipeline(), notification::Settings::default()));
        let backends = with_common(routes.split_for_parts().0, Correlation::seeded(1));
        Self { backends, clock }
    }

    /// Lets one order meet `scenario`, from its start to its end.
    pub(super) async fn run(&self, order_id: &str, scenario: &Scenario) -> Ending {
        let mut orchestrator = self.orchestrator(order_id, scenario);
        orchestrator.place().await;
        orchestrator.decide().await;
        let state = orchestrator.result().await;
        // Whoever decided and was cut off by a crash asks again, and is told.
        tokio::time::sleep(Duration::from_millis(10)).await;
        let is_struck = orchestrator.crashed || orchestrator.journal.had_outage();
        Ending { state, wire: orchestrator.wire, is_struck }
    }

    /// An orchestrator for one order.
    pub(super) fn orchestrator(&self, order_id: &str, scenario: &Scenario) -> Orchestrator {
        let wire = Wire::new(&self.backends, scenario.decision, scenario.twice);
        let kept = MemoryJournal::new();
        let journal = Arc::new(CrashingJournal::new(kept.clone(), scenario.crash));
        let engine = engine_over(&journal, &wire, self.clock, scenario);
        let (order_id, workflow_id) = (order_id.to_owned(), workflow_id(order_id));
        wire.connect(engine.clone(), &workflow_id);
        Orchestrator {
            clock: self.clock,
            scenario: scenario.clone(),
            kept,
            journal,
            engine,
            wire,
            order_id,
            workflow_id,
            crashed: false,
        }
    }
}

impl Orchestrator {
    pub(super) async fn place(&mut self) {
        let requires_approval = self.scenario.requires_approval;
        let order = OrderInput { requires_approval, ..sample::order(&self.order_id) };
        let input = OrderFulfillmentInput {
            timings: Timings::new(&self.scenario.settings, self.scenario.time_scale),
            trace: Trace { correlation_id: format!("placing {}", self.order_id).into(), traceparent: None },
            order,
        };
        let input = Json::of(&input).unwrap();
        self.ask(async |engine, workflow_id| {
            let (workflow, workflow_id) = (OrderFulfillment::NAME, workflow_id.to_owned());
            match engine.start(Start { workflow, workflow_id, input: input.clone() }).await {
                Ok(_) | Err(ClientError::AlreadyStarted { .. }) => Ok(()),
                Err(error) => Err(error),
            }
        })
        .await;
    }

    pub(super) async fn decide(&mut self) {
        let signal = match self.scenario.decision {
            Decision::None => return,
            Decision::Early(signal) => signal,
            Decision::Waiting(signal) => {
                self.until(|state| state.status != OrderStatus::Processing).await;
                signal
            }
            Decision::CancelBefore(_) | Decision::CancelAfter(..) => APPROVE,
        };
        self.signal(signal).await;
    }

    pub(super) async fn signal(&mut self, signal: &'static str) -> Reception {
        if signal == RETRY {
            self.wire.begin_another_life();
        }
        let send = async |engine: Arc<Engine>, workflow_id: &str| {
            engine.signal(workflow_id, signal, Json::null()).await
        };
        let reception: Reception = self.ask(send).await;
        self.wire.note(signal, &reception);
        reception
    }

    /// The journal of its run.
    pub(super) fn recorded(&self) -> RecordedRun {
        RecordedRun::of(&load(&self.kept, &self.workflow_id).unwrap())
    }

    /// The engine's own cancel.
    pub(super) async fn cancel(&mut self) {
        self.ask(async |engine, workflow_id| engine.cancel(workflow_id, "by the operator").await).await;
    }

    /// Waits until the order's state is so.
    pub(super) async fn until(&mut self, holds: impl Fn(&WorkflowState) -> bool) -> WorkflowState {
        loop {
            let state = self.state().await;
            if holds(&state) {
                return state;
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }

    pub(super) async fn needs_attention(&mut self) -> bool {
        let describe = async |engine: Arc<Engine>, workflow_id: &str| engine.describe(workflow_id).await;
        self.ask(describe).await.summary.needs_attention
    }

    /// The names of what is journaled.
    pub(super) async fn history(&mut self) -> Vec<String> {
        let history =
            async |engine: Arc<Engine>, workflow_id: &str| engine.history(workflow_id, 0, 1000).await;
        self.ask(history).await.events.into_iter().map(|event| event.event).collect()
    }

    pub(super) async fn search_attribute(&mut self, name: &str) -> Option<SearchValue> {
        let describe = async |engine: Arc<Engine>, workflow_id: &str| engine.describe(workflow_id).await;
        let attributes = self.ask(describe).await.summary.search_attributes;
        attributes.into_iter().find(|set| set.name == name).map(|set| set.value)
    }

    pub(super) async fn state(&mut self) -> WorkflowState {
        let query = async |engine: Arc<Engine>, workflow_id: &str| {
            engine.query(workflow_id, GET_ORDER_STATUS, Json::null()).await
        };
        self.ask(query).await.parse().unwrap()
    }

    pub(super) async fn result(&mut self) -> WorkflowState {
        let result = async |engine: Arc<Engine>, workflow_id: &str| {
            engine.result(workflow_id, Duration::from_secs(24 * 3600)).await
        };
        match self.ask(result).await {
            Some(Closed::Completed(state)) => state.parse().unwrap(),
            Some(Closed::Failed(failure)) => panic!("the workflow failed: {failure}"),
            None => panic!("not over after a day: {:#?}\n{:#?}", self.state().await, self.wire.log()),
        }
    }

    /// Asks the engine, again if its journal cannot be written, and the one that comes after a crash.
    async fn ask<T>(&mut self, question: impl AsyncFn(Arc<Engine>, &str) -> Result<T, ClientError>) -> T {
        loop {
            let journal = Arc::clone(&self.journal);
            let answer = question(Arc::clone(&self.engine), &self.workflow_id);
            match race(journal.crashed(), answer).await {
                Either::Left(()) => self.come_back().await,
                Either::Right(Err(ClientError::Unavailable { retry_after, .. })) => {
                    tokio::time::sleep(retry_after).await;
                }
                Either::Right(answer) => return answer.unwrap(),
            }
        }
    }

    /// Kills the orchestrator, and starts one of another scale.
    pub(super) async fn restart_at(&mut self, time_scale: TimeScale) {
        self.scenario.time_scale = time_scale;
        self.come_back().await;
    }

    async fn come_back(&mut self) {
        self.engine.kill();
        tokio::task::yield_now().await;
        self.crashed = true;
        self.journal = Arc::new(CrashingJournal::new(self.kept.clone(), None));
        self.engine = engine_over(&self.journal, &self.wire, self.clock, &self.scenario);
        self.wire.connect(self.engine.clone(), &self.workflow_id);
    }
}

fn engine_over(
    journal: &Arc<CrashingJournal>,
    wire: &Wire,
    clock: Clock,
    scenario: &Scenario,
) -> Arc<Engine> {
    let mut registry = Registry::new(Arc::new(Services::over(Arc::new(wire.clone()))));
    registry.register::<OrderFulfillment>();
    if scenario.cancels_late {
        register(&mut CancelsLate(&mut registry), &scenario.settings, scenario.time_scale);
    } else {
        register(&mut registry, &scenario.settings, scenario.time_scale);
    }
    let options = EngineOptions::new(clock, 1);
    Arc::new(Engine::start_local(Arc::clone(journal) as _, registry, options).unwrap())
}

/// Registers activities of which no attempt hears of its cancellation in time.
struct CancelsLate<'a>(&'a mut Registry<Services>);

impl ActivityRegistrar<Services> for CancelsLate<'_> {
    fn add<A: Activity<Services>>(&mut self, options: ActivityOptions) {
        self.0.add::<A>(ActivityOptions { on_cancel: OnCancel::FinishAttempt, ..options });
    }
}
