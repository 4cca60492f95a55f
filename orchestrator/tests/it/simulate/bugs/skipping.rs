//! The saga's context, but for undos that are not called.

use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;
use orchestrator::activities::Undone;
use orchestrator::domain::WorkflowState;
use orchestrator::workflow::{
    ActivityDef, ActivityError, Cancelled, ChildError, Json, SearchAttribute, WorkflowCtx, WorkflowDef,
    WorkflowInfo,
};
use orchestrator::workflows::order_fulfillment::OrderState;

/// A context in which some undos are taken for done without being called.
#[derive(Clone)]
pub(super) struct Skipping<C> {
    ctx: C,
    skips: Rc<Skips>,
}

/// Whether an undo is not to be called, told by the order's state, the activity's name and its input.
type Skips = dyn Fn(&WorkflowState, &str, &Json) -> bool;

impl<C> Skipping<C> {
    pub(super) fn new(ctx: C, skips: impl Fn(&WorkflowState, &str, &Json) -> bool + 'static) -> Self {
        Self { ctx, skips: Rc::new(skips) }
    }

    fn like(&self, ctx: C) -> Self {
        Self { ctx, skips: Rc::clone(&self.skips) }
    }
}

impl<C: WorkflowCtx<State = OrderState>> WorkflowCtx for Skipping<C> {
    type State = OrderState;

    fn activity<A: ActivityDef>(
        &self,
        input: A::Input,
    ) -> impl Future<Output = Result<A::Output, ActivityError>> {
        let json = Json::of(&input).unwrap();
        let is_skipped = self.ctx.read(|state| (self.skips)(&state.order, A::NAME, &json));
        let called = (!is_skipped).then(|| self.ctx.activity::<A>(input));
        async move {
            match called {
                Some(called) => called.await,
                None => Ok(Json::of(&Undone { attempts: 1 }).unwrap().parse().unwrap()),
            }
        }
    }

    fn child_scope(&self) -> Self {
        self.like(self.ctx.child_scope())
    }

    fn detached(&self) -> Self {
        self.like(self.ctx.detached())
    }

    fn info(&self) -> WorkflowInfo {
        self.ctx.info()
    }

    fn now(&self) -> Timestamp {
        self.ctx.now()
    }

    fn random(&self) -> u64 {
        self.ctx.random()
    }

    fn patched(&self, id: &'static str) -> bool {
        self.ctx.patched(id)
    }

    fn read<R>(&self, f: impl FnOnce(&OrderState) -> R) -> R {
        self.ctx.read(f)
    }

    fn update<R>(&self, f: impl FnOnce(&mut OrderState) -> R) -> R {
        self.ctx.update(f)
    }

    fn wait_until(
        &self,
        condition: impl FnMut(&OrderState) -> bool,
    ) -> impl Future<Output = Result<(), Cancelled>> {
        self.ctx.wait_until(condition)
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = Result<(), Cancelled>> {
        self.ctx.sleep(duration)
    }

    fn start_child<W: WorkflowDef>(
        &self,
        workflow_id: String,
        input: W::Input,
    ) -> impl Future<Output = Result<(), ChildError>> {
        self.ctx.start_child::<W>(workflow_id, input)
    }

    fn upsert_search_attributes(&self, attributes: &[SearchAttribute]) {
        self.ctx.upsert_search_attributes(attributes);
    }

    fn cancel(&self, reason: &str) {
        self.ctx.cancel(reason);
    }

    fn cancellation(&self) -> Option<Cancelled> {
        self.ctx.cancellation()
    }

    fn cancelled(&self) -> impl Future<Output = Cancelled> {
        self.ctx.cancelled()
    }
}
