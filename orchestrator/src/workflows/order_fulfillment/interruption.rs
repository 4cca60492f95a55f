use std::pin::pin;
use std::time::Duration;

use super::saga::{Saga, Stop};
use super::state::{OrderState, Phase};
use crate::gateways::Label;
use crate::workflow::{Either, WorkflowCtx, race};

impl<C: WorkflowCtx<State = OrderState>> Saga<C> {
    /// Runs the forward path to its end, or until the order is cancelled or takes too long. An interruption
    /// takes precedence over the result of the attempt in flight, so that the outcome does not depend on how
    /// fast the attempt learns of it.
    pub(super) async fn until_interrupted(&mut self) -> Result<Label, Stop> {
        let scope = self.scope.clone();
        let (ctx, timer) = (self.ctx.clone(), self.ctx.child_scope());
        let interruption = interruption(&ctx, &timer, self.input.timings.workflow_timeout());
        let mut steps = pin!(self.fulfil());
        let ended = match race(interruption, steps.as_mut()).await {
            Either::Right(ended) => ended,
            Either::Left(stop) => {
                ctx.update(|state| state.phase = Phase::Compensating);
                scope.cancel(stop.error());
                let _superseded = steps.await;
                Err(stop)
            }
        };
        timer.cancel("the forward path has ended");
        ended
    }
}

/// Waits for what ends the forward path from outside. A cancelled root scope is an engine's own
/// cancel, and means the same as the customer's.
async fn interruption<C: WorkflowCtx<State = OrderState>>(ctx: &C, timer: &C, limit: Duration) -> Stop {
    let cancelled = ctx.wait_until(|state| state.cancellation.is_some());
    match race(cancelled, timer.sleep(limit)).await {
        Either::Right(Ok(())) => Stop::TimedOut,
        Either::Left(_) | Either::Right(Err(_)) => Stop::Cancelled,
    }
}
