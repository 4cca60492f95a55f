//! The four backends, bundled into this process: one router on one port, or one in memory.
//!
//! Only this module, the commands built on it and the simulator know the domain crates. The
//! orchestrator proper reaches them over HTTP.

use std::sync::Arc;

use shared::chaos::{Chaos, Operation, Plan};
use shared::environment::{ConfigError, Environment};
use shared::service::{Health, describe_outcomes, document, health, observe};
use shared::time::Clock;
use shared::way::Way;
use utoipa_axum::router::OpenApiRouter;

/// A backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Domain {
    /// Holds, captures, releases, refunds.
    Payment,
    /// Stock and reservations.
    Inventory,
    /// Labels.
    Shipping,
    /// Messages to customers.
    Notification,
}

impl Domain {
    /// All backends.
    pub const ALL: [Self; 4] = [Self::Payment, Self::Inventory, Self::Shipping, Self::Notification];

    /// The name in URLs and variables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Inventory => "inventory",
            Self::Shipping => "shipping",
            Self::Notification => "notification",
        }
    }
}

/// What the backends are set to.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What happens to requests.
    pub plan: Plan,
    /// Of the payment backend.
    pub payment: payment::Settings,
    /// Of the inventory backend.
    pub inventory: inventory::Settings,
    /// Of the shipping backend.
    pub shipping: shipping::Settings,
    /// Of the notification backend.
    pub notification: notification::Settings,
}

impl Settings {
    /// Reads all variables of all backends, served or not.
    ///
    /// # Errors
    /// The first variable that is wrong.
    pub fn from_environment(environment: &Environment, random_seed: u64) -> Result<Self, ConfigError> {
        Ok(Self {
            plan: Plan::from_environment(environment, &operations(), random_seed)?,
            payment: payment::Settings::from_environment(environment)?,
            inventory: inventory::Settings::from_environment(environment)?,
            shipping: shipping::Settings::from_environment(environment)?,
            notification: notification::Settings::from_environment(environment)?,
        })
    }
}

/// Every operation of every backend.
pub fn operations() -> Vec<&'static Operation> {
    [payment::OPERATIONS, inventory::OPERATIONS, shipping::OPERATIONS, notification::OPERATIONS].concat()
}

/// The routes of `domains`, with their document.
pub fn routes(settings: &Settings, domains: &[Domain], clock: Clock) -> OpenApiRouter {
    let chaos = Arc::new(Chaos::new(settings.plan.clone()));
    let mut all = OpenApiRouter::new().merge(health(Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
        domains: domains.iter().map(|domain| domain.name()).collect(),
        seed: settings.plan.seed,
        time_scale: settings.plan.time_scale.factor(),
    }));
    for domain in domains {
        let way = |capacity| Way::new(Arc::clone(&chaos), clock, capacity);
        let routes = match domain {
            Domain::Payment => payment::router(way(settings.payment.capacity), settings.payment),
            Domain::Inventory => {
                inventory::router(way(settings.inventory.capacity), settings.inventory.clone())
            }
            Domain::Shipping => shipping::router(way(settings.shipping.capacity), settings.shipping),
            Domain::Notification => {
                notification::router(way(settings.notification.capacity), settings.notification)
            }
        };
        all = all.merge(routes).merge(observe(domain.name(), &chaos));
    }
    document(&mut all, "fake-stripe-chaos backends", DESCRIPTION);
    describe_outcomes(all.get_openapi_mut(), &operations());
    all
}

const DESCRIPTION: &str = "Stateful fake payment, inventory, shipping and notification services that \
misbehave as real ones do. Every write takes an `Idempotency-Key`; what chaos may do to each operation is \
listed there. An answer that was injected says so in its member `chaos` and the header `x-chaos-injected`.";
