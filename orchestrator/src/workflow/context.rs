use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{ActivityDef, ActivityError, Cancelled, ChildError, Either, SearchAttribute, WorkflowDef, race};

/// Identifies a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowInfo {
    /// The id that its client chose; unique forever.
    pub workflow_id: Arc<str>,
    /// The id that the engine gave this run; the same if an engine makes the run again.
    pub run_id: Arc<str>,
    /// When its client started it, which may be before its first step.
    pub started_at: Timestamp,
}

impl WorkflowInfo {
    /// The idempotency key of the `nth` call (from 1) of activity `A` in this run.
    pub fn key_of<A: ActivityDef>(&self, nth: u32) -> String {
        let (nth, slash) = (nth.to_string(), "/");
        [&self.workflow_id, slash, &self.run_id, slash, A::NAME, ":", &nth].concat()
    }
}

/// What a workflow may ask of its engine.
///
/// `Clone` is cheap: every clone is a handle on the same run. A handle also carries a
/// *cancellation scope*, which [`child_scope`](Self::child_scope) and [`detached`](Self::detached)
/// replace, so that any helper works in any scope.
///
/// A command is issued when the method is **called**, not when its future is first polled.
pub trait WorkflowCtx: Clone + 'static {
    /// The [`WorkflowDef::State`] of the run.
    type State: 'static;

    /// The identity of this run.
    fn info(&self) -> WorkflowInfo;
    /// The time of the event that is being handled; it does not change while the workflow computes.
    fn now(&self) -> Timestamp;
    /// A random number that is the same in every replay.
    fn random(&self) -> u64;
    /// Whether this run was started by code that knows the change `id`: guards new behaviour.
    fn patched(&self, id: &'static str) -> bool;

    /// Reads the state. MUST NOT be nested in another `read` or `update`.
    fn read<R>(&self, f: impl FnOnce(&Self::State) -> R) -> R;
    /// Changes the state, and wakes the futures that wait for a condition on it.
    fn update<R>(&self, f: impl FnOnce(&mut Self::State) -> R) -> R;
    /// Waits until `condition` holds.
    ///
    /// # Errors
    /// When the scope is cancelled while the condition does not hold.
    fn wait_until(
        &self,
        condition: impl FnMut(&Self::State) -> bool,
    ) -> impl Future<Output = Result<(), Cancelled>>;

    /// Runs activity `A` to its end, retries included, with the options it was registered with.
    /// Its id is `{A::NAME}:{n}`, for the n-th call of it in the run.
    ///
    /// # Errors
    /// See [`ActivityError`]; in a cancelled scope it fails at once without having been started.
    fn activity<A: ActivityDef>(
        &self,
        input: A::Input,
    ) -> impl Future<Output = Result<A::Output, ActivityError>>;
    /// A durable timer.
    ///
    /// # Errors
    /// When the scope is cancelled first.
    fn sleep(&self, duration: Duration) -> impl Future<Output = Result<(), Cancelled>>;
    /// Starts a child and leaves it running: neither's end affects the other.
    ///
    /// # Errors
    /// See [`ChildError`].
    fn start_child<W: WorkflowDef>(
        &self,
        workflow_id: String,
        input: W::Input,
    ) -> impl Future<Output = Result<(), ChildError>>;
    /// Sets search attributes; those not named keep their values.
    fn upsert_search_attributes(&self, attributes: &[SearchAttribute]);

    /// A scope that is cancelled with its parent, or by [`cancel`](Self::cancel) on the new handle.
    #[must_use]
    fn child_scope(&self) -> Self;
    /// A scope that nothing else cancels: for compensations.
    #[must_use]
    fn detached(&self) -> Self;
    /// Cancels this handle's scope and its children.
    fn cancel(&self, reason: &str);
    /// Why this handle's scope was cancelled, if it was. The root scope is cancelled by an
    /// engine's own cancel request.
    fn cancellation(&self) -> Option<Cancelled>;
    /// Waits until this handle's scope is cancelled.
    fn cancelled(&self) -> impl Future<Output = Cancelled>;

    /// [`wait_until`](Self::wait_until) for at most `timeout`: whether the condition came true.
    ///
    /// # Errors
    /// When the scope is cancelled first.
    fn wait_until_for(
        &self,
        timeout: Duration,
        condition: impl FnMut(&Self::State) -> bool,
    ) -> impl Future<Output = Result<bool, Cancelled>> {
        async move {
            // The timer has its own scope, because dropping it would leave it open.
            let timer = self.child_scope();
            match race(self.wait_until(condition), timer.sleep(timeout)).await {
                Either::Left(met) => {
                    timer.cancel("the condition holds");
                    met.map(|()| true)
                }
                Either::Right(fired) => fired.map(|()| false),
            }
        }
    }
}
