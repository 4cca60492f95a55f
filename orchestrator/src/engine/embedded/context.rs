//! What a workflow sees of the embedded engine.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use jiff::Timestamp;

use super::command::Command;
use super::event::{ActivityId, timestamp};
use super::operations::Operations;
use super::scope::Scope;
use crate::workflow::{
    ActivityDef, ActivityError, Cancelled, ChildError, Json, SearchAttribute, WorkflowCtx, WorkflowDef,
    WorkflowInfo, kind,
};

/// What a run's machine and all its context handles share.
pub(super) struct Core<S> {
    pub(super) info: WorkflowInfo,
    /// Shared with the snapshots of it.
    pub(super) state: RefCell<Arc<S>>,
    pub(super) state_changed: Cell<bool>,
    pub(super) now_ms: Cell<i64>,
    pub(super) commands: RefCell<Vec<Command>>,
    /// Something happened that may let an already polled future proceed.
    pub(super) stirred: Cell<bool>,
    pub(super) activities: RefCell<Operations<ActivityId, Result<Json, ActivityError>>>,
    pub(super) timers: RefCell<Operations<u32, Result<(), Cancelled>>>,
    pub(super) children: RefCell<Operations<Arc<str>, Result<(), ChildError>>>,
    pub(super) patches: Patches,
    calls: RefCell<BTreeMap<&'static str, u32>>,
    timers_started: Cell<u32>,
    random: Cell<u64>,
}

/// What is known about the patches that guard new behaviour.
pub(super) struct Patches {
    /// The journal's markers while it is replayed; `None` when the workflow runs live.
    pub(super) replayed: RefCell<Option<BTreeSet<String>>>,
    answered: RefCell<BTreeMap<&'static str, bool>>,
}

impl<S> Core<S> {
    pub(super) fn new(info: WorkflowInfo, state: S, seed: u64, replayed: Option<BTreeSet<String>>) -> Self {
        Self {
            info,
            state: RefCell::new(Arc::new(state)),
            state_changed: Cell::new(true),
            now_ms: Cell::new(0),
            commands: RefCell::default(),
            stirred: Cell::new(false),
            activities: RefCell::default(),
            timers: RefCell::default(),
            children: RefCell::default(),
            patches: Patches { replayed: RefCell::new(replayed), answered: RefCell::default() },
            calls: RefCell::default(),
            timers_started: Cell::new(0),
            random: Cell::new(seed),
        }
    }

    pub(super) fn ask(&self, command: Command) {
        self.commands.borrow_mut().push(command);
    }

    pub(super) fn state_has_changed(&self) {
        self.state_changed.set(true);
        self.stirred.set(true);
    }

    /// Cancels the operations in cancelled scopes. Timers end here; the engine ends activities, since how
    /// depends on their attempts.
    pub(super) fn cancel_operations(&self) {
        self.stirred.set(true);
        for (id, _) in self.activities.borrow_mut().newly_cancelled() {
            self.ask(Command::CancelActivity(id));
        }
        let mut timers = self.timers.borrow_mut();
        for (timer, scope) in timers.newly_cancelled() {
            self.ask(Command::CancelTimer(timer));
            timers.end(&timer, Err(scope.cancellation().unwrap_or_default()));
        }
    }

    fn next_call_of(&self, name: &'static str) -> u32 {
        let mut calls = self.calls.borrow_mut();
        let calls = calls.entry(name).or_default();
        *calls += 1;
        *calls
    }
}

/// The embedded engine's [`WorkflowCtx`].
pub(super) struct Context<S> {
    pub(super) core: Rc<Core<S>>,
    pub(super) scope: Rc<Scope>,
}

// Not derived, since that would require `S: Clone`.
impl<S> Clone for Context<S> {
    fn clone(&self) -> Self {
        self.within(Rc::clone(&self.scope))
    }
}

impl<S> Context<S> {
    fn within(&self, scope: Rc<Scope>) -> Self {
        Self { core: Rc::clone(&self.core), scope }
    }
}

