//! Where orders are played: the backends in this process, and an engine that acts on them.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use futures_util::future::join_all;
use jiff::Timestamp;
use orchestrator::audit::{Audit, Decision, Ledgers};
use orchestrator::bundled::{Backends, Domain, Settings};
use orchestrator::gateways::Transport;
use shared::environment::Environment;
use shared::http::{Correlated, Correlation, with_common};
use shared::time::{Clock, TimeScale};

use super::Host;
use super::order::Order;
use super::playing::Ending;
use super::scenario::Scenario;
use super::wire::Wire;

/// A label takes 0.4 s.
const TIME_SCALE: &str = "0.02";

/// How many stages this process has seen.
static STAGES: AtomicU32 = AtomicU32::new(0);

/// Backends, and an engine that is between them and the tests.
pub(super) struct Stage {
    /// What no other stage is called: on a server, ids of orders are unique for ever.
    pub(super) name: String,
    pub(super) host: Host,
    pub(super) wire: Arc<Wire>,
    pub(super) scale: TimeScale,
    backends: Backends,
    clock: Clock,
    restarts: RefCell<Vec<Timestamp>>,
}

impl Stage {
    /// A stage on which nothing goes wrong but for the orders of these names.
    pub(super) async fn new(scenarios: &[(&str, &Scenario)]) -> Self {
        let clock = Clock::system();
        let name = format!("{}-{}", clock.now().as_millisecond(), STAGES.fetch_add(1, Relaxed));
        let scripts = scenarios.iter().map(|(order, scenario)| scenario.script(&order_id(&name, order)));
        let backends = backends(&scripts.collect::<String>(), clock);
        let wire = Arc::new(Wire::new(router(&backends)));
        let scale = TimeScale::parse(TIME_SCALE).unwrap();
        let host = Host::start(&name, Arc::clone(&wire) as Arc<dyn Transport>, scale).await;
        Self { name, host, wire, scale, backends, clock, restarts: RefCell::default() }
    }

    pub(super) fn order(&self, name: &str) -> Order<'_> {
        Order::new(self, &order_id(&self.name, name))
    }

    /// The engine's process dies, and another takes its place.
    pub(super) async fn crash(&self) {
        self.host.crash().await;
        self.host.restart().await;
        self.restarts.borrow_mut().push(self.clock.now());
    }

    pub(super) fn crashes(&self) -> usize {
        self.restarts.borrow().len()
    }

    /// From now on nothing is known of anything that was done.
    pub(super) fn forget(&self) {
        self.wire.reach(router(&backends("", self.clock)));
    }

    pub(super) fn remember(&self) {
        self.wire.reach(router(&self.backends));
    }

    /// Asserts that these orders, all of the stage, ended as they should.
    pub(super) fn judge(&self, endings: &[Ending]) {
        let mut wrong: Vec<_> = endings.iter().flat_map(Ending::contradictions).collect();
        let decision = |ending: &Ending| Decision {
            order_id: ending.order_id.clone().into(),
            accepted: ending.accepted.clone(),
            status: Some(ending.state.status),
        };
        let audit = Audit {
            strict: true,
            restarts: self.restarts.borrow().clone(),
            decisions: Some(endings.iter().map(|it| (it.order_id.clone().into(), decision(it))).collect()),
            one_sequence: true,
            ..Audit::default()
        };
        let report = audit.report(&self.ledgers());
        wrong.extend(report.findings.iter().map(|finding| format!("{finding:#?}")));
        assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
        assert_eq!((report.orders, report.executing, &report.not_judged), (endings.len(), 0, &vec![]));
    }

    fn ledgers(&self) -> Ledgers {
        let pipelines = &self.backends.pipelines;
        pipelines.iter().for_each(|(_, pipeline)| pipeline.settle());
        pipelines.iter().map(|(domain, pipeline)| (*domain, pipeline.ledger().records())).collect()
    }
}

/// Plays every scenario as an order of its own, all at once, and judges them.
pub(super) fn play(scenarios: &[Scenario]) -> Vec<Ending> {
    let names: Vec<_> = (1..=scenarios.len()).map(|number| number.to_string()).collect();
    let named: Vec<_> = names.iter().map(String::as_str).zip(scenarios).collect();
    Host::run(async {
        let stage = Stage::new(&named).await;
        let orders = named.iter().map(async |(name, scenario)| stage.order(name).play(scenario).await);
        let endings = join_all(orders).await;
        stage.judge(&endings);
        endings
    })
}

fn order_id(stage: &str, name: &str) -> String {
    format!("ORD-{stage}-{name}")
}

fn backends(script: &str, clock: Clock) -> Backends {
    let variables = [
        ("CHAOS_FAILURE_RATE", "0"),
        ("CHAOS_SEED", "1"),
        ("CHAOS_SCRIPT", script),
        ("TIME_SCALE", TIME_SCALE),
    ];
    let environment: Environment = variables.into_iter().collect();
    let settings = Settings::from_environment(&environment, 0).unwrap();
    Backends::start(&settings, &Domain::ALL, clock)
}

fn router(backends: &Backends) -> Correlated {
    with_common(backends.routes.clone().split_for_parts().0, Correlation::seeded(1))
}
