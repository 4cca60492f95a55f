use std::fmt;
use std::sync::Arc;

use shared::chaos::{PlannedOperation, faults};
use shared::environment::{Environment, format_duration};
use shared::time::TimeScale;

use crate::activities::{self, ActivitySettings, Services};
use crate::bundled;
use crate::engine::embedded::Registry;
use crate::gateways::Transport;
use crate::workflows::order_fulfillment::OrderFulfillment;

/// What is simulated: a flow, its timeouts and retries, and the backends that it acts on.
#[derive(Clone, Debug)]
pub struct Subject {
    /// What an orchestrator runs.
    pub flow: Flow,
    /// How patient it is.
    pub limits: ActivitySettings,
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
    pub limits: &'a ActivitySettings,
    /// Its `TIME_SCALE`.
    pub time_scale: TimeScale,
    /// Which process of its orchestrator it is, counted from 1.
    pub number: u32,
}

/// How many orders share a world that has enough for all.
const ORDERS_PER_WORLD: usize = 100;

impl Subject {
    /// How many orders may share a world without meeting one another: alone where stock or memory is
    /// limited.
    pub(super) fn orders_per_world(&self) -> usize {
        let is_limit = |name: &str| name.contains("STOCK") || name.contains("CAPACITY");
        let is_scarce = self.replay_variables().iter().any(|(name, _)| is_limit(name));
        if is_scarce { 1 } else { ORDERS_PER_WORLD }
    }

    /// The variables, beside those of chaos, that are set to something else than their defaults.
    pub fn changed_variables(&self) -> Vec<(&'static str, String)> {
        let usual = bundled::Settings::from_environment(&Environment::default(), 0);
        let usual = usual.expect("no variable is wrong where none is set").variables();
        let usual = [ActivitySettings::default().variables(), usual].concat();
        let mut changed = [self.limits.variables(), self.backends.variables()].concat();
        changed.retain(|variable| !usual.contains(variable));
        changed
    }

    /// Those of them that matter to an order that meets a schedule, and how late success comes. The ledgers of a
    /// world keep everything.
    pub fn replay_variables(&self) -> Vec<(String, String)> {
        let changed = self.changed_variables().into_iter().filter(|(name, _)| *name != "LEDGER_CAPACITY");
        let changed = changed.map(|(name, value)| (name.to_owned(), value));
        let late = self.backends.plan.operations.iter().filter_map(|planned| {
            let name = format!("CHAOS_{}", planned.operation.variable_stem());
            Some((name, success_alone(planned))).filter(|(_, table)| table != SUCCESS_ALONE)
        });
        changed.chain(late).collect()
    }
}

const SUCCESS_ALONE: &str = "success=100%";

/// The table of an operation that always succeeds, as late as it does by its own table.
pub(super) fn success_alone(planned: &PlannedOperation) -> String {
    let usual = planned.operation.usual_delay(&faults::SUCCESS);
    let share = planned.table.shares().iter().find(|share| share.outcome.name == faults::SUCCESS.name);
    match share.map(|share| share.delay).filter(|delay| *delay != usual) {
        Some(delay) => format!("{SUCCESS_ALONE}@{}", format_duration(delay)),
        None => SUCCESS_ALONE.to_owned(),
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
            activities::register(&mut registry, process.limits, process.time_scale);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_share_a_world_only_where_there_is_enough_for_all() {
        let subject = |name, value| {
            let environment = Environment::from_iter([(name, value)]);
            let limits = ActivitySettings::from_environment(&environment).unwrap();
            let backends = bundled::Settings::from_environment(&environment, 0).unwrap();
            Subject { flow: Flow::shipped(), limits, backends }
        };
        for scarce in ["INVENTORY_STOCK", "INVENTORY_DEFAULT_STOCK", "PAYMENT_CAPACITY"] {
            let value = if scarce == "INVENTORY_STOCK" { "ITEM-001=5" } else { "1000" };
            assert_eq!(subject(scarce, value).orders_per_world(), 1, "{scarce}");
        }
        for (name, value) in [("INVENTORY_RESERVATION_TTL", "25s"), ("LEDGER_CAPACITY", "5")] {
            assert_eq!(subject(name, value).orders_per_world(), ORDERS_PER_WORLD, "{name}");
        }
    }
}
