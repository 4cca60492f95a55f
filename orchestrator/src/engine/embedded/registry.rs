//! The workflows and activities that an engine can run, by name.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use foldhash::fast::RandomState;
use tokio::sync::Semaphore;

use super::machine::{Execution, begin};
use crate::engine::attempt::{AttemptFn, attempts_of};
use crate::workflow::guard::guarded;
use crate::workflow::{
    Activity, ActivityOptions, ActivityRegistrar, ClientError, Json, Reception, SearchKind, UnknownMessage,
    WorkflowDef, WorkflowInfo,
};

/// What an engine can run: workflows, and activities over services `S`.
pub struct Registry<S> {
    services: Arc<S>,
    catalogue: Catalogue,
}

impl<S: Send + Sync + 'static> Registry<S> {
    /// An empty registry.
    pub fn new(services: Arc<S>) -> Self {
        Self { services, catalogue: Catalogue::default() }
    }

    /// Makes workflow `W` startable by its name.
    pub fn register<W: WorkflowDef>(&mut self) {
        self.catalogue.workflows.insert(W::NAME, WorkflowType::of::<W>());
    }

    pub(super) fn workflow(&self, name: &str) -> Result<WorkflowType, String> {
        self.catalogue.workflow(name)
    }

    pub(super) fn into_catalogue(self) -> Catalogue {
        self.catalogue
    }
}

impl<S: Send + Sync + 'static> ActivityRegistrar<S> for Registry<S> {
    fn add<A: Activity<S>>(&mut self, options: ActivityOptions) {
        let attempt = attempts_of::<A, S>(Arc::clone(&self.services));
        self.catalogue.add(A::NAME, options, attempt);
    }
}

impl<S> fmt::Debug for Registry<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("workflows", &self.catalogue.workflows.keys())
            .field("activities", &self.catalogue.activities.keys())
            .finish_non_exhaustive()
    }
}

/// A registry without the type of its services.
pub(super) struct Catalogue {
    pub(super) workflows: BTreeMap<&'static str, WorkflowType>,
    pub(super) activities: HashMap<&'static str, Arc<ActivityType>, RandomState>,
    /// Undos have their own slots, so that forward work cannot starve them.
    compensation_slots: Arc<Semaphore>,
}

impl Default for Catalogue {
    fn default() -> Self {
        let compensation_slots = Arc::new(Semaphore::new(0));
        Self { workflows: BTreeMap::new(), activities: HashMap::default(), compensation_slots }
    }
}

impl Catalogue {
    fn add(&mut self, name: &'static str, options: ActivityOptions, attempt: AttemptFn) {
        let wanted = options.concurrency.clamp(1, Semaphore::MAX_PERMITS);
        let slots = if options.compensation {
            let missing = wanted.saturating_sub(self.compensation_slots.available_permits());
            self.compensation_slots.add_permits(missing);
            Arc::clone(&self.compensation_slots)
        } else {
            Arc::new(Semaphore::new(wanted))
        };
        self.activities.insert(name, Arc::new(ActivityType { options, attempt, slots }));
    }

    /// The workflow of this name.
    ///
    /// # Errors
    /// A sentence, when none is registered.
    pub(super) fn workflow(&self, name: &str) -> Result<WorkflowType, String> {
        let workflow = self.workflows.get(name).copied();
        workflow.ok_or_else(|| format!("no workflow `{name}` is registered"))
    }

    /// All search attributes of all workflows.
    pub(super) fn search_attributes(&self) -> BTreeMap<&'static str, SearchKind> {
        self.workflows.values().flat_map(|workflow| workflow.search_attributes.iter().copied()).collect()
    }
}

/// An activity that can be run.
pub(super) struct ActivityType {
    pub(super) options: ActivityOptions,
    pub(super) attempt: AttemptFn,
    /// One permit for each attempt that may run at once.
    pub(super) slots: Arc<Semaphore>,
}

/// A workflow definition, without its type.
#[derive(Clone, Copy)]
pub(super) struct WorkflowType {
    pub(super) name: &'static str,
    pub(super) search_attributes: &'static [(&'static str, SearchKind)],
    pub(super) begin: BeginFn,
    pub(super) query: fn(state: &Json, name: &str, argument: &Json) -> Result<Json, ClientError>,
    pub(super) receive: fn(state: &Json, name: &str, payload: &Json) -> Result<Reception, ClientError>,
}

type BeginFn = fn(WorkflowInfo, u64, &Json, Option<BTreeSet<String>>) -> Result<Box<dyn Execution>, String>;

impl WorkflowType {
    fn of<W: WorkflowDef>() -> Self {
        Self {
            name: W::NAME,
            search_attributes: W::SEARCH_ATTRIBUTES,
            begin: begin::<W>,
            query: |state, name, argument| {
                with_stored::<W, _>(state, |state| W::on_query(&state, name, argument))
            },
            receive: |state, name, payload| {
                with_stored::<W, _>(state, |mut state| W::on_signal(Arc::make_mut(&mut state), name, payload))
            },
        }
    }
}

/// Runs a workflow's function on a stored state. A state that does not fit is not the client's fault.
fn with_stored<W: WorkflowDef, T>(
    state: &Json,
    function: impl FnOnce(Arc<W::State>) -> Result<T, UnknownMessage>,
) -> Result<T, ClientError> {
    let unfit =
        |error| ClientError::Quarantined(format!("the stored state does not fit {}: {error}", W::NAME));
    let state = state.value::<Arc<W::State>>().map_err(unfit)?;
    let answer = guarded(|| function(state)).map_err(ClientError::Quarantined)?;
    answer.map_err(|unknown| ClientError::Invalid(unknown.0))
}
