use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use shared::time::Clock;
use temporalio_sdk::WorkerOptions;
use temporalio_sdk::workflow_replayer::WorkflowReplayerOptions;
use temporalio_sdk::workflows::WorkflowRegistrationError;

use super::attempt::{ActivityRunner, Named};
use super::attributes::NEEDS_ATTENTION;
use super::host::{Host, Options};
use crate::engine::attempt::attempts_of;
use crate::workflow::{Activity, ActivityOptions, ActivityRegistrar, SearchKind, WorkflowDef};

type Register = Box<dyn FnOnce(&mut WorkerOptions) + Send>;
type RegisterWorkflow = fn(&mut WorkerOptions, Options) -> Result<(), WorkflowRegistrationError>;
type RegisterReplay = fn(&mut WorkflowReplayerOptions, Options) -> Result<(), WorkflowRegistrationError>;

/// What a worker can run: workflows, and activities over services `S`.
pub struct Registry<S> {
    services: Arc<S>,
    clock: Clock,
    catalogue: Catalogue,
    workflows: Vec<RegisterWorkflow>,
    pub(super) replays: Vec<RegisterReplay>,
    activities: Vec<(ActivityOptions, Register)>,
    pub(super) options: BTreeMap<&'static str, ActivityOptions>,
}

/// What a client needs to know about what workers run.
#[derive(Clone, Debug, Default)]
pub(super) struct Catalogue {
    pub(super) workflows: Vec<&'static str>,
    pub(super) attributes: BTreeMap<&'static str, SearchKind>,
}

/// What the two workers of a process run.
pub(super) struct Workload {
    pub(super) workflows: Vec<RegisterWorkflow>,
    pub(super) forward: Vec<(ActivityOptions, Register)>,
    pub(super) compensations: Vec<(ActivityOptions, Register)>,
    pub(super) options: Options,
}

impl<S: Send + Sync + 'static> Registry<S> {
    /// An empty registry.
    pub fn new(services: Arc<S>, clock: Clock) -> Self {
        let mut catalogue = Catalogue::default();
        catalogue.attributes.insert(NEEDS_ATTENTION, SearchKind::Bool);
        let (workflows, replays, activities) = (Vec::new(), Vec::new(), Vec::new());
        Self { services, clock, catalogue, workflows, replays, activities, options: BTreeMap::new() }
    }

    /// Makes workflow `W` startable by its name.
    pub fn register<W: WorkflowDef>(&mut self) {
        self.catalogue.workflows.push(W::NAME);
        self.catalogue.attributes.extend(W::SEARCH_ATTRIBUTES.iter().copied());
        self.workflows.push(|worker, options| {
            let host = move || Host::<W>::new(Arc::clone(&options));
            worker.register_workflow_with_factory::<Host<W>, _>(host).map(drop)
        });
        self.replays.push(|replayer, options| {
            let host = move || Host::<W>::new(Arc::clone(&options));
            replayer.register_workflow_with_factory::<Host<W>, _>(host).map(drop)
        });
    }

    pub(super) fn catalogue(&self) -> Catalogue {
        self.catalogue.clone()
    }

    pub(super) fn clock(&self) -> Clock {
        self.clock
    }

    pub(super) fn into_workload(self) -> Workload {
        let (compensations, forward) =
            self.activities.into_iter().partition(|(options, _)| options.compensation);
        Workload { workflows: self.workflows, forward, compensations, options: Arc::new(self.options) }
    }
}

impl<S: Send + Sync + 'static> ActivityRegistrar<S> for Registry<S> {
    fn add<A: Activity<S>>(&mut self, options: ActivityOptions) {
        let attempt = attempts_of::<A, S>(Arc::clone(&self.services));
        let performer = Arc::new(ActivityRunner { attempt, options: options.clone(), clock: self.clock });
        let register = move |worker: &mut WorkerOptions| {
            worker.register_activity::<Named<A>>(performer);
        };
        self.options.insert(A::NAME, options.clone());
        self.activities.push((options, Box::new(register)));
    }
}

impl<S> fmt::Debug for Registry<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("workflows", &self.catalogue.workflows)
            .field("activities", &self.options.keys())
            .finish_non_exhaustive()
    }
}
