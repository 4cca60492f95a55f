use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{Call, Services, Undone};
use crate::domain::{Compensation, Step};
use crate::gateways::{Authorization, Hold, PaymentStatus};
use crate::workflow::{Activity, ActivityCtx, ActivityDef, AttemptFailure};

/// Which authorization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentReference {
    /// Its id.
    pub auth_id: SmolStr,
}

/// A refund of everything not yet refunded, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundRequest {
    /// Of this authorization.
    pub auth_id: SmolStr,
    /// Why.
    pub reason: SmolStr,
}

/// Holds the order's money.
#[derive(Debug)]
pub struct AuthorizePayment;

impl ActivityDef for AuthorizePayment {
    const NAME: &'static str = Step::PaymentAuthorization.name();
    type Input = Call<Hold>;
    type Output = Authorization;
}

impl Activity<Services> for AuthorizePayment {
    async fn execute(
        services: Arc<Services>,
        _: ActivityCtx,
        call: Call<Hold>,
    ) -> Result<Authorization, AttemptFailure> {
        Ok(services.payments.authorize(&call.request, call.context()).await?)
    }
}

/// Finds out the outcome of [`AuthorizePayment`].
#[derive(Debug)]
pub struct RepeatAuthorize;

impl ActivityDef for RepeatAuthorize {
    const NAME: &'static str = "repeat_authorize";
    type Input = Call<Hold>;
    type Output = Authorization;
}

impl Activity<Services> for RepeatAuthorize {
    async fn execute(
        services: Arc<Services>,
        ctx: ActivityCtx,
        call: Call<Hold>,
    ) -> Result<Authorization, AttemptFailure> {
        AuthorizePayment::execute(services, ctx, call).await
    }
}

/// Charges the held money.
#[derive(Debug)]
pub struct CapturePayment;

impl ActivityDef for CapturePayment {
    const NAME: &'static str = Step::PaymentCapture.name();
    type Input = Call<PaymentReference>;
    type Output = ();
}

impl Activity<Services> for CapturePayment {
    async fn execute(
        services: Arc<Services>,
        _: ActivityCtx,
        call: Call<PaymentReference>,
    ) -> Result<(), AttemptFailure> {
        Ok(services.payments.capture(&call.request.auth_id, call.context()).await?)
    }
}

/// Reads the status of an authorization.
#[derive(Debug)]
pub struct ReadPayment;

impl ActivityDef for ReadPayment {
    const NAME: &'static str = "read_payment";
    type Input = Call<PaymentReference>;
    type Output = PaymentStatus;
}

impl Activity<Services> for ReadPayment {
    async fn execute(
        services: Arc<Services>,
        _: ActivityCtx,
        call: Call<PaymentReference>,
    ) -> Result<PaymentStatus, AttemptFailure> {
        Ok(services.payments.status(&call.request.auth_id, call.context()).await?)
    }
}

/// Reads the status of an authorization, with a compensation's timeouts.
#[derive(Debug)]
pub struct RepeatReadPayment;

impl ActivityDef for RepeatReadPayment {
    const NAME: &'static str = "repeat_read_payment";
    type Input = Call<PaymentReference>;
    type Output = PaymentStatus;
}

impl Activity<Services> for RepeatReadPayment {
    async fn execute(
        services: Arc<Services>,
        ctx: ActivityCtx,
        call: Call<PaymentReference>,
    ) -> Result<PaymentStatus, AttemptFailure> {
        ReadPayment::execute(services, ctx, call).await
    }
}

/// Releases the held money.
#[derive(Debug)]
pub struct ReleasePayment;

impl ActivityDef for ReleasePayment {
    const NAME: &'static str = Compensation::ReleasePayment.name();
    type Input = Call<PaymentReference>;
    type Output = Undone;
}

impl Activity<Services> for ReleasePayment {
    async fn execute(
        services: Arc<Services>,
        ctx: ActivityCtx,
        call: Call<PaymentReference>,
    ) -> Result<Undone, AttemptFailure> {
        services.payments.release(&call.request.auth_id, call.context()).await?;
        Ok(Undone::by(&ctx))
    }
}

/// Refunds captured money.
#[derive(Debug)]
pub struct RefundPayment;

impl ActivityDef for RefundPayment {
    const NAME: &'static str = Compensation::RefundPayment.name();
    type Input = Call<RefundRequest>;
    type Output = Undone;
}

impl Activity<Services> for RefundPayment {
    async fn execute(
        services: Arc<Services>,
        ctx: ActivityCtx,
        call: Call<RefundRequest>,
    ) -> Result<Undone, AttemptFailure> {
        let RefundRequest { auth_id, reason } = &call.request;
        services.payments.refund(auth_id, reason, call.context()).await?;
        Ok(Undone::by(&ctx))
    }
}