impl<S: Clone + 'static> WorkflowCtx for Context<S> {
    type State = S;

    fn info(&self) -> WorkflowInfo {
        self.core.info.clone()
    }

    fn now(&self) -> Timestamp {
        timestamp(self.core.now_ms.get())
    }

    fn random(&self) -> u64 {
        // SplitMix64.
        let state = self.core.random.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        self.core.random.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn patched(&self, id: &'static str) -> bool {
        let patches = &self.core.patches;
        *patches.answered.borrow_mut().entry(id).or_insert_with(|| {
            let known = patches.replayed.borrow().as_ref().is_none_or(|markers| markers.contains(id));
            if known {
                self.core.ask(Command::Patch(id));
            }
            known
        })
    }

    fn read<R>(&self, f: impl FnOnce(&S) -> R) -> R {
        f(&self.core.state.borrow())
    }

    fn update<R>(&self, f: impl FnOnce(&mut S) -> R) -> R {
        self.core.state_has_changed();
        f(Arc::make_mut(&mut self.core.state.borrow_mut()))
    }

    fn wait_until(
        &self,
        mut condition: impl FnMut(&S) -> bool,
    ) -> impl Future<Output = Result<(), Cancelled>> {
        poll_fn(move |_| {
            if condition(&self.core.state.borrow()) {
                return Poll::Ready(Ok(()));
            }
            self.scope.cancellation().map_or(Poll::Pending, |cancelled| Poll::Ready(Err(cancelled)))
        })
    }

    fn activity<A: ActivityDef>(
        &self,
        input: A::Input,
    ) -> impl Future<Output = Result<A::Output, ActivityError>> {
        let nth = self.core.next_call_of(A::NAME);
        let begun = match self.scope.cancellation() {
            Some(cancelled) => Err(ActivityError::not_started(kind::CANCELLED, cancelled.reason)),
            None => {
                let input = Json::holding(input);
                let id: ActivityId = [A::NAME, ":", &nth.to_string()].concat().into();
                self.core.ask(Command::Activity { id: Arc::clone(&id), name: A::NAME, input });
                Ok(self.core.activities.borrow_mut().begin(id, &self.scope))
            }
        };
        async move {
            let output = begun?.await?;
            output.parse().map_err(|error| ActivityError::unreadable(&error))
        }
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = Result<(), Cancelled>> {
        let begun = match self.scope.cancellation() {
            Some(cancelled) => Err(cancelled),
            None => {
                let timer = self.core.timers_started.get() + 1;
                self.core.timers_started.set(timer);
                let due_ms = self.core.now_ms.get().saturating_add(whole_millis(duration));
                self.core.ask(Command::Timer { timer, due_ms });
                Ok(self.core.timers.borrow_mut().begin(timer, &self.scope))
            }
        };
        async move { begun?.await }
    }

    fn start_child<W: WorkflowDef>(
        &self,
        workflow_id: String,
        input: W::Input,
    ) -> impl Future<Output = Result<(), ChildError>> {
        let workflow_id: Arc<str> = workflow_id.into();
        let mut children = self.core.children.borrow_mut();
        let begun = match Json::of(&input) {
            Err(error) => Err(ChildError::Refused(error.to_string())),
            Ok(_) if children.contains(&workflow_id) => Err(ChildError::AlreadyExists),
            Ok(input) => {
                let workflow_id = Arc::clone(&workflow_id);
                self.core.ask(Command::Child { workflow: W::NAME, workflow_id, input });
                Ok(())
            }
        };
        let begun = begun.map(|()| children.begin(workflow_id, &self.scope));
        async move { begun?.await }
    }

    fn upsert_search_attributes(&self, attributes: &[SearchAttribute]) {
        self.core.ask(Command::SearchAttributes(attributes.to_vec()));
    }

    fn child_scope(&self) -> Self {
        self.within(Scope::child_of(&self.scope))
    }

    fn detached(&self) -> Self {
        self.within(Rc::default())
    }

    fn cancel(&self, reason: &str) {
        if self.scope.cancel(reason) {
            self.core.cancel_operations();
        }
    }

    fn cancellation(&self) -> Option<Cancelled> {
        self.scope.cancellation()
    }

    fn cancelled(&self) -> impl Future<Output = Cancelled> {
        poll_fn(|_| self.scope.cancellation().map_or(Poll::Pending, Poll::Ready))
    }
}

/// Rounded up, so that a timer never fires early and a wait that is not zero stays one.
fn whole_millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX)
}
