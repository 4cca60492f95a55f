//! The forward path, step by step.

use smol_str::SmolStr;

use super::saga::{Saga, Stop};
use super::state::{Decision, OrderState, Phase};
use crate::activities::{
    AuthorizePayment, Call, CapturePayment, CreateLabel, NotifyCustomer, PaymentReference, ReadPayment,
    ReserveInventory,
};
use crate::domain::{Compensation, OrderStatus, Step, StepStatus};
use crate::gateways::{AuthorizationState, Label, PaymentStatus};
use crate::workflow::{ActivityDef, ActivityError, WorkflowCtx};

impl<C: WorkflowCtx<State = OrderState>> Saga<C> {
    /// Everything up to the point of no return.
    pub(super) async fn fulfil(&mut self) -> Result<Label, Stop> {
        self.authorize_payment().await?;
        self.await_approval().await?;
        self.reserve_inventory().await?;
        self.capture_payment().await?;
        self.create_label().await
    }

    async fn authorize_payment(&mut self) -> Result<(), Stop> {
        let step = Step::PaymentAuthorization;
        let hold = self.input.hold();
        let auth_id =
            self.perform::<AuthorizePayment, _>(step, Compensation::ReleasePayment, hold).await?.auth_id;
        self.happened(&auth_id);
        self.end_step(step, StepStatus::Completed, [("authId", &auth_id)]);
        self.update(|order, _| order.auth_id = Some(auth_id));
        Ok(())
    }

    async fn await_approval(&mut self) -> Result<(), Stop> {
        let step = Step::ManagerApproval;
        if self.decision() == Some(Decision::NotRequired) {
            self.end_step(step, StepStatus::Skipped, []);
            return Ok(());
        }
        self.begin_step(step)?;
        if self.decision().is_none() {
            let limit = self.input.timings.approval_timeout();
            let decided = self.scope.wait_until_for(limit, |state| state.decision.is_some()).await;
            decided.map_err(|_| Stop::Cancelled)?;
        }
        self.follow(self.decision())
    }

    /// The consequence of a manager's decision, or of the lack of one in time.
    fn follow(&self, decision: Option<Decision>) -> Result<(), Stop> {
        let step = Step::ManagerApproval;
        match decision {
            Some(Decision::Approved(approval)) => {
                let by = approval.approved_by.unwrap_or_default();
                self.end_step(step, StepStatus::Completed, [("approvedBy", &by)]);
                Ok(())
            }
            Some(Decision::Rejected(rejection)) => {
                let by = rejection.rejected_by.unwrap_or_default();
                let reason = rejection.reason.unwrap_or_default();
                self.end_step(step, StepStatus::Failed, [("rejectedBy", &by), ("reason", &reason)]);
                Err(Stop::Rejected)
            }
            Some(Decision::NotRequired) => Ok(()),
            None => {
                self.end_step(step, StepStatus::Failed, [("error", Stop::ApprovalTimedOut.error())]);
                Err(Stop::ApprovalTimedOut)
            }
        }
    }

    async fn reserve_inventory(&mut self) -> Result<(), Stop> {
        let step = Step::InventoryReservation;
        let request = self.input.reservation();
        let reservation =
            self.perform::<ReserveInventory, _>(step, Compensation::ReleaseInventory, request).await?;
        let reservation_id = reservation.reservation_id;
        self.happened(&reservation_id);
        self.end_step(step, StepStatus::Completed, [("reservationId", &reservation_id)]);
        self.update(|order, _| order.reservation_id = Some(reservation_id));
        Ok(())
    }

    async fn capture_payment(&mut self) -> Result<(), Stop> {
        let step = Step::PaymentCapture;
        self.begin_step(step)?;
        self.may_happen(Compensation::RefundPayment);
        let auth_id = self.auth_id();
        let reference = PaymentReference { auth_id: auth_id.clone() };
        let answer = self.call::<CapturePayment, _>(&self.scope, reference).await;
        let captured = match &answer {
            Ok(()) => true,
            Err(error) if status_decides(error) => self.is_captured().await,
            Err(error) => {
                self.did_not_succeed(error);
                false
            }
        };
        match answer {
            Err(error) if !captured => Err(self.step_failed(step, &error)),
            _ => {
                self.happened(&auth_id);
                self.forget(Compensation::ReleasePayment);
                self.end_step(step, StepStatus::Completed, [("authId", &auth_id)]);
                Ok(())
            }
        }
    }

    /// Reads whether the money is captured, since the answer does not say. If it cannot be read now, it
    /// is read when the order is undone.
    async fn is_captured(&mut self) -> bool {
        let reference = PaymentReference { auth_id: self.auth_id() };
        match self.call::<ReadPayment, _>(&self.scope, reference).await {
            Ok(PaymentStatus { status: AuthorizationState::Captured }) => return true,
            Ok(_) => self.forget(Compensation::RefundPayment),
            Err(unread) => self.may_have_happened(&unread),
        }
        false
    }

    async fn create_label(&mut self) -> Result<Label, Stop> {
        let step = Step::ShippingLabel;
        let request = self.input.label();
        let label = self.perform::<CreateLabel, _>(step, Compensation::CancelShipping, request).await?;
        self.happened(&label.label_id);
        let data = [("labelId", label.label_id.as_str()), ("trackingNumber", label.tracking_number.as_str())];
        self.end_step(step, StepStatus::Completed, data);
        self.update(|order, _| {
            order.label_id = Some(label.label_id.clone());
            order.tracking_number = Some(label.tracking_number.clone());
        });
        Ok(label)
    }

    /// The order is shipped, whether or not its customer can be notified.
    pub(super) async fn notify_customer(&mut self, label: &Label) {
        let step = Step::CustomerNotification;
        self.enter(Phase::Shipped);
        self.update(|order, _| order.begin_step(step));
        let message = self.input.shipped_message(label);
        match self.call::<NotifyCustomer, _>(&self.shielded, message).await {
            Ok(sent) => {
                self.end_step(step, StepStatus::Completed, [("notificationId", &sent.notification_id)]);
            }
            Err(error) => {
                self.step_failed(step, &error);
            }
        }
        self.update(|order, _| order.end(OrderStatus::Shipped));
    }

    /// Executes a step that `compensation` undoes. Its undo is noted before the call, because from then on
    /// it may have happened.
    async fn perform<A, T>(
        &mut self,
        step: Step,
        compensation: Compensation,
        request: T,
    ) -> Result<A::Output, Stop>
    where
        A: ActivityDef<Input = Call<T>>,
    {
        self.begin_step(step)?;
        self.may_happen(compensation);
        self.call::<A, _>(&self.scope, request).await.map_err(|error| {
            self.did_not_succeed(&error);
            self.step_failed(step, &error)
        })
    }

    fn decision(&self) -> Option<Decision> {
        self.ctx.read(|state| state.decision.clone())
    }

    pub(super) fn auth_id(&self) -> SmolStr {
        self.ctx.read(|state| state.order.auth_id.clone()).unwrap_or_default()
    }
}

/// Whether only the payment's status shows if the money was captured: an earlier attempt may have
/// succeeded, either because its answer was lost or because this answer says so.
fn status_decides(error: &ActivityError) -> bool {
    error.may_have_happened || error.kind == "already_captured"
}
