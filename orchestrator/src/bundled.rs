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
use shared::ledger::{Ledger, Sequence};
use shared::service::{Health, describe_outcomes, document, health, ledger, observe};
use shared::time::Clock;
use shared::way::Way;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::audit;

pub use crate::audit::Domain;
pub use settings::Settings;

/// What makes one of the backends.
struct Recipe {
    /// How many resources it remembers.
    capacity: usize,
    /// Its operations.
    routes: fn(&Settings, Way) -> Router,
    /// The same, with their document.
    documented: fn(&Settings, Way) -> OpenApiRouter,
}

impl Settings {
    fn recipe(&self, domain: Domain) -> Recipe {
        match domain {
            Domain::Payment => Recipe {
                capacity: self.payment.capacity,
                routes: |settings, way| payment::routes(way, settings.payment),
                documented: |settings, way| payment::router(way, settings.payment),
            },
            Domain::Inventory => Recipe {
                capacity: self.inventory.capacity,
                routes: |settings, way| inventory::routes(way, settings.inventory.clone()),
                documented: |settings, way| inventory::router(way, settings.inventory.clone()),
            },
            Domain::Shipping => Recipe {
                capacity: self.shipping.capacity,
                routes: |settings, way| shipping::routes(way, settings.shipping),
                documented: |settings, way| shipping::router(way, settings.shipping),
            },
            Domain::Notification => Recipe {
                capacity: self.notification.capacity,
                routes: |settings, way| notification::routes(way, settings.notification),
                documented: |settings, way| notification::router(way, settings.notification),
            },
        }
    }

    /// A way for each of `domains`, under one chaos.
    fn ways(&self, domains: &[Domain], clock: Clock) -> (Arc<Chaos>, Vec<(Domain, Way)>) {
        let chaos = Arc::new(Chaos::new(self.plan.clone()));
        // In one process it is known what came first, even within a millisecond.
        let sequence = Sequence::default();
        let way = |domain: &Domain| {
            let records = Ledger::numbered_by(sequence.clone(), self.ledger_capacity);
            let way = Way::new(Arc::clone(&chaos), clock, self.recipe(*domain).capacity);
            (*domain, way.with_ledger(records))
        };
        let ways = domains.iter().map(way).collect();
        (chaos, ways)
    }
}

/// Every operation of every backend.
pub fn operations() -> Vec<&'static Operation> {
    [payment::OPERATIONS, inventory::OPERATIONS, shipping::OPERATIONS, notification::OPERATIONS].concat()
}

/// Backends in this process.
pub struct Backends {
    /// Their routes, with their document.
    pub routes: OpenApiRouter,
    /// Each one's way of a request, which leads to its ledger.
    pub ways: Vec<(Domain, Way)>,
    chaos: Arc<Chaos>,
}

impl Backends {
    /// Starts `domains`, empty.
    pub fn start(settings: &Settings, domains: &[Domain], clock: Clock) -> Self {
        let (chaos, ways) = settings.ways(domains, clock);
        let mut routes = OpenApiRouter::new().merge(health(Health {
            status: "ok",
            version: env!("CARGO_PKG_VERSION"),
            domains: domains.iter().map(|domain| domain.name()).collect(),
            seed: settings.plan.seed,
            time_scale: settings.plan.time_scale.factor(),
        }));
        for (domain, way) in &ways {
            let operations = (settings.recipe(*domain).documented)(settings, way.clone());
            let name = domain.name();
            routes = routes.merge(operations).merge(observe(name, &chaos)).merge(ledger(name, way));
        }
        let reset =
            Reset { chaos: Arc::clone(&chaos), ways: ways.iter().map(|(_, way)| way.clone()).collect() };
        routes = routes.merge(OpenApiRouter::new().routes(routes!(post_reset)).with_state(reset));
        let audited = ways.clone();
        routes = routes.merge(audit::routes(move || ledgers(&audited)));
        document(&mut routes, "fake-stripe-chaos backends", DESCRIPTION);
        describe_outcomes(routes.get_openapi_mut(), &operations());
        Self { routes, ways, chaos }
    }

    /// What was drawn for each of their operations.
    pub fn chaos(&self) -> &Chaos {
        &self.chaos
    }
}

impl fmt::Debug for Backends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backends").field("ways", &self.ways).finish_non_exhaustive()
    }
}

/// What the ledgers tell, as of now.
fn ledgers(ways: &[(Domain, Way)]) -> audit::Ledgers {
    ways.iter().for_each(|(_, way)| way.settle());
    ways.iter().map(|(domain, way)| (*domain, way.ledger().records())).collect()
}

/// The routes of `domains`, with their document.
pub fn routes(settings: &Settings, domains: &[Domain], clock: Clock) -> OpenApiRouter {
    Backends::start(settings, domains, clock).routes
}

/// All backends as an orchestrator sees them: their operations, and nothing beside. For simulated
/// worlds, of which there are thousands.
pub fn operations_only(settings: &Settings, clock: Clock) -> (Router, Vec<(Domain, Way)>) {
    let (_, ways) = settings.ways(&Domain::ALL, clock);
    let routes = ways.iter().map(|(domain, way)| (settings.recipe(*domain).routes)(settings, way.clone()));
    (routes.fold(Router::new(), Router::merge), ways)
}

/// What a reset empties.
#[derive(Clone, Debug)]
struct Reset {
    chaos: Arc<Chaos>,
    ways: Vec<Way>,
}

/// An acknowledgement.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = ResetDone)]
struct Done {
    /// Always true.
    success: bool,
}

/// Forget everything
///
/// Empties the stores, ledgers, idempotency keys, attempts and statistics of all backends served here, as if
/// they had just been started with the same seed.
#[utoipa::path(post, path = "/reset", operation_id = "reset", tag = "service", 
    responses((status = 200, body = Done, description = "Everything is forgotten.")))]
async fn post_reset(State(reset): State<Reset>) -> Json<Done> {
    reset.ways.iter().for_each(Way::reset);
    reset.chaos.reset();
    Json(Done { success: true })
}

const DESCRIPTION: &str = "Stateful fake payment, inventory, shipping and notification services that \
misbehave as real ones do. Every write takes an `Idempotency-Key`; what chaos may do to each operation is \
listed there. An answer that was injected says so in its member `chaos` and the header `x-chaos-injected`.";
