use std::fmt;
use std::sync::Arc;

use shared::environment::format_duration;
use shared::time::TimeScale;

use crate::activities::{self, ActivitySettings, Services};
use crate::bundled;
use crate::engine::embedded::Registry;
use crate::gateways::Transport;
use crate::workflows::order_fulfillment::OrderFulfillment;

/// What is simulated: a flow, its patience, and the backends that it acts on.
#[derive(Clone, Debug)]
pub struct Subject {
    /// What an orchestrator runs.
    pub flow: Flow,
    /// How patient it is.
    pub patience: ActivitySettings,
    /// What the backends are set to. Their seed is each world's own.
    pub backends: bundled::Settings,
}

/// Makes what an orchestrator runs: workflows and activities, for each of its processes.
#[derive(Clone)]
pub struct Flow(Arc<MakeRegistry>);

type MakeRegistry = dyn Fn(Process<'_>) -> Registry<Services> + Send + Sync;

/// A process of an orchestrator that starts.
pub struct Process<'a> {
    /// Reaches the backends.
    pub backends: Arc<dyn Transport>,
    /// Its settings.
    pub patience: &'a ActivitySettings,
    /// Its `TIME_SCALE`.
    pub time_scale: TimeScale,
    /// The how-manieth process of its orchestrator it is, from 1.
    pub number: u32,
}

impl Subject {
    /// The variables, beside those of chaos, that are set to something else than their defaults.
    pub fn changed_variables(&self) -> Vec<(&'static str, String)> {
        let backends = &self.backends;
        let stock = backends.inventory.stock.iter().map(|(sku, count)| format!("{sku}={count}"));
        let all = |subject: &ActivitySettings| subject.variables();
        let mut changed: Vec<_> = all(&self.patience);
        let default = all(&ActivitySettings::default());
        changed.retain(|variable| !default.contains(variable));
        let (payment, inventory) = (payment::Settings::default(), inventory::Settings::default());
        let mut note =
            |is_changed: bool, name, value: String| changed.extend(is_changed.then_some((name, value)));
        let scale = backends.plan.time_scale;
        note(scale != TimeScale::REAL, "TIME_SCALE", scale.factor().to_string());
        let ttl = backends.payment.authorization_ttl;
        note(ttl != payment.authorization_ttl, "PAYMENT_AUTHORIZATION_TTL", format_duration(ttl));
        let ttl = backends.inventory.reservation_ttl;
        note(ttl != inventory.reservation_ttl, "INVENTORY_RESERVATION_TTL", format_duration(ttl));
        let stock = stock.collect::<Vec<_>>().join(",");
        note(!stock.is_empty(), "INVENTORY_STOCK", stock);
        let count = backends.inventory.default_stock;
        note(count != inventory.default_stock, "INVENTORY_DEFAULT_STOCK", count.to_string());
        changed
    }
}

impl Flow {
    /// A flow of one's own.
    pub fn new(make: impl Fn(Process<'_>) -> Registry<Services> + Send + Sync + 'static) -> Self {
        Self(Arc::new(make))
    }

    /// The flow of this program.
    pub fn shipped() -> Self {
        Self::new(|process| {
            let mut registry = Registry::new(Arc::new(Services::over(process.backends)));
            registry.register::<OrderFulfillment>();
            activities::register(&mut registry, process.patience, process.time_scale);
            registry
        })
    }

    pub(crate) fn registry(&self, process: Process<'_>) -> Registry<Services> {
        (self.0)(process)
    }
}

impl fmt::Debug for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Flow").finish_non_exhaustive()
    }
}

impl fmt::Debug for Process<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("number", &self.number).finish_non_exhaustive()
    }
}
