//! Undoing what was done.

use std::time::Duration;

use smol_str::SmolStr;

use super::saga::{Saga, Stop};
use super::state::{OrderState, Phase};
use crate::activities::{
    AuthorizePayment, Call, CancelShipping, CreateLabel, FoundLabel, PaymentReference, ReadPayment,
    RefundPayment, RefundRequest, ReleaseInventory, ReleasePayment, RepeatAuthorize, RepeatCreateLabel,
    RepeatReadPayment, RepeatReserve, ReserveInventory, Undone,
};
use crate::domain::{Compensation, OrderStatus};
use crate::gateways::{AuthorizationState, Reservation};
use crate::workflow::{ActivityDef, ActivityError, WorkflowCtx, WorkflowInfo};

mod stack;
mod verdict;

use stack::Effect;
use verdict::{Refused, never_happened, refused};

pub(super) use stack::Undo;

/// A compensation after which nothing is left to undo.
struct Settled {
    attempts: u32,
    detail: Option<String>,
}

/// Undoing, newest first, in a scope that nothing cancels.
impl<C: WorkflowCtx<State = OrderState>> Saga<C> {
    /// Undoes everything that was done. What cannot be undone waits for a person, who can have it
    /// retried as often as needed; the rest is undone all the same.
    pub(super) async fn undo_all(&mut self, stop: &Stop) {
        self.enter(Phase::Compensating);
        self.update(|order, _| order.begin_undoing(stop.error()));
        loop {
            while let Some(undo) = self.undos.pop() {
                self.undo(undo, stop).await;
            }
            if self.stuck.is_empty() {
                break;
            }
            self.wait_for_retry().await;
        }
        self.enter(Phase::Ended);
        self.update(|order, _| order.end(stop.status()));
    }

    async fn undo(&mut self, mut undo: Undo, stop: &Stop) {
        let name = undo.compensation;
        self.update(|order, now| order.begin_compensation(name, now));
        match self.try_to_undo(&mut undo, stop).await {
            Ok(Settled { attempts, detail }) => {
                self.update(|order, now| order.complete_compensation(name, attempts, now, detail));
            }
            Err(error) => {
                let reason = error.to_string();
                self.update(|order, now| order.fail_compensation(name, error.attempts, now, &reason));
                self.stuck.push(undo);
            }
        }
    }

    async fn try_to_undo(&mut self, undo: &mut Undo, stop: &Stop) -> Result<Settled, ActivityError> {
        let Some(id) = self.id_of(undo).await? else {
            return Ok(Settled { attempts: 0, detail: Some("it had not happened".to_owned()) });
        };
        match self.reverse(undo.compensation, &id, stop).await {
            Ok(Undone { attempts }) => Ok(Settled { attempts, detail: None }),
            Err(error) => {
                match refused(undo.compensation, &error) {
                    Refused::NeedsAttention => return Err(error),
                    Refused::NothingLeft => {}
                    Refused::RefundInstead => {
                        self.forget(Compensation::RefundPayment);
                        self.may_happen(Compensation::RefundPayment);
                        self.happened(&id);
                    }
                }
                Ok(Settled { attempts: error.attempts, detail: Some(error.kind) })
            }
        }
    }

    /// The id with which to undo an effect; `None` if it turns out that it had not happened.
    async fn id_of(&mut self, undo: &mut Undo) -> Result<Option<SmolStr>, ActivityError> {
        let ask_after = match &undo.effect {
            Effect::Happened(id) => return Ok(Some(id.clone())),
            Effect::MayHaveHappened(ask_after) => *ask_after,
        };
        let wait = Duration::try_from(ask_after.duration_since(self.ctx.now())).unwrap_or_default();
        if !wait.is_zero() {
            let _never_cancelled = self.shielded.sleep(wait).await;
        }
        let id = self.ask(undo.compensation).await?;
        if let Some(id) = &id {
            undo.effect = Effect::Happened(id.clone());
        }
        Ok(id)
    }

    /// Finds out the outcome of a call, and keeps the id that it yields.
    async fn ask(&mut self, compensation: Compensation) -> Result<Option<SmolStr>, ActivityError> {
        let answer = match compensation {
            Compensation::RefundPayment => return self.captured_payment().await,
            Compensation::ReleasePayment => {
                let repeat = self.repeat::<AuthorizePayment, RepeatAuthorize, _>(self.input.hold());
                repeat.await.map(|authorization| authorization.auth_id)
            }
            Compensation::ReleaseInventory => {
                let repeat = self.repeat::<ReserveInventory, RepeatReserve, _>(self.input.reservation());
                repeat.await.map(|reservation| reservation.reservation_id)
            }
            Compensation::CancelShipping => {
                let repeat = self.repeat::<CreateLabel, RepeatCreateLabel, _>(self.input.label());
                repeat.await.map(|label| label.label_id)
            }
        };
        match answer {
            Ok(id) => {
                self.update(|order, _| order.keep_id(compensation, &id));
                Ok(Some(id))
            }
            Err(error) if never_happened(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The authorization, if its money is captured; otherwise the release is its undo.
    async fn captured_payment(&mut self) -> Result<Option<SmolStr>, ActivityError> {
        let auth_id = self.auth_id();
        let reference = PaymentReference { auth_id: auth_id.clone() };
        let status = self.repeat::<ReadPayment, RepeatReadPayment, _>(reference).await?.status;
        if status != AuthorizationState::Captured {
            return Ok(None);
        }
        self.forget(Compensation::ReleasePayment);
        Ok(Some(auth_id))
    }

    /// Repeats the one call of `F`, under its key, as activity `R`.
    async fn repeat<F, R, T>(&self, request: T) -> Result<R::Output, ActivityError>
    where
        F: ActivityDef<Input = R::Input>,
        R: ActivityDef<Input = Call<T>>,
    {
        let key = self.info.key_of::<F>(1);
        self.shielded.activity::<R>(self.under(key, request)).await
    }

    async fn reverse(
        &self,
        compensation: Compensation,
        id: &SmolStr,
        stop: &Stop,
    ) -> Result<Undone, ActivityError> {
        let id = id.clone();
        let key = self.key_of(compensation);
        let scope = &self.shielded;
        match compensation {
            Compensation::CancelShipping => {
                let label = FoundLabel { label_id: id };
                scope.activity::<CancelShipping>(self.under(key, label)).await
            }
            Compensation::RefundPayment => {
                let refund = RefundRequest { auth_id: id, reason: stop.error().into() };
                scope.activity::<RefundPayment>(self.under(key, refund)).await
            }
            Compensation::ReleaseInventory => {
                let reservation = Reservation { reservation_id: id };
                scope.activity::<ReleaseInventory>(self.under(key, reservation)).await
            }
            Compensation::ReleasePayment => {
                let hold = PaymentReference { auth_id: id };
                scope.activity::<ReleasePayment>(self.under(key, hold)).await
            }
        }
    }

    /// The same for every retry of an undo.
    fn key_of(&self, compensation: Compensation) -> String {
        let WorkflowInfo { workflow_id, run_id, .. } = &self.info;
        [workflow_id, "/", run_id, "/", compensation.name()].concat()
    }

    /// Waits for a `retry`. Until then the run stays open, with its final status for every reader.
    async fn wait_for_retry(&mut self) {
        self.enter(Phase::Stuck);
        self.update(|order, _| order.end(OrderStatus::Failed));
        let _never_cancelled = self.shielded.wait_until(|state| state.retry_requested).await;
        self.ctx.update(|state| state.retry_requested = false);
        self.enter(Phase::Compensating);
        self.undos.extend(self.stuck.drain(..).rev());
    }
}
