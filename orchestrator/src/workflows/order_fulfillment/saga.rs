use jiff::Timestamp;

use super::input::OrderFulfillmentInput;
use super::search;
use super::state::{OrderState, Phase};
use super::undo::Undo;
use crate::activities::Call;
use crate::domain::{OrderStatus, Step, StepStatus, WorkflowState};
use crate::gateways::LabelProgress;
use crate::workflow::{ActivityDef, ActivityError, WorkflowCtx, WorkflowInfo};

/// Why an order will not be shipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// Its customer cancelled it.
    Cancelled,
    /// It took too long.
    TimedOut,
    /// A manager rejected it.
    Rejected,
    /// No manager decided in time.
    ApprovalTimedOut,
    /// A step failed with this kind of error.
    Failed(String),
}

impl Stop {
    /// The name that readers see as `error`.
    pub(super) fn error(&self) -> &str {
        match self {
            Self::Cancelled => "cancelled",
            Self::TimedOut => "workflow_timeout",
            Self::Rejected => "rejected",
            Self::ApprovalTimedOut => "approval_timeout",
            Self::Failed(kind) => kind,
        }
    }

    /// The final status of the order, if everything could be undone.
    pub(super) fn status(&self) -> OrderStatus {
        match self {
            Self::Cancelled => OrderStatus::Cancelled,
            Self::Rejected | Self::ApprovalTimedOut => OrderStatus::Rejected,
            Self::TimedOut | Self::Failed(_) => OrderStatus::Failed,
        }
    }
}

/// One run: its context, its identity, its input, and what it must undo if it comes to that.
pub(super) struct Saga<C> {
    pub(super) ctx: C,
    pub(super) info: WorkflowInfo,
    /// The scope of the forward path, which an interruption cancels.
    pub(super) scope: C,
    /// The scope of undoing, which nothing cancels.
    pub(super) shielded: C,
    pub(super) input: OrderFulfillmentInput,
    /// Newest last.
    pub(super) undos: Vec<Undo>,
    /// What could not be undone, in the order of the attempts.
    pub(super) stuck: Vec<Undo>,
}

impl<C: WorkflowCtx<State = OrderState>> Saga<C> {
    pub(super) fn begin(ctx: C, input: OrderFulfillmentInput) -> Self {
        let info = ctx.info();
        ctx.upsert_search_attributes(&search::of_order(&input, info.started_at));
        ctx.upsert_search_attributes(&[search::of_status(OrderStatus::Processing)]);
        let (scope, shielded) = (ctx.child_scope(), ctx.detached());
        Self { ctx, info, scope, shielded, input, undos: Vec::new(), stuck: Vec::new() }
    }

    /// The order's final status.
    pub(super) fn outcome(&self) -> WorkflowState {
        self.ctx.read(|state| state.order.clone())
    }

    /// Begins a step, unless the order was interrupted meanwhile.
    pub(super) fn begin_step(&self, step: Step) -> Result<(), Stop> {
        if self.scope.cancellation().is_some() {
            return Err(Stop::Cancelled);
        }
        self.update(|order, _| order.begin_step(step));
        Ok(())
    }

    pub(super) fn end_step<const N: usize>(
        &self,
        step: Step,
        status: StepStatus,
        data: [(&'static str, &str); N],
    ) {
        self.update(|order, now| order.end_step(step, status, now, data));
    }

    /// Notes that a step failed; the order stops there.
    pub(super) fn step_failed(&self, step: Step, error: &ActivityError) -> Stop {
        // Only a label reports how far it came, and the order's progress stays there.
        if let Some(label) = error.progress().and_then(|beat| beat.parse::<LabelProgress>().ok()) {
            self.update(|order, _| order.progress = order.progress_with_label(label.progress));
        }
        self.end_step(step, StepStatus::Failed, [("error", &error.kind), ("message", &error.message)]);
        Stop::Failed(error.kind.clone())
    }

    /// The only call of activity `A`, in `scope`.
    pub(super) async fn call<A, T>(&self, scope: &C, request: T) -> Result<A::Output, ActivityError>
    where
        A: ActivityDef<Input = Call<T>>,
    {
        scope.activity::<A>(self.under(self.info.key_of::<A>(1), request)).await
    }

    /// The input of a call under `key`.
    pub(super) fn under<T>(&self, key: String, request: T) -> Call<T> {
        Call { request, key, trace: self.input.trace.clone() }
    }

    /// The order is being shipped or undone: later signals are refused accordingly.
    pub(super) fn enter(&self, phase: Phase) {
        self.ctx.update(|state| state.phase = phase);
    }

    /// Changes the state that readers see.
    pub(super) fn update(&self, change: impl FnOnce(&mut WorkflowState, Timestamp)) {
        let now = self.ctx.now();
        let (before, after) = self.ctx.update(|state| {
            let before = state.order.status;
            change(&mut state.order, now);
            (before, state.order.status)
        });
        if before != after {
            self.ctx.upsert_search_attributes(&[search::of_status(after)]);
        }
    }
}
