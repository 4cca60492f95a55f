use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{Call, Services, Undone};
use crate::domain::{Compensation, Step};
use crate::gateways::{Label, LabelRequest};
use crate::workflow::{Activity, ActivityCtx, ActivityDef, AttemptFailure};

/// Creates the shipping label. Every step of its progress is a heartbeat that names the label.
#[derive(Debug)]
pub struct CreateLabel;

impl ActivityDef for CreateLabel {
    const NAME: &'static str = Step::ShippingLabel.name();
    type Input = Call<LabelRequest>;
    type Output = Label;
}

impl Activity<Services> for CreateLabel {
    async fn execute(
        services: Arc<Services>,
        ctx: ActivityCtx,
        call: Call<LabelRequest>,
    ) -> Result<Label, AttemptFailure> {
        let heartbeat = |progress: &_| ctx.heartbeat(progress);
        Ok(services.carrier.create_label(&call.request, call.context(), &heartbeat).await?)
    }
}

/// A label's id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FoundLabel {
    /// It may still be in progress, or void.
    pub label_id: SmolStr,
}

/// Finds out which label [`CreateLabel`] may have left behind.
#[derive(Debug)]
pub struct RepeatCreateLabel;

impl ActivityDef for RepeatCreateLabel {
    const NAME: &'static str = "repeat_create_label";
    type Input = Call<LabelRequest>;
    type Output = FoundLabel;
}

impl Activity<Services> for RepeatCreateLabel {
    async fn execute(
        services: Arc<Services>,
        _: ActivityCtx,
        call: Call<LabelRequest>,
    ) -> Result<FoundLabel, AttemptFailure> {
        let label_id = services.carrier.find_label(&call.request, call.context()).await?;
        Ok(FoundLabel { label_id })
    }
}

/// Cancels a label.
#[derive(Debug)]
pub struct CancelShipping;

impl ActivityDef for CancelShipping {
    const NAME: &'static str = Compensation::CancelShipping.name();
    type Input = Call<FoundLabel>;
    type Output = Undone;
}

impl Activity<Services> for CancelShipping {
    async fn execute(
        services: Arc<Services>,
        ctx: ActivityCtx,
        call: Call<FoundLabel>,
    ) -> Result<Undone, AttemptFailure> {
        services.carrier.cancel(&call.request.label_id, call.context()).await?;
        Ok(Undone::by(&ctx))
    }
}
