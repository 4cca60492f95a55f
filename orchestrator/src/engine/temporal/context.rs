//! What a workflow sees of Temporal.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use temporalio_sdk::{
    ChildWorkflowOptions, ChildWorkflowStartError, ParentClosePolicy, StartChildWorkflowExecutionFailedCause,
    TimerOptions, TimerResult, WaitConditionOptions, WorkflowCancellationToken, WorkflowContext,
    WorkflowIdReusePolicy,
};

use super::attempt::Named;
use super::attributes::{NEEDS_ATTENTION, update};
use super::failure::activity_error;
use super::host::Host;
use super::names::Type;
use super::payload::Wire;
use super::scheduling::scheduled;
use crate::workflow::{
    ActivityDef, ActivityError, Cancelled, ChildError, Json, SearchAttribute, SearchValue, WorkflowCtx,
    WorkflowDef, WorkflowInfo, kind,
};

/// Temporal's [`WorkflowCtx`].
pub(super) struct Context<W: WorkflowDef> {
    sdk: WorkflowContext<Host<W>>,
    scope: WorkflowCancellationToken,
    calls: Rc<RefCell<BTreeMap<&'static str, u32>>>,
}

// Not derived, since that would require `W: Clone`.
impl<W: WorkflowDef> Clone for Context<W> {
    fn clone(&self) -> Self {
        self.within(self.scope.clone())
    }
}

impl<W: WorkflowDef> Context<W> {
    /// The context of the run's root scope.
    pub(super) fn new(sdk: &WorkflowContext<Host<W>>) -> Self {
        Self { sdk: sdk.clone(), scope: sdk.cancellation_token(), calls: Rc::default() }
    }

    fn within(&self, scope: WorkflowCancellationToken) -> Self {
        Self { sdk: self.sdk.clone(), scope, calls: Rc::clone(&self.calls) }
    }

    /// Updates the run's search attribute that says whether it needs a person's attention.
    pub(super) fn mark_attention(&self) {
        let is_needed = self.sdk.state(|host| host.state.as_ref().is_some_and(W::needs_attention));
        if self.sdk.state(|host| host.is_marked) != is_needed {
            self.sdk.state_mut(|host| host.is_marked = is_needed);
            let value = SearchValue::Bool(is_needed);
            self.upsert_search_attributes(&[SearchAttribute { name: NEEDS_ATTENTION, value }]);
        }
    }

    fn next_call_of(&self, name: &'static str) -> u32 {
        let mut calls = self.calls.borrow_mut();
        let calls = calls.entry(name).or_default();
        *calls += 1;
        *calls
    }

    fn reason(&self) -> Cancelled {
        Cancelled { reason: self.scope.reason().unwrap_or_default() }
    }
}

/// In whole milliseconds, as on every engine.
fn timestamp(time: SystemTime) -> Timestamp {
    let time = Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH);
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}

const HAS_STATE: &str = "a run has its state before its first step";

impl<W: WorkflowDef> WorkflowCtx for Context<W> {
    type State = W::State;

    fn info(&self) -> WorkflowInfo {
        let info = self.sdk.info();
        WorkflowInfo {
            workflow_id: info.workflow_id().into(),
            // A reset gives the run another id, and must not give its calls other keys.
            run_id: info.first_execution_run_id().into(),
            started_at: info.start_time().map_or_else(|| self.now(), timestamp),
        }
    }

    fn now(&self) -> Timestamp {
        timestamp(self.sdk.workflow_time().unwrap_or(UNIX_EPOCH))
    }

    fn random(&self) -> u64 {
        self.sdk.random()
    }

    fn patched(&self, id: &'static str) -> bool {
        self.sdk.patched(id)
    }

    fn read<R>(&self, f: impl FnOnce(&W::State) -> R) -> R {
        self.sdk.state(|host| f(host.state.as_ref().expect(HAS_STATE)))
    }

    fn update<R>(&self, f: impl FnOnce(&mut W::State) -> R) -> R {
        let result = self.sdk.state_mut(|host| f(host.state.as_mut().expect(HAS_STATE)));
        self.mark_attention();
        result
    }

