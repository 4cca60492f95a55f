//! The four backends, bundled into this process: one router on one port, or one in memory.
//!
//! Only this module, the commands built on it and the simulator know the domain crates. The
//! orchestrator proper reaches them over HTTP.

mod settings;

use std::fmt;
use std::sync::Arc;

use axum::extract::State;
use axum::{Json, Router};
use shared::chaos::{Chaos, Operation};
use shared::http::Call;
use shared::ledger::{Ledger, Sequence};
use shared::pipeline::{self, Pipeline};
use shared::service::{Health, describe_outcomes, document, health, ledger, observe};
use shared::time::Clock;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::audit;

pub use crate::audit::Domain;
pub use settings::Settings;

/// How to build one backend.
struct Recipe {
    /// Its operations.
    routes: fn(&Settings, Pipeline) -> Router,
    /// The same, with their API document.
    documented: fn(&Settings, Pipeline) -> OpenApiRouter,
}

impl Recipe {
    fn of(domain: Domain) -> Self {
        match domain {
            Domain::Payment => Self {
                routes: |settings, pipeline| payment::routes(pipeline, settings.payment),
                documented: |settings, pipeline| payment::router(pipeline, settings.payment),
            },
            Domain::Inventory => Self {
                routes: |settings, pipeline| inventory::routes(pipeline, settings.inventory.clone()),
                documented: |settings, pipeline| inventory::router(pipeline, settings.inventory.clone()),
            },
            Domain::Shipping => Self {
                routes: |settings, pipeline| shipping::routes(pipeline, settings.shipping),
                documented: |settings, pipeline| shipping::router(pipeline, settings.shipping),
            },
            Domain::Notification => Self {
                routes: |settings, pipeline| notification::routes(pipeline, settings.notification),
                documented: |settings, pipeline| notification::router(pipeline, settings.notification),
            },
        }
    }
}

impl Settings {
    /// A pipeline for each of `domains`, under one chaos.
    fn pipelines(&self, domains: &[Domain], clock: Clock) -> (Arc<Chaos>, Vec<(Domain, Pipeline)>) {
        let chaos = Arc::new(Chaos::new(self.plan.clone()));
        // In one process the order of records is known, even within a millisecond.
        let sequence = Sequence::default();
        let pipeline = |domain: &Domain| {
            let records = Ledger::numbered_by(sequence.clone(), self.ledger_capacity);
            (*domain, Pipeline::writing_into(records, Arc::clone(&chaos), clock, pipeline::CAPACITY))
        };
        let pipelines = domains.iter().map(pipeline).collect();
        (chaos, pipelines)
    }
}

/// Every operation of every backend.
pub fn operations() -> Vec<&'static Operation> {
    [payment::OPERATIONS, inventory::OPERATIONS, shipping::OPERATIONS, notification::OPERATIONS].concat()
}

/// Backends in this process.
pub struct Backends {
    /// Their routes, with their API document.
    pub routes: OpenApiRouter,
    /// Each one's request pipeline, which leads to its ledger.
    pub pipelines: Vec<(Domain, Pipeline)>,
    chaos: Arc<Chaos>,
}

impl Backends {
    /// Starts `domains`, empty.
    pub fn start(settings: &Settings, domains: &[Domain], clock: Clock) -> Self {
        let (chaos, pipelines) = settings.pipelines(domains, clock);
        let mut routes = OpenApiRouter::new().merge(health(Health {
            status: "ok",
            version: env!("CARGO_PKG_VERSION"),
            domains: domains.iter().map(|domain| domain.name()).collect(),
            seed: settings.plan.seed,
            time_scale: settings.plan.time_scale.factor(),
            started_at: clock.now(),
        }));
        for (domain, pipeline) in &pipelines {
            let operations = (Recipe::of(*domain).documented)(settings, pipeline.clone());
            let name = domain.name();
            routes = routes.merge(operations).merge(observe(name, &chaos)).merge(ledger(name, pipeline));
        }
        let reset: Vec<_> = pipelines.iter().map(|(_, pipeline)| pipeline.clone()).collect();
        routes = routes.merge(OpenApiRouter::new().routes(routes!(post_reset)).with_state(reset));
        let audited = pipelines.clone();
        routes = routes.merge(audit::routes(clock, move || ledgers(&audited)));
        document(&mut routes, "fake-stripe-chaos backends", DESCRIPTION);
        describe_outcomes(routes.get_openapi_mut(), &operations());
        Self { routes, pipelines, chaos }
    }

    /// What was drawn for each of their operations.
    pub fn chaos(&self) -> &Chaos {
        &self.chaos
    }
}

impl fmt::Debug for Backends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backends").field("pipelines", &self.pipelines).finish_non_exhaustive()
    }
}

/// The ledgers as of now, and what had left them before.
fn ledgers(pipelines: &[(Domain, Pipeline)]) -> (audit::Ledgers, audit::Evicted) {
    pipelines.iter().for_each(|(_, pipeline)| pipeline.settle());
    let kept = |(domain, pipeline): &(Domain, Pipeline)| (*domain, pipeline.ledger().records());
    let left = |(domain, pipeline): &(Domain, Pipeline)| (*domain, pipeline.ledger().evicted_orders());
    let evicted = pipelines.iter().map(left).filter(|(_, orders)| *orders > 0).collect();
    (pipelines.iter().map(kept).collect(), evicted)
}

/// The routes of `domains`, with their API document.
pub fn routes(settings: &Settings, domains: &[Domain], clock: Clock) -> OpenApiRouter {
    Backends::start(settings, domains, clock).routes
}

/// All backends as an orchestrator sees them: only their operations. For simulated worlds, of which
/// there are thousands.
pub fn operations_only(settings: &Settings, clock: Clock) -> (Router, Vec<(Domain, Pipeline)>) {
    let (_, pipelines) = settings.pipelines(&Domain::ALL, clock);
    let routes =
        pipelines.iter().map(|(domain, pipeline)| (Recipe::of(*domain).routes)(settings, pipeline.clone()));
    (routes.fold(Router::new(), Router::merge), pipelines)
}

/// An acknowledgement.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = ResetDone)]
struct Done {
    /// Always true.
    success: bool,
}

/// Reset everything
///
/// Empties the stores, ledgers, idempotency keys, attempts and statistics of all backends served here, as if
/// they had just been started with the same seed.
#[utoipa::path(post, path = "/reset", operation_id = "reset", tag = "service", 
    responses((status = 200, body = Done, description = "Everything has been reset.")))]
async fn post_reset(State(pipelines): State<Vec<Pipeline>>, _: Call) -> Json<Done> {
    Pipeline::reset(&pipelines);
    Json(Done { success: true })
}

const DESCRIPTION: &str = "Stateful fake payment, inventory, shipping and notification services that \
misbehave as real ones do. Every write takes an `Idempotency-Key`; what chaos may do to each operation is \
listed there. An answer that was injected says so in its member `chaos`, and in the headers \
`x-chaos-injected` and `x-chaos-seed`.";