    async fn wait_until(&self, mut condition: impl FnMut(&W::State) -> bool) -> Result<(), Cancelled> {
        let options = WaitConditionOptions::builder().cancellation_token(self.scope.clone()).build();
        let holds = |host: &Host<W>| host.state.as_ref().is_some_and(&mut condition);
        self.sdk.wait_condition_with_options(holds, options).await.map_err(|_| self.reason())
    }

    fn activity<A: ActivityDef>(
        &self,
        input: A::Input,
    ) -> impl Future<Output = Result<A::Output, ActivityError>> {
        let nth = self.next_call_of(A::NAME);
        let options = self.sdk.state(|host| host.options.get(A::NAME).cloned());
        let begun = match (self.cancellation(), Json::of(&input), options) {
            (Some(cancelled), _, _) => Err(ActivityError::not_started(kind::CANCELLED, cancelled.reason)),
            (None, Err(error), _) => Err(ActivityError::not_started(kind::CODEC, error.to_string())),
            (None, Ok(_), None) => Err(ActivityError::not_started(
                kind::NOT_REGISTERED,
                format!("no activity `{}` is registered", A::NAME),
            )),
            (None, Ok(input), Some(options)) => {
                let id = format!("{}:{nth}", A::NAME);
                let options = scheduled(&options, id, self.sdk.task_queue(), self.scope.clone());
                Ok(self.sdk.execute_activity(Named::<A>::new(), Wire(input), options))
            }
        };
        let scheduled_at = self.sdk.history_length();
        async move {
            let Wire(output) = begun?.await.map_err(|error| {
                // The server learns of an activity when the workflow's task ends, and of this one it never did.
                if error.as_cancelled().is_some() && self.sdk.history_length() == scheduled_at {
                    return ActivityError::not_started(kind::CANCELLED, self.reason().reason);
                }
                activity_error(&error)
            })?;
            output.parse().map_err(|error| ActivityError::unreadable(&error))
        }
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = Result<(), Cancelled>> {
        // The server refuses a timer of zero length.
        let duration = duration.max(Duration::from_millis(1));
        let begun = match self.cancellation() {
            Some(cancelled) => Err(cancelled),
            None => {
                let options = TimerOptions::builder(duration).cancellation_token(self.scope.clone()).build();
                Ok(self.sdk.timer(options))
            }
        };
        async move {
            match begun?.await {
                TimerResult::Fired => Ok(()),
                TimerResult::Cancelled => Err(self.reason()),
            }
        }
    }

    fn start_child<C: WorkflowDef>(
        &self,
        workflow_id: String,
        input: C::Input,
    ) -> impl Future<Output = Result<(), ChildError>> {
        let begun = Json::of(&input).map(|input| {
            let options = ChildWorkflowOptions::builder()
                .workflow_id(workflow_id)
                .parent_close_policy(ParentClosePolicy::Abandon)
                .id_reuse_policy(WorkflowIdReusePolicy::RejectDuplicate)
                .cancellation_token(WorkflowCancellationToken::new())
                .build();
            self.sdk.start_child_workflow(Type::<C>::new(), Wire(input), options)
        });
        async move {
            match begun.map_err(|error| ChildError::Refused(error.to_string()))?.await {
                Ok(_left_running) => Ok(()),
                Err(ChildWorkflowStartError::StartFailed {
                    cause: StartChildWorkflowExecutionFailedCause::WorkflowAlreadyExists,
                    ..
                }) => Err(ChildError::AlreadyExists),
                Err(error) => Err(ChildError::Refused(error.to_string())),
            }
        }
    }

    fn upsert_search_attributes(&self, attributes: &[SearchAttribute]) {
        self.sdk.upsert_search_attributes(attributes.iter().map(update));
    }

    fn child_scope(&self) -> Self {
        self.within(self.scope.child_token())
    }

    fn detached(&self) -> Self {
        self.within(WorkflowCancellationToken::new())
    }

    fn cancel(&self, reason: &str) {
        self.scope.cancel_with_reason(reason);
    }

    fn cancellation(&self) -> Option<Cancelled> {
        self.scope.is_cancelled().then(|| self.reason())
    }

    async fn cancelled(&self) -> Cancelled {
        self.scope.cancelled().await;
        self.reason()
    }
}
